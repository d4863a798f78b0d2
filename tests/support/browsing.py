"""Requests as a browser sends them, straight to the application."""

from __future__ import annotations

import re

from fastapi import FastAPI
from starlette.testclient import TestClient

BASE = "http://127.0.0.1:8321"
TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')


def browser_of(app: FastAPI, base: str = BASE) -> TestClient:
    """Return a browser with cookies of its own that follows no redirect and speaks English."""
    return TestClient(app, base_url=base, follow_redirects=False, headers={"accept-language": "en"})

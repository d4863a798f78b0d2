"""A part of a page that is sent each time it changes, until nothing of it changes by itself any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from fastapi.sse import ServerSentEvent
from starlette.concurrency import run_in_threadpool

LOOK_SECONDS = 1
LOOKS_MAX = 120


async def sent_on_change(look: Callable[[], tuple[str, bool]]) -> AsyncIterator[ServerSentEvent]:
    """Send what ``look`` returns each time it is another text, and ``done`` once it says that nothing goes on.

    The database says how far things are, so it does not matter which process executes them. A stream ends after two
    minutes; the browser comes back, and its session is looked at again.
    """
    before = ""
    for _ in range(LOOKS_MAX):
        text, active = await run_in_threadpool(look)
        if text != before:
            before = text
            yield ServerSentEvent(raw_data=text)
        if not active:
            yield ServerSentEvent(event="done", raw_data="done")
            return
        await asyncio.sleep(LOOK_SECONDS)

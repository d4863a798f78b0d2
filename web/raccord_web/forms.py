"""What people send: the fields of a form, taken only from a page of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from raccord_web.failures import FormRefusedError
from raccord_web.rendering import form_is_ours

FIELDS_MAX = 50
VALUE_MAX = 2000
TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field


async def posted(request: Request) -> Mapping[str, str]:
    """Return a form's fields; raises ``FormRefusedError`` unless its token is the one of this browser."""
    async with request.form(max_fields=FIELDS_MAX, max_files=0) as form:
        fields = {name: value[:VALUE_MAX].strip() for name, value in form.items() if isinstance(value, str)}
    if not form_is_ours(request, fields.pop(TOKEN_FIELD, "")):
        raise FormRefusedError
    return fields


Fields = Annotated[Mapping[str, str], Depends(posted)]

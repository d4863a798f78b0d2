"""What the command's exit status means."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit statuses; documented, so that scripts may rest on them."""

    OK = 0
    FAILED = 1
    """Refused or failed; the error says why."""
    USAGE = 2
    """The command line itself is wrong."""
    NEEDS_PERSON = 3
    """A person must act: approve a plan, answer a hold."""
    UNEQUAL = 4
    """The proof does not add up."""
    INTERRUPTED = 130
    """Stopped with Ctrl-C."""

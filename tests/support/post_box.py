"""What a mail server on the loopback took, for tests of messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any, cast


@dataclass
class Post:
    """What the mail server took, in order; ``refuses`` makes it refuse every message."""

    port: int = 0
    messages: list[tuple[str, EmailMessage]] = field(default_factory=list)
    refuses: bool = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuses:
            return "451 later"
        read = cast(EmailMessage, BytesParser(policy=default).parsebytes(envelope.content))
        self.messages += [(address, read) for address in envelope.rcpt_tos]
        return "250 taken"

    def taken(self) -> list[tuple[str, str, str]]:
        """Return address, subject and text of what came since the last call."""
        found = [(address, str(each["Subject"]), each.get_content()) for address, each in self.messages]
        self.messages.clear()
        return found

"""A mail server that keeps what it took in a file, so that it outlives whoever sent it."""

from __future__ import annotations

import smtplib
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.mail.backends.base import BaseEmailBackend

UNKNOWN = "unknown@example.org"
"""The address that the server refuses."""


class Postbox(BaseEmailBackend):
    """Takes each mail for good at once, also where its sender dies right afterwards."""

    file = Path()
    takes = 0.0
    """Seconds that it takes for a mail."""

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        for message in email_messages:
            if message.to == [UNKNOWN]:
                raise smtplib.SMTPRecipientsRefused({UNKNOWN: (550, b"no such mailbox")})
            time.sleep(self.takes)
            line = f"{message.extra_headers['Message-ID']} {message.to[0]}\n"
            with self.file.open("a") as taken:
                taken.write(line)
        return len(email_messages)


BACKEND = f"{Postbox.__module__}.{Postbox.__name__}"


def taken() -> Counter[str]:
    """How often each mail was taken, by Message-ID and recipient."""
    return Counter(Postbox.file.read_text().splitlines() if Postbox.file.exists() else [])

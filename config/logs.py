"""The format of the log: one line an event, `at=... level=... logger=... event key=value`."""

import logging
import re
from datetime import UTC, datetime

SECRET_PATH = re.compile(r"(/marketplace/link/)[\w-]+|(/shared/)[0-9a-f]{32}[\w.-]*")
"""An address that is a right: to link a purchase for as long as it was not used, or to read an
estimate for as long as it is open."""


class KeyValueFormatter(logging.Formatter):
    """One line a record, in UTC; a traceback follows on lines of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        # What a client sent may stand in a message, and must not begin a line of its own.
        message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        message = SECRET_PATH.sub(r"\1\2-", message)
        return f"at={at} level={record.levelname} logger={record.name} {message}"

"""The format of the log: one line an event, `at=... level=... logger=... event key=value`."""

import logging
from datetime import UTC, datetime


class KeyValueFormatter(logging.Formatter):
    """One line a record, in UTC; a traceback follows on lines of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        # What a client sent may stand in a message, and must not begin a line of its own.
        message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        return f"at={at} level={record.levelname} logger={record.name} {message}"

"""One JSON line per log record: time, level, what, request id, user id, action. No personal data."""

import json
import logging
import re
from datetime import UTC, datetime

import structlog

# Line breaks that JSON leaves as they are, and that some readers of logs take for the end of a record.
_BREAKS = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}


# Phone and paper numbers, spaced or not: what an error says may quote what somebody typed.
_NUMBERS = re.compile(r"(?<![\w.])\+?\d(?:[ -]?\d){6,}[Xx]?(?!\w)")


def without_numbers(text: str) -> str:
    """The text with every number of seven digits or more taken out: errors quote values, and values may be personal data."""
    return _NUMBERS.sub("…", text)


class JsonFormatter(logging.Formatter):
    """Everything in one line (abuse 47): JSON escapes line breaks, so nobody can forge a record."""

    def format(self, record: logging.LogRecord) -> str:
        # What Django and others say quotes addresses, and somebody may have typed a number there.
        event = record.msg if isinstance(record.msg, dict) else {"event": without_numbers(record.getMessage())}
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            **structlog.contextvars.get_contextvars(),
            **event,
        }
        line.pop("ip", None)
        if record.exc_info:
            line["trace"] = without_numbers(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str).translate(_BREAKS)


def configure() -> None:
    """Let structlog hand its events to the standard logging that settings describe."""
    structlog.configure(
        processors=[_to_standard],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _to_standard(logger, name, event):
    exc_info = event.pop("exc_info", None)
    return (event,), {"exc_info": exc_info} if exc_info else {}

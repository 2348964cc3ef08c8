"""Logs: one JSON object a line, or lines for a person on a terminal.

Logs name places (topic, partition, offset) and opaque ids, never what an event says.
"""

import logging
import sys
from importlib.metadata import version
from typing import Any, Literal

import orjson
import structlog

CHATTY = ("aiokafka", "asyncio")


def set_up(*, level: str, style: Literal["auto", "json", "console"], service: str) -> None:
    """Send every log of this process to standard error in one form."""
    as_json = style == "json" or (style == "auto" and not sys.stderr.isatty())
    about = {"service": service, "version": version("patron")}

    def known(_: Any, __: str, line: dict[str, Any]) -> dict[str, Any]:
        return {**line, **about}

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    rendering: list[Any] = (
        [
            known,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_json),
        ]
        if as_json
        else [structlog.dev.ConsoleRenderer()]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *rendering,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=True,
    )


def _json(value: Any, **_: Any) -> str:
    return orjson.dumps(value, default=str).decode()

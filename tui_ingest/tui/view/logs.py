"""Python's logging while the console runs: into the list of events, never onto the screen."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from tui_ingest.ingest.events import Severity
from tui_ingest.tui.view.feed import Feed
from tui_ingest.tui.view.lines import MarkerLine
from tui_ingest.words.terminal_safe import terminal_safe


class FeedHandler(logging.Handler):
    """Keeps records of WARNING and above for the events screen."""

    def __init__(self, feed: Feed) -> None:
        super().__init__(logging.WARNING)
        self._feed = feed

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
        except Exception:  # whoever logged made a mistake; it must not cost more than this line
            text = f"{record.msg} (with arguments that do not fit)"
        if record.exc_info and record.exc_info[1]:
            text += " | " + "".join(traceback.format_exception_only(record.exc_info[1])).strip()
        self._feed.log(
            MarkerLine(
                at=record.created,
                kind=terminal_safe(f"{record.levelname.lower()} {record.name}"),
                text=terminal_safe(text),
                severity=Severity.ERROR if record.levelno >= logging.ERROR else Severity.WARNING,
            )
        )


@contextmanager
def routed(feed: Feed) -> Iterator[None]:
    """Take the handlers that write to the terminal away, and keep what is logged in the feed."""
    removed = [
        (logger, handler)
        for logger in _loggers()
        for handler in logger.handlers
        if _writes_to_terminal(handler)
    ]
    for logger, handler in removed:
        logger.removeHandler(handler)
    ours = FeedHandler(feed)
    for logger in {logger for logger, _ in removed if not logger.propagate} | {logging.root}:
        logger.addHandler(ours)
    try:
        yield
    finally:
        for logger in _loggers():
            logger.removeHandler(ours)
        for logger, handler in removed:
            logger.addHandler(handler)


def _loggers() -> list[logging.Logger]:
    named = logging.root.manager.loggerDict.values()
    return [logging.root, *(found for found in named if isinstance(found, logging.Logger))]


def _writes_to_terminal(handler: logging.Handler) -> bool:
    if not isinstance(handler, logging.StreamHandler):
        return False
    if handler.stream in {sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__}:
        return True
    try:
        return bool(handler.stream.isatty())
    except (AttributeError, ValueError):  # not quite a file, or a closed one
        return False

"""The options that every way of starting a session shares. Standard library only.

`tui-ingest --help` and the management commands are both made from `add_arguments`.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from tui_ingest.oplog.addresses import is_pattern, is_stream
from tui_ingest.oplog.log import FromPosition, FromStart, FromTime, LogError, StartPoint

ON_ERROR_CHOICES = ("dead-letter", "stop")
MAX_PATH_CHARACTERS = 512  # of `ProcessedFile.file_path`
MAX_POSITION_DIGITS = 18  # of a byte in a file; what a database keeps ends a little later


@dataclass(frozen=True, kw_only=True)
class IngestOptions:
    """One session, as the operator asked for it."""

    path: Path | str  # of a file, or the address of a stream; "": all logs that are known
    more: tuple[Path | str, ...] = ()  # other logs, or patterns
    database: str = "default"
    once: bool = False
    paused: bool = False
    json: bool = False  # headless: lines of JSON
    reset_view: bool = False  # the console forgets how it was looked at
    attach: bool = False  # look at the session that runs elsewhere; never be one
    stop_on_error: bool = False
    dry_run: bool = False
    start: StartPoint | None = None
    poll_seconds: float | None = None
    project: str = ""  # what was chosen, for the screen: "mysite.settings", "demo project"

    @property
    def named(self) -> tuple[Path | str, ...]:
        """All logs and patterns that were named."""
        return (self.path, *self.more) if self.path else ()

    @property
    def are_many(self) -> bool:
        """Whether this may be about more than one log."""
        return not self.path or bool(self.more) or is_pattern(self.path)


def add_arguments(parser: argparse.ArgumentParser, *, log_required: bool = True) -> None:
    """Add LOG and the options of a session to any parser."""
    flag = partial(parser.add_argument, action="store_true")
    parser.add_argument(
        "logs",
        metavar="LOG",
        nargs="+" if log_required else "*",
        type=log_path,
        help="the operation log; its rotated files beside it are found by name. Or a stream:"
        " nats://host:4222/STREAM/subject. Any number of them, and patterns in quotes:"
        " 'sites/*/oplog.log'. Without one the console shows all logs that the project knows",
    )
    parser.add_argument(
        "--database",
        metavar="ALIAS",
        default="default",
        help="the database to write to, by its name in DATABASES (default: %(default)s)",
    )
    flag("--headless", help="no console: a progress bar, or lines in a pipe")
    flag("--json", help="headless: a line of JSON for each event")
    flag("--once", help="end at the end of the log")
    flag("--paused", help="start the console paused")
    flag(
        "--reset-view",
        help="forget the console's theme, sort, filter and scope, which it remembers for you",
    )
    flag(
        "--attach",
        help="only look at the session of the log, wherever it runs, and command it; what the"
        " console does by itself where one is running",
    )
    parser.add_argument(
        "--on-error",
        choices=ON_ERROR_CHOICES,
        default=ON_ERROR_CHOICES[0],
        help="keep a record that fails as a dead letter and go on, or stop before it"
        " (default: %(default)s)",
    )
    flag("--dry-run", help="apply and roll back: say what would happen, change nothing")
    parser.add_argument(
        "--poll",
        metavar="SECONDS",
        type=_seconds,
        help="look at the log this often instead of waiting for the file system to tell"
        " (for network mounts)",
    )
    _add_start_arguments(parser)


def _add_start_arguments(parser: argparse.ArgumentParser) -> None:
    starts = parser.add_argument_group(
        "where to start", "Instead of where the last session ended."
    ).add_mutually_exclusive_group()
    starts.add_argument(
        "--from-start", action="store_true", help="at the oldest record that is still there"
    )
    starts.add_argument(
        "--from-position",
        metavar="N",
        type=_position,
        help="at the first record at or after byte N of the active file, or message N of a stream",
    )
    starts.add_argument(
        "--from-time",
        metavar="T",
        type=_timestamp,
        help="at the first record of this time or later: 2023-11-28T12:00, in local time unless"
        " it ends in a zone (Z, +01:00), or seconds since the epoch",
    )


def from_namespace(namespace: argparse.Namespace) -> IngestOptions:
    """Make the options of a session, or of many, from parsed arguments."""
    return IngestOptions(
        path=namespace.logs[0] if namespace.logs else "",
        more=tuple(namespace.logs[1:]),
        database=namespace.database,
        once=namespace.once,
        paused=namespace.paused,
        json=namespace.json,
        reset_view=namespace.reset_view,
        attach=namespace.attach,
        stop_on_error=namespace.on_error == "stop",
        dry_run=namespace.dry_run,
        start=_start_point(namespace),
        poll_seconds=namespace.poll,
    )


def conflict(namespace: argparse.Namespace) -> str:
    """Return why these options make no sense together, or here; an empty string if they do."""
    if namespace.headless and namespace.paused:
        return "--paused needs the console: nobody could resume a headless session"
    if problem := _conflict_of_forms(namespace):
        return problem
    if namespace.attach and (
        namespace.headless or namespace.once or namespace.paused or namespace.dry_run
    ):
        return "--attach only looks: it makes no sense with what a session does"
    if namespace.attach and _start_point(namespace) is not None:
        return "--attach only looks: pause (space) and go to another place (o) there"
    if not namespace.headless and not has_terminal():
        return "there is no terminal for the console; use --headless"
    return ""


def _conflict_of_forms(namespace: argparse.Namespace) -> str:
    """Return why what is looked at, and how, make no sense together."""
    if namespace.json and not namespace.headless:
        return "--json is for --headless"
    if namespace.reset_view and namespace.headless:
        return "--reset-view is for the console, which --headless does without"
    are_many = len(namespace.logs) > 1 or any(map(is_pattern, namespace.logs))
    if are_many and _start_point(namespace) is not None:
        return "--from-… is for one log: several have no place in common"
    return ""


def conflict_without_log(namespace: argparse.Namespace) -> str:
    """Return why these options need a LOG; an empty string if they do not."""
    if namespace.headless or not has_terminal():
        return "LOG is missing: name an operation log"
    applies = (
        namespace.once or namespace.paused or namespace.dry_run or namespace.on_error == "stop"
    )
    if applies or _start_point(namespace) is not None:
        return "LOG is missing: without one the console only looks at the logs that are known"
    return ""


def log_path(text: str) -> Path | str:
    """Return the absolute path of LOG as it is written, or the address of a stream.

    A symbolic link is kept as such: it is the log's name; what it points to may change with every
    rotation.

    Raises:
        argparse.ArgumentTypeError: nothing that can name a log.
    """
    if not text:
        raise argparse.ArgumentTypeError("the path is empty")
    if is_stream(text):
        return _stream_address(text)
    try:
        path = os.path.abspath(text)  # noqa: PTH100  # Path.resolve() would follow the link
    except FileNotFoundError:
        raise argparse.ArgumentTypeError("this folder does not exist any more") from None
    if len(path) > MAX_PATH_CHARACTERS:
        raise argparse.ArgumentTypeError(f"the path has over {MAX_PATH_CHARACTERS} characters")
    try:
        path.encode()
    except UnicodeEncodeError:  # surrogates stand for bytes that are no UTF-8
        raise argparse.ArgumentTypeError(f"the path is not UTF-8: {path!a}") from None
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113
        # Path's own methods raise where a folder may not be searched; here that means 'unknown'.
        raise argparse.ArgumentTypeError(f"not a file: {path}")
    return Path(path)


def _stream_address(text: str) -> str:
    from tui_ingest.streams.addresses import parse_address

    try:
        parse_address(text, is_pattern=is_pattern(text))
    except LogError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if len(text) > MAX_PATH_CHARACTERS:
        raise argparse.ArgumentTypeError(f"the address has over {MAX_PATH_CHARACTERS} characters")
    return text


def has_terminal() -> bool:
    """Tell whether there is one for the console."""
    # Keys come from standard input; the console draws to standard error.
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def _start_point(namespace: argparse.Namespace) -> StartPoint | None:
    if namespace.from_start:
        return FromStart()
    if namespace.from_position is not None:
        return FromPosition(offset=namespace.from_position)
    if namespace.from_time is not None:
        return FromTime(timestamp=namespace.from_time)
    return None


def _seconds(text: str) -> float:
    seconds = _number(text)
    if seconds is None or seconds <= 0:
        raise argparse.ArgumentTypeError(f"not a number of seconds above 0: {text!a}")
    return seconds


def _position(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= MAX_POSITION_DIGITS):
        raise argparse.ArgumentTypeError(f"not a number of bytes: {text!a}")
    return int(text)


def _timestamp(text: str) -> float:
    epoch = _number(text)
    if epoch is not None:
        return epoch
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise argparse.ArgumentTypeError(
            f"neither a time like 2023-11-28T12:00:00Z nor seconds since the epoch: {text!a}"
        ) from None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None

"""`record_changes --verify`: the proof that a target has the rows that are here."""

from __future__ import annotations

from argparse import ArgumentParser, _ArgumentGroup
from collections.abc import Callable
from typing import Any

from tui_ingest.recorder.conf import get_settings
from tui_ingest.recorder.errors import RecorderError
from tui_ingest.recorder.management.showing import verification_line
from tui_ingest.recorder.records import verifying
from tui_ingest.recorder.relaying.locking import is_taken

_LEAST_SECONDS = 60  # between two passes: each reads whole tables


def add_arguments(parser: ArgumentParser, action: _ArgumentGroup | Any) -> None:
    """Add the options about verifications."""
    action.add_argument(
        "--verify",
        nargs="*",
        metavar="app.model",
        help="have the target compare its rows of these models; all, if none is named",
    )
    parser.add_argument(
        "--every",
        type=float,
        metavar="SECONDS",
        help="with --verify: again and again; 0: no more",
    )
    parser.add_argument(
        "--rows", action="store_true", help="with --verify: so that rows that differ can be named"
    )


def is_asked(options: dict[str, Any]) -> bool:
    """Tell whether the command line is about verifications."""
    return options["verify"] is not None or options["every"] is not None or options["rows"]


def act(options: dict[str, Any], database: str, say: Callable[[str], object]) -> None:
    """Do what was asked.

    Raises:
        RecorderError: it makes no sense.
    """
    every = options["every"]
    if options["verify"] is None:
        raise RecorderError("--every and --rows go with --verify.")
    if every and every < _LEAST_SECONDS:
        raise RecorderError(f"--every takes at least {_LEAST_SECONDS} seconds, or 0 for no more.")
    if every is not None and options["rows"]:
        raise RecorderError("--rows is for once: it makes long records. Leave --every away.")
    ordered = verifying.order(options["verify"], database, rows=options["rows"], every=every)
    for verification in ordered:
        say(verification_line(verifying.progress_of(verification, database)))
    say("The relay sums them up. How far it is: python manage.py record_changes --status")
    if every != 0 and not is_taken(database, get_settings().log_of(database)):
        say("No relay is running: start python manage.py record_changes")

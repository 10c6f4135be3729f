"""`record_changes --resend` and its kin: the first copy, and every later repair."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, _ArgumentGroup
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tui_ingest.recorder.conf import get_settings
from tui_ingest.recorder.errors import RecorderError
from tui_ingest.recorder.management.showing import resend_line
from tui_ingest.recorder.models import Resend, stored
from tui_ingest.recorder.records.resending import Selection, add, labels_in_order, progress_of
from tui_ingest.recorder.relaying.locking import is_taken

_ORDERS = {  # options, and what they make of resends in which states
    "pause": (Resend.State.PAUSED, [Resend.State.WAITING]),
    "resume": (Resend.State.WAITING, [Resend.State.PAUSED]),
    "give_up": (Resend.State.GIVEN_UP, [Resend.State.WAITING, Resend.State.PAUSED]),
}


def add_arguments(parser: ArgumentParser, action: _ArgumentGroup | Any) -> None:
    """Add the options about resends."""
    action.add_argument(
        "--resend", nargs="*", metavar="app.model", help="write the rows of models again"
    )
    action.add_argument("--pause", action="store_true", help="stop the resends for a while")
    action.add_argument("--resume", action="store_true", help="go on with them")
    action.add_argument("--give-up", action="store_true", help="send no more of them")
    parser.add_argument(
        "--all", action="store_true", help="with --resend: the rows of every model, the first copy"
    )
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--keys", metavar="FILE", help="with --resend: one key a line; - for stdin")
    only.add_argument("--where", metavar="FIELD=VALUE", help="with --resend: only these rows")


def is_asked(options: dict[str, Any]) -> bool:
    """Tell whether the command line is about resends."""
    asked = any(options[name] for name in ("all", "keys", "where", *_ORDERS))
    return asked or options["resend"] is not None


def act(options: dict[str, Any], database: str, say: Callable[[str], object]) -> None:
    """Do what was asked.

    Raises:
        RecorderError: it makes no sense.
    """
    for name, (state, before) in _ORDERS.items():
        if options[name]:
            _order(state, before, database, say)
            return
    if options["resend"] is None:
        raise RecorderError("--all, --keys and --where choose what to --resend: name that, too.")
    labels = options["resend"]
    if options["all"] == bool(labels):
        raise RecorderError("Name the models to resend (--resend app.model …), or --all of them.")
    made = [
        resend
        for selection in _selections(labels, options, database)
        for resend in add(selection, database, why="")
    ]
    if not made:
        say("There are no such rows.")
    for resend in made:
        say(resend_line(progress_of(resend)))
    say("The relay sends them. How far it is: python manage.py record_changes --status")
    if made and not is_taken(database, get_settings().log_of(database)):
        say("No relay is running: start python manage.py record_changes")


def _selections(
    labels: Sequence[str], options: dict[str, Any], database: str
) -> Iterable[Selection]:
    in_order = labels_in_order(labels, database)
    if (options["keys"] or options["where"]) and len(in_order) != 1:
        raise RecorderError("--keys and --where choose among the rows of one model: name one.")
    keys = _read_keys(options["keys"]) if options["keys"] else None
    where = _parsed(options["where"]) if options["where"] else None
    return [Selection(label, keys=keys, where=where) for label in in_order]


def _read_keys(name: str) -> list[list[str]]:
    text = sys.stdin.read() if name == "-" else Path(name).read_text()
    return [_key(line) for line in map(str.strip, text.splitlines()) if line]


def _key(line: str) -> list[str]:
    """Return a key from its line: as it is, or as a JSON list of the parts of a composite one."""
    if not line.startswith("["):
        return [line]
    try:
        return [str(part) for part in json.loads(line)]
    except (ValueError, TypeError) as error:
        raise RecorderError(f"{line!r} is no key: {error}") from error


def _parsed(where: str) -> tuple[str, str]:
    field, sign, value = where.partition("=")
    if not sign:
        raise RecorderError(f"--where takes field=value, not {where!r}.")
    return field, value


def _order(
    state: Resend.State,
    before: Sequence[Resend.State],
    database: str,
    say: Callable[[str], object],
) -> None:
    resends = stored(Resend, database)
    values: dict[str, Any] = {"state": state}
    if state is Resend.State.GIVEN_UP:
        values["ended"] = time.time()
    chosen = list(resends.filter(state__in=before).values_list("pk", flat=True))
    resends.filter(pk__in=chosen, state__in=before).update(**values)
    for resend in resends.filter(pk__in=chosen).order_by("pk"):
        say(resend_line(progress_of(resend)))
    if not chosen:
        say("There is no such resend.")

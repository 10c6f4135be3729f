"""What `record_changes` is asked for beside relaying: rows sent again, and sums that prove them."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, _ArgumentGroup
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tui_ingest.recorder.conf import get_settings
from tui_ingest.recorder.errors import RecorderError
from tui_ingest.recorder.management.showing import resend_line, verification_line
from tui_ingest.recorder.models import Resend, stored
from tui_ingest.recorder.records import verifying
from tui_ingest.recorder.records.resending import add, labels_in_order, progress_of
from tui_ingest.recorder.relaying.locking import is_taken

_ORDERS = {  # options, and what they make of resends in which states
    "pause": (Resend.State.PAUSED, [Resend.State.WAITING]),
    "resume": (Resend.State.WAITING, [Resend.State.PAUSED]),
    "give_up": (Resend.State.GIVEN_UP, [Resend.State.WAITING, Resend.State.PAUSED]),
}
_LEAST_SECONDS = 60  # between two passes: each reads whole tables

Say = Callable[[str], object]


def add_arguments(parser: ArgumentParser, action: _ArgumentGroup | Any) -> None:
    """Add the options about resends and verifications."""
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


def obey(options: dict[str, Any], database: str, say: Say) -> bool:
    """Do what the command line asks of these; tell whether it does.

    Raises:
        RecorderError: it makes no sense.
    """
    for name, (state, before) in _ORDERS.items():
        if options[name]:
            _order(state, before, database, say)
            return True
    if options["resend"] is not None:
        _resend(options, database, say)
    elif any(options[name] for name in ("all", "keys", "where")):
        raise RecorderError("--all, --keys and --where choose what to --resend: name that, too.")
    elif options["verify"] is not None:
        _verify(options, database, say)
    elif options["every"] is not None or options["rows"]:
        raise RecorderError("--every and --rows go with --verify.")
    else:
        return False
    return True


def _resend(options: dict[str, Any], database: str, say: Say) -> None:
    labels = options["resend"]
    if options["all"] == bool(labels):
        raise RecorderError("Name the models to resend (--resend app.model …), or --all of them.")
    in_order = labels_in_order(labels, database)
    if (options["keys"] or options["where"]) and len(in_order) != 1:
        raise RecorderError("--keys and --where choose among the rows of one model: name one.")
    keys = _read_keys(options["keys"]) if options["keys"] else None
    where = _parsed(options["where"]) if options["where"] else None
    made = [resend for label in in_order for resend in add(label, database, keys=keys, where=where)]
    if not made:
        say("There are no such rows.")
    for resend in made:
        say(resend_line(progress_of(resend)))
    _say_who_does_it("sends them", database, say, is_needed=bool(made))


def _verify(options: dict[str, Any], database: str, say: Say) -> None:
    every = options["every"]
    if every and every < _LEAST_SECONDS:
        raise RecorderError(f"--every takes at least {_LEAST_SECONDS} seconds, or 0 for no more.")
    if every is not None and options["rows"]:
        raise RecorderError("--rows is for once: it makes long records. Leave --every away.")
    ordered = verifying.order(options["verify"], database, rows=options["rows"], every=every)
    for verification in ordered:
        say(verification_line(verifying.progress_of(verification, database)))
    _say_who_does_it("sums them up", database, say, is_needed=every != 0)


def _say_who_does_it(does: str, database: str, say: Say, *, is_needed: bool) -> None:
    say(f"The relay {does}. How far it is: python manage.py record_changes --status")
    if is_needed and not is_taken(database, get_settings().log_of(database)):
        say("No relay is running: start python manage.py record_changes")


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
    say: Say,
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

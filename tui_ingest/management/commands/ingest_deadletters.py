"""`manage.py ingest_deadletters list|show|retry|edit|discard|export`: what was set aside.

What dead letters contain is data: nothing of it acts on the terminal.
"""

from __future__ import annotations

import json
import sys
from argparse import SUPPRESS
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet

from tui_ingest.ingest import deadletters
from tui_ingest.ingest.deadletters import DeadLetterError
from tui_ingest.ingest.reasons import Reason, first_line
from tui_ingest.ingest.target import Target
from tui_ingest.management.targets import TargetCommand, known_log
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.records import MalformedReason
from tui_ingest.running.options import log_path
from tui_ingest.words.terminal_safe import terminal_safe

REASONS = [*map(str, Reason), *map(str, MalformedReason)]
CHUNK = 1_000  # dead letters fetched at once
ERROR_WIDTH = 120  # characters of an error in a list; `show` prints it all


class Command(TargetCommand):
    help = (
        "List, show, retry, edit, discard or export dead letters: the records that could not be"
        " applied. Exit status: 0, 1 if a retry failed, 2 for a mistake in the arguments."
    )
    mistakes = (DeadLetterError,)
    then = "What was not printed was not done; try again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an action and which dead letters it is about."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        listing = actions.add_parser("list", help="one line each, in log order")
        showing = actions.add_parser("show", help="all that is known about one")
        retrying = actions.add_parser("retry", help="apply them now, in log order")
        editing = actions.add_parser("edit", help="put another line in place, to be retried")
        discarding = actions.add_parser("discard", help="give them up; they stay visible")
        exporting = actions.add_parser("export", help="one line of JSON each, exact bytes included")
        for action in (showing, editing):
            action.add_argument("ids", metavar="ID", nargs=1, type=int)
        for action in (retrying, discarding, exporting):
            action.add_argument("ids", metavar="ID", nargs="*", type=int)
        for action in (retrying, discarding):
            action.add_argument("--all", action="store_true", help="all open ones that match")
        for action in (listing, retrying, discarding, exporting):
            action.add_argument("--file", metavar="LOG", type=log_path, help="of this log only")
            action.add_argument(
                "--reason",
                metavar="REASON",
                choices=REASONS,
                help="with this reason only, such as missing_parent",
            )
            action.add_argument("--model", metavar="APP.MODEL", help="of this model only")
        for action in (listing, exporting):
            action.add_argument("--status", choices=DeadLetter.Status.values, help="default: all")
        for action in (listing, showing, retrying, discarding):
            action.add_argument("--json", action="store_true", help="for programs")
        exporting.add_argument("--json", action="store_true", help="what it prints in any case")
        discarding.add_argument("--why", default="", help="kept with them; required")
        editing.add_argument("--from", dest="source", type=Path, help="default: standard input")
        for action in actions.choices.values():
            self.add_database(action)
            _take_django_options(action)

    def act(self, target: Target, options: dict[str, Any]) -> int:
        """Do it; 1 after all were tried, if a retry failed."""
        failed = getattr(self, f"_{options['action']}")(target, options)
        return int(failed is True)

    def _list(self, target: Target, options: dict[str, Any]) -> None:
        letters = _matching(target, options)
        if options["json"]:
            self._write_json([deadletters.as_dict(letter) for letter in letters])
            return
        # A line of the log may have megabytes, and is not shown here.
        for letter in letters.defer("raw", "edited", "traceback").iterator(chunk_size=CHUNK):
            self.stdout.write(_row(letter))

    def _show(self, target: Target, options: dict[str, Any]) -> None:
        letter = deadletters.get(target, options["ids"][0])
        if options["json"]:
            self._write_json(deadletters.as_dict(letter))
        else:
            self.stdout.write("\n".join(_details(letter)))

    def _retry(self, target: Target, options: dict[str, Any]) -> bool:
        results = []
        for result in deadletters.retry_all(target, _chosen(target, options)):
            results.append(result)
            if not options["json"]:
                told = f": {first_line(result.error)}" if result.error else ""
                self.stdout.write(terminal_safe(f"{result.dead_letter}: {result.status}{told}"))
        if options["json"]:
            self._write_json(
                [{"id": r.dead_letter, "status": r.status, "error": r.error} for r in results]
            )
        # One that failed is tried again when another brings the row that it waits for.
        last = {result.dead_letter: result for result in results}
        return any(result.error for result in last.values())

    def _edit(self, target: Target, options: dict[str, Any]) -> None:
        (letter,) = options["ids"]
        source = options["source"]
        try:
            line = source.read_bytes() if source else sys.stdin.buffer.read()
        except OSError as error:
            raise DeadLetterError(f"The new line cannot be read: {error}") from error
        deadletters.edit(target, letter, line)
        self.stdout.write(f"{letter}: edited. Retry it now.")

    def _discard(self, target: Target, options: dict[str, Any]) -> None:
        if not options["why"].strip():
            raise DeadLetterError("Nothing is discarded without a reason. Say it with --why.")
        discarded = []
        for letter in _chosen(target, options):
            deadletters.discard(target, letter, why=options["why"])
            discarded.append({"id": letter, "status": DeadLetter.Status.DISCARDED})
            if not options["json"]:
                self.stdout.write(f"{letter}: discarded")
        if options["json"]:
            self._write_json(discarded)

    def _export(self, target: Target, options: dict[str, Any]) -> None:
        letters = _matching(target, options)
        if options["ids"]:
            letters = letters.filter(pk__in=_existing(target, options))
        for line in deadletters.export(letters.iterator(chunk_size=CHUNK)):
            self.stdout.write(line)

    def _write_json(self, told: object) -> None:
        self.stdout.write(json.dumps(told, indent=2))


def _take_django_options(action: CommandParser) -> None:
    """Let an action take what Django lets only the command itself take.

    What is not given after the action leaves what was given before it.
    """
    action.add_argument(
        "-v", "--verbosity", type=int, choices=range(4), default=SUPPRESS, help=SUPPRESS
    )
    for name in ("--settings", "--pythonpath"):
        action.add_argument(name, default=SUPPRESS, help=SUPPRESS)
    for name in ("--traceback", "--no-color", "--force-color", "--skip-checks"):
        action.add_argument(name, action="store_true", default=SUPPRESS, help=SUPPRESS)


def _matching(target: Target, options: dict[str, Any]) -> QuerySet[DeadLetter]:
    letters = deadletters.search(
        target,
        status=options["status"],
        reason=options["reason"],
        model=options["model"] and options["model"].lower(),
    )
    return letters.filter(file=known_log(target, options["file"])) if options["file"] else letters


def _chosen(target: Target, options: dict[str, Any]) -> list[int]:
    """Return the ids that were given, or those of all open ones that match."""
    if bool(options["ids"]) == options["all"]:
        raise DeadLetterError("Name dead letters by ID, or give --all.")
    if options["ids"]:
        return _existing(target, options)
    matching = _matching(target, {**options, "status": DeadLetter.Status.OPEN})
    return list(matching.values_list("pk", flat=True))


def _existing(target: Target, options: dict[str, Any]) -> list[int]:
    return [deadletters.get(target, letter).pk for letter in options["ids"]]


def _row(letter: DeadLetter) -> str:
    """Return a dead letter as one line of a list."""
    what, error = letter.subject or "(no record)", first_line(letter.error)
    if len(error) > ERROR_WIDTH:
        error = error[: ERROR_WIDTH - 1] + "…"
    return terminal_safe(
        f"{letter.pk:>6}  {letter.status:<10}  at {letter.position:<12}  {what}"
        f"  {letter.reason}: {error}"
    )


def _details(letter: DeadLetter) -> Iterator[str]:
    """Yield all that is known about a dead letter, line by line."""
    facts = deadletters.as_dict(letter)
    texts = {name: facts.pop(name) for name in ("error", "line", "edited")}
    for name, value in facts.items():
        if value not in (None, ""):
            text = " ".join(value) if isinstance(value, list) else str(value)  # a row, as a pair
            yield f"{name.replace('_', ' '):<13} {terminal_safe(text)}"
    for name, text in (texts | {"traceback": letter.traceback or None}).items():
        if text is not None:
            yield name
            yield "\n".join(f"  {line}" for line in terminal_safe(text, lines=True).splitlines())

"""What `ingest_deadletters` can do: each action prints, and tells whether anything failed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from tui_ingest.ingest import deadletters
from tui_ingest.ingest.deadletters import DeadLetterError
from tui_ingest.ingest.target import Target
from tui_ingest.management.deadletter_text import details, outcome, row
from tui_ingest.management.targets import known_log
from tui_ingest.models import DeadLetter

CHUNK = 1_000  # dead letters fetched at once

Options = dict[str, Any]
Write = Callable[[str], object]


def _list(target: Target, options: Options, write: Write) -> bool:
    letters = _matching(target, options)
    if options["json"]:
        write(_json([deadletters.as_dict(letter) for letter in letters]))
        return False
    # A line of the log may have megabytes, and is not shown here.
    for letter in letters.defer("raw", "edited", "traceback").iterator(chunk_size=CHUNK):
        write(row(letter))
    return False


def _show(target: Target, options: Options, write: Write) -> bool:
    letter = deadletters.get(target, options["ids"][0])
    write(_json(deadletters.as_dict(letter)) if options["json"] else "\n".join(details(letter)))
    return False


def _retry(target: Target, options: Options, write: Write) -> bool:
    results = []
    for result in deadletters.retry_all(target, _chosen(target, options)):
        results.append(result)
        if not options["json"]:
            write(outcome(result))
    if options["json"]:
        told = [{"id": r.dead_letter, "status": r.status, "error": r.error} for r in results]
        write(_json(told))
    # One that failed is tried again when another brings the row that it waits for.
    last = {result.dead_letter: result for result in results}
    return any(result.error for result in last.values())


def _edit(target: Target, options: Options, write: Write) -> bool:
    (letter,) = options["ids"]
    source = options["source"]
    try:
        line = source.read_bytes() if source else sys.stdin.buffer.read()
    except OSError as error:
        raise DeadLetterError(f"The new line cannot be read: {error}") from error
    deadletters.edit(target, letter, line)
    write(f"{letter}: edited. Retry it now.")
    return False


def _discard(target: Target, options: Options, write: Write) -> bool:
    if not options["why"].strip():
        raise DeadLetterError("Nothing is discarded without a reason. Say it with --why.")
    discarded = []
    for letter in _chosen(target, options):
        deadletters.discard(target, letter, why=options["why"])
        discarded.append({"id": letter, "status": DeadLetter.Status.DISCARDED})
        if not options["json"]:
            write(f"{letter}: discarded")
    if options["json"]:
        write(_json(discarded))
    return False


def _export(target: Target, options: Options, write: Write) -> bool:
    letters = _matching(target, options)
    if options["ids"]:
        letters = letters.filter(pk__in=_existing(target, options))
    for line in deadletters.export(letters.iterator(chunk_size=CHUNK)):
        write(line)
    return False


ACTIONS: dict[str, Callable[[Target, Options, Write], bool]] = {
    "list": _list,
    "show": _show,
    "retry": _retry,
    "edit": _edit,
    "discard": _discard,
    "export": _export,
}


def _matching(target: Target, options: Options) -> QuerySet[DeadLetter]:
    letters = deadletters.search(
        target,
        status=options["status"],
        reason=options["reason"],
        model=options["model"] and options["model"].lower(),
    )
    return letters.filter(file=known_log(target, options["file"])) if options["file"] else letters


def _chosen(target: Target, options: Options) -> list[int]:
    """Return the ids that were given, or those of all open ones that match."""
    if bool(options["ids"]) == options["all"]:
        raise DeadLetterError("Name dead letters by ID, or give --all.")
    if options["ids"]:
        return _existing(target, options)
    matching = _matching(target, {**options, "status": DeadLetter.Status.OPEN})
    return list(matching.values_list("pk", flat=True))


def _existing(target: Target, options: Options) -> list[int]:
    return [deadletters.get(target, letter).pk for letter in options["ids"]]


def _json(told: object) -> str:
    return json.dumps(told, indent=2)

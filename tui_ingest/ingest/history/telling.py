"""What a record did to its row, in words that the console and the command share."""

from __future__ import annotations

import json
from typing import Any

from tui_ingest.ingest.history.steps import Change, LetterFacts, Step
from tui_ingest.oplog.records import Operation
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe

MAX_VALUE = 500  # characters of a value that are shown


def effect(step: Step) -> str:
    """Return what a record says beside those before: "changes 2 fields"."""
    if step.record.operation is Operation.DELETE:
        return "deletes it"
    if step.is_again:
        return "the first record after the deletion"
    if step.is_first:
        return "the first record of it"
    if not step.changes:
        return "says the same again"
    return f"changes {plural(len(step.changes), 'field')}"


def fate(step: Step) -> str:
    """Return what became of a record; "" if it was applied like most. Inert."""
    told = []
    if step.letter is not None:
        told.append(_fate_of_letter(step.letter))
    if step.is_ahead:
        told.append("not applied yet")
    if not step.is_in_log:
        told.append("known from its dead letter: the log has the line no more")
    if step.objects > 1:
        told.append(f"one of {step.objects:,} objects of its record")
    return terminal_safe(" · ".join(told))


def change(change: Change) -> str:
    """Return what became of a field: "votes: 3 → 4". Inert, and not too long."""
    before = "" if change.is_new else f"{value(change.before)} → "
    return f"{terminal_safe(change.name)}: {before}{value(change.after)}"


def value(logged: Any) -> str:
    """Return a value as JSON, inert, and not too long."""
    text = json.dumps(logged, ensure_ascii=False)
    if len(text) > MAX_VALUE:
        text = f"{text[:MAX_VALUE]} … {len(text) - MAX_VALUE:,} more characters"
    return terminal_safe(text)


def _fate_of_letter(letter: LetterFacts) -> str:
    edited = ", as edited" if letter.is_edited else ""
    why = f"{letter.reason}: {letter.error}" if letter.is_open else letter.resolution
    return f"dead letter {letter.id} is {letter.status}{edited}" + (f" ({why})" if why else "")

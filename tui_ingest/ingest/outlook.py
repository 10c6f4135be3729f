"""What would come of a dead letter if it were retried now, and what to do instead."""

from __future__ import annotations

from collections.abc import Sequence

from tui_ingest.ingest.inspecting import RowComparison
from tui_ingest.ingest.reasons import advice, first_line
from tui_ingest.models import DeadLetter
from tui_ingest.words.terminal_safe import terminal_safe


def outlook(letter: DeadLetter, rows: Sequence[RowComparison]) -> str:
    """Say what helps an open dead letter and what a retry would do; of another, how it ended.

    Args:
        rows: what `compare` returns for it.
    """
    if letter.status != DeadLetter.Status.OPEN:
        return terminal_safe(letter.resolution)
    failing = next((row for row in rows if row.fails), None)
    if failing is None:
        now = f" A retry now {effects(rows)}." if rows else ""
    elif failing.effect in letter.error:
        now = " A retry now fails the same way."
    else:
        now = f" A retry now fails: {terminal_safe(first_line(failing.effect))}"
    return f"{advice(letter.reason)}{now}"


def effects(rows: Sequence[RowComparison]) -> str:
    """Return what the first few objects do, each with its name if there are several."""
    if len(rows) == 1:
        return terminal_safe(rows[0].effect)
    told = [f"{row.effect} of {row.label} {row.key}" for row in rows[:3]]
    more = [f"{len(rows) - 3} more"] if len(rows) > 3 else []
    return terminal_safe(", ".join(told + more))

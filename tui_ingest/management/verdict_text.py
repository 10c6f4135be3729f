"""What DIGESTs have said of a model, and what helps, for a person at a terminal."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tui_ingest.ingest import verdicts
from tui_ingest.ingest.events import Verified, VerifiedState
from tui_ingest.models import DifferingRow
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe

_SHOWN = 20  # keys of a kind, and of a command that can be pasted
_MANAGE = "python manage.py"
_KINDS = {
    DifferingRow.Kind.ONLY_SOURCE: "only at the source",
    DifferingRow.Kind.DIFFERENT: "different",
    DifferingRow.Kind.ONLY_HERE: "only here",
}
_RESENT = (DifferingRow.Kind.ONLY_SOURCE, DifferingRow.Kind.DIFFERENT)


@dataclass(frozen=True, kw_only=True)
class ModelVerdict:
    """A verdict of one log about one model."""

    path: str  # of the log
    label: str
    verdict: Verified
    rows: Sequence[DifferingRow]  # those that are known to differ

    def keys(self, *kinds: str) -> list[str]:
        """Return the keys of the rows that differ in some ways."""
        return [row.key for row in self.rows if row.kind in kinds]


def printed(found: Sequence[ModelVerdict], *, keys: bool, as_json: bool) -> Iterator[str]:
    """Yield verdicts as they were asked for; keys: of the first one, for a resend."""
    if as_json:
        yield json.dumps([_as_dict(one) for one in found], indent=2)
    elif keys:
        yield from found[0].keys(*_RESENT)
    else:
        several = len({one.path for one in found}) > 1
        for one in found:
            if several:
                yield terminal_safe(one.path)
            yield from _described(one)


def _as_dict(found: ModelVerdict) -> dict[str, Any]:
    return {
        "log": found.path,
        "model": found.label,
        **verdicts.as_dict(found.verdict),
        "differing_rows": [{"kind": row.kind, "key": row.key} for row in found.rows],
    }


def _described(found: ModelVerdict) -> Iterator[str]:
    """Yield a verdict, the rows that differ, and the commands that help."""
    verdict = found.verdict
    reason = verdict.reason or f"{plural(verdict.rows, 'row')}."
    yield f"{found.label}: {verdict.state}. {terminal_safe(reason)}"
    for kind, words in _KINDS.items():
        if keys := found.keys(kind):
            yield f"  {words}: {_listed(keys)}"
    if verdict.state is VerifiedState.DIFFERS:
        yield from _help(found)


def _listed(keys: Sequence[str]) -> str:
    more = f" and {len(keys) - _SHOWN:,} more" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + more


def _help(found: ModelVerdict) -> Iterator[str]:
    label = found.label
    if not found.rows:
        yield "  To have the rows named, at the source:"
        yield f"    {_MANAGE} record_changes --verify {label} --rows"
        return
    if keys := found.keys(*_RESENT):
        yield from _resend(label, keys)
    if found.keys(DifferingRow.Kind.ONLY_HERE):
        yield "  What is only here is yours to delete, or to keep."
    yield "  To prove it afterwards, at the source:"
    yield f"    {_MANAGE} record_changes --verify {label}"


def _resend(label: str, keys: Sequence[str]) -> Iterator[str]:
    resend = f"{_MANAGE} record_changes --resend {label} --keys"
    if len(keys) <= _SHOWN:
        yield "  To repair it, at the source:"
        yield f"    printf '%s\\n' {_quoted(keys)} | {resend} -"
        return
    yield "  To repair it, here, and then at the source:"
    yield f"    {_MANAGE} ingest_verify {label} --keys > keys.txt"
    yield f"    {resend} keys.txt"


def _quoted(keys: Iterable[str]) -> str:
    return " ".join(map(shlex.quote, keys))

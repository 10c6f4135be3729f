"""What the operator wants to see: `op:save model:polls failed red`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tui_ingest.ingest.events import Outcome
from tui_ingest.tui.view.lines import ElidedLine, Line, MarkerLine, RecordLine

_FINE = {Outcome.SAVED, Outcome.DELETED}
_WORDS: dict[str, Callable[[RecordLine], bool]] = {
    "ok": lambda line: line.outcome in _FINE or bool(line.resolution),
    "failed": lambda line: line.failed,
    "missing": lambda line: line.outcome is Outcome.MISSING,
    "skipped": lambda line: line.outcome is Outcome.SKIPPED,
}


@dataclass(frozen=True)
class Filter:
    """All terms must match. `op:` and `model:` are prefixes of fields, the rest is text.

    `ok`, `failed`, `missing` and `skipped` stand for what became of the record.
    """

    terms: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Filter:
        """Return the filter that an operator typed."""
        return cls(tuple(text.lower().split()))

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __str__(self) -> str:
        return " ".join(self.terms)

    def matches(self, line: Line) -> bool:
        """Tell whether to show a line. What was left out matches nothing but an empty filter."""
        if not self.terms:
            return True
        if isinstance(line, ElidedLine):
            return False
        if isinstance(line, MarkerLine):
            text = f"{line.kind} {line.text}".lower()
            return all(term in text for term in self.terms)
        return all(_matches(term, line) for term in self.terms)


def _matches(term: str, line: RecordLine) -> bool:
    if term in _WORDS:
        return _WORDS[term](line)
    kind, colon, value = term.partition(":")
    if colon and kind == "op":
        return line.operation.lower().startswith(value)
    if colon and kind == "model":
        return any(value in label for label in line.labels)
    text = f"{line.operation} {' '.join(line.labels)} {line.pk} {line.note} {line.preview}"
    return term in text.lower()

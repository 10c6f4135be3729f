"""Dead letters by what is behind them: reason, model, and errors that say the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tui_ingest.tui.view.filtering import Vocabulary
from tui_ingest.tui.view.letters import Letter
from tui_ingest.tui.view.lines import without_subject

# What differs between errors of one kind: what is quoted, keys, numbers.
_PARTICULAR = re.compile(
    r"'[^']*'|\"[^\"]*\"|“[^”]*”|\b\w+=\S+|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b\d[\d,.]*"
)
GAP = "…"  # where they differ


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Letters that failed for the same thing."""

    reason: str
    model: str
    error: str  # what is common to all of them
    letters: tuple[int, ...]  # ids, in log order

    @property
    def filter(self) -> str:
        """What to type for these in the list."""
        longest = max((piece.strip(" .:") for piece in self.error.split(GAP)), key=len)
        terms = [f"reason:{self.reason}"]
        terms += [f"model:{self.model}"] if self.model else []
        terms += [f'"{longest}"'] if longest and '"' not in longest else []
        return " ".join(terms)


NOTHING_TO_ASK: Vocabulary[Cause] = Vocabulary(text=lambda cause: cause.error, keys={})


def by_cause(letters: Iterable[Letter]) -> list[Cause]:
    """Return the causes of letters, that of the most first."""
    kinds: dict[tuple[str, str, str], list[Letter]] = {}
    for letter in letters:
        kinds.setdefault(kind_of(letter), []).append(letter)
    causes = [
        Cause(
            reason=reason,
            model=model,
            error=pattern if len(alike) > 1 else _error(alike[0]),
            letters=tuple(letter.id for letter in alike),
        )
        for (reason, model, pattern), alike in kinds.items()
    ]
    return sorted(causes, key=lambda cause: (-len(cause.letters), cause.letters))


def kind_of(letter: Letter) -> tuple[str, str, str]:
    """Return what letters of one cause have in common."""
    return letter.reason, letter.model, _PARTICULAR.sub(GAP, _error(letter))


def _error(letter: Letter) -> str:
    return without_subject(letter.error, letter.model, letter.key)

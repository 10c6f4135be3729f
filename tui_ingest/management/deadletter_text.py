"""Dead letters for a person. What they contain is data: nothing of it acts on the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from tui_ingest.ingest.deadletters import Retry, as_dict
from tui_ingest.ingest.reasons import first_line
from tui_ingest.models import DeadLetter
from tui_ingest.words.terminal_safe import terminal_safe

ERROR_WIDTH = 120  # characters of an error in a list; `show` prints it all


def row(letter: DeadLetter) -> str:
    """Return a dead letter as one line of a list."""
    what = " ".join(filter(None, (letter.operation, letter.model, letter.pk_text)))
    error = first_line(letter.error)
    if len(error) > ERROR_WIDTH:
        error = error[: ERROR_WIDTH - 1] + "…"
    return terminal_safe(
        f"{letter.pk:>6}  {letter.status:<10}  at {letter.position:<12}  {what or '(no record)'}"
        f"  {letter.reason}: {error}"
    )


def details(letter: DeadLetter) -> Iterator[str]:
    """Yield all that is known about a dead letter, line by line."""
    for name, value in as_dict(letter).items():
        if name in ("error", "line", "edited") or value in (None, ""):
            continue
        text = " ".join(value) if isinstance(value, list) else str(value)  # a row, as a pair
        yield f"{name.replace('_', ' '):<13} {terminal_safe(text)}"
    yield "error"
    yield _indented(letter.error)
    yield "line"
    yield _indented(as_dict(letter)["line"])
    if letter.edited is not None:
        yield "edited"
        yield _indented(as_dict(letter)["edited"])
    if letter.traceback:
        yield "traceback"
        yield _indented(letter.traceback)


def outcome(result: Retry) -> str:
    """Return what became of a retry as one line."""
    error = first_line(result.error)
    return terminal_safe(f"{result.dead_letter}: {result.status}{f': {error}' if error else ''}")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in terminal_safe(text, lines=True).splitlines())

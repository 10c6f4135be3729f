"""The dead letters as the screen lists them, loaded in a thread; and what is behind them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tui_ingest.ingest import deadletters
from tui_ingest.ingest.reasons import first_line
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.filtering import Vocabulary, is_time
from tui_ingest.tui.view.lines import RecordLine, short, without_subject

REHEARSED = "dry run"  # the status of what a dry run could not apply
MOST_LETTERS = 20_000  # that are listed; a log with more has one cause, and the filter finds it
# What a list shows of each: not the bytes and the traceback, which the inspector loads of one.
_LISTED = (
    *("pk", "status", "reason", "operation", "model", "pk_text", "error", "attempts"),
    *("last_attempt", "position", "file__file_path"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One dead letter; all texts are inert and short."""

    id: int  # below 0: it is not kept
    status: str
    reason: str
    operation: str
    model: str
    key: str  # the primary key as logged
    error: str
    attempts: int
    time: float  # of the last attempt, seconds since the epoch
    position: int  # byte of the generation at which the line starts
    path: str = ""  # of its log
    log: str = ""  # the same for people
    line: RecordLine | None = None  # of a dry run, which keeps nothing

    @property
    def open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.status == DeadLetter.Status.OPEN

    @property
    def unresolved(self) -> bool:
        """Whether it is open, or would be if this were no dry run."""
        return self.open or self.line is not None


VOCABULARY: Vocabulary[Letter] = Vocabulary(
    text=lambda letter: (
        f"{letter.reason} {letter.model} {letter.key} {letter.error} {letter.operation}"
    ),
    keys={
        "op": lambda letter, value: letter.operation.lower().startswith(value),
        "model": lambda letter, value: value in letter.model.lower(),
        "pk": lambda letter, value: letter.key.lower() == value,
        "reason": lambda letter, value: value in letter.reason.lower(),
        "status": lambda letter, value: letter.status.startswith(value),
        "time": lambda letter, value: is_time(letter.time, value),
    },
)

OF_ALL_LOGS = replace(
    VOCABULARY,
    text=lambda letter: f"{letter.log} {VOCABULARY.text(letter)}",
    keys={**VOCABULARY.keys, "log": lambda letter, value: value in letter.log.lower()},
)


def load(
    path: str, target: Target, *, only_open: bool, most: int = MOST_LETTERS
) -> Sequence[Letter]:
    """Return the dead letters of a log, or of all logs if `path` is "", in log order."""
    file = target.rows(ProcessedFile).filter(file_path=path).first() if path else None
    if path and file is None:
        return []
    status = DeadLetter.Status.OPEN if only_open else None
    found = deadletters.search(target, file, status=status)
    # An object of the model for each would take six times as long as all the rest.
    rows = list(found.values_list(*_LISTED, named=True)[:most])
    logs = {path: _log_name(path) for path in {row.file__file_path for row in rows}}
    return [_letter(row, logs[row.file__file_path]) for row in rows]


def rehearsed(failures: Sequence[tuple[str, RecordLine]]) -> list[Letter]:
    """Return what would be dead letters if this were no dry run.

    Args:
        failures: the path of a log, and a line of it that failed, in log order.
    """
    found = []
    for number, (path, line) in enumerate(failures, -len(failures)):
        reason, _, error = line.note.partition(": ")
        found.append(
            Letter(
                id=number,
                status=REHEARSED,
                reason=reason,
                operation=line.operation,
                model=line.labels[0] if line.labels else "",
                key=line.pk,
                error=error,
                attempts=1,
                time=line.time or 0.0,
                position=line.location.start,
                path=path,
                log=_log_name(path),
                line=line,
            )
        )
    return found


def _letter(row: Any, log: str) -> Letter:
    return Letter(
        id=row.pk,
        status=row.status,
        reason=short(row.reason),
        operation=short(row.operation),
        model=short(row.model),
        key=short(row.pk_text),
        error=short(first_line(row.error)),
        attempts=row.attempts,
        time=row.last_attempt.timestamp(),
        position=row.position,
        path=row.file__file_path,
        log=log,
    )


def _log_name(path: str) -> str:
    return short(formats.log_name(path))


def export(letters: Sequence[int], path: Path, target: Target) -> int:
    """Write dead letters to a new file, a line of JSON each; return how many there were.

    Raises:
        FileExistsError: nothing is overwritten.
        OSError: the file cannot be written.
    """
    written = 0
    found = deadletters.search(target)
    with path.open("x", encoding="ascii") as file:
        for start in range(0, len(letters), 500):
            chunk = found.filter(pk__in=letters[start : start + 500])
            for line in deadletters.export(chunk):
                file.write(line + "\n")
                written += 1
    return written


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

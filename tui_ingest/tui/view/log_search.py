"""Records of all logs, or of one, that a filter asks for: searched in all their files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import NamedTuple

from tui_ingest.ingest import checkpoints
from tui_ingest.ingest.history import lacking, patterns
from tui_ingest.models import ProcessedFile
from tui_ingest.oplog.log import Entry, LogError, Searched
from tui_ingest.oplog.records import Record
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.database import Lookup
from tui_ingest.tui.view.fates import letters_of, line_of
from tui_ingest.tui.view.filtering import Filter, Vocabulary
from tui_ingest.tui.view.line_buffer import VOCABULARY as OF_LINES
from tui_ingest.tui.view.lines import RecordLine
from tui_ingest.tui.view.log_view import LogAccess, LogView
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe

MOST_FOUND = 10_000  # records; nobody reads more, and each is kept


class Candidate(NamedTuple):
    """A record, while it is asked whether it is meant."""

    log: str  # for people
    entry: Entry
    line: RecordLine


def _text(candidate: Candidate) -> str:
    entry = candidate.entry
    text = entry.raw.decode("utf-8", "replace")
    if isinstance(entry, Record) and b"\\" in entry.raw:  # as people read it, too
        text += json.dumps(entry.objects, ensure_ascii=False)
    return text


def _of_objects(name: str, matches: Callable[[str, str], bool]) -> Callable[[Candidate, str], bool]:
    """Return a question about each object of a record, however many there are."""

    def asks(candidate: Candidate, value: str) -> bool:
        entry = candidate.entry
        objects = entry.objects if isinstance(entry, Record) else ()
        return any(matches(str(item.get(name, "")).lower(), value) for item in objects)

    return asks


VOCABULARY: Vocabulary[Candidate] = Vocabulary(
    text=_text,
    keys={
        "log": lambda one, value: value in one.log.lower(),
        "op": lambda one, value: OF_LINES.keys["op"](one.line, value),
        "model": _of_objects("model", lambda label, value: value in label),
        "pk": _of_objects("pk", lambda pk, value: pk == value),
        "reason": lambda one, value: OF_LINES.keys["reason"](one.line, value),
        "time": lambda one, value: OF_LINES.keys["time"](one.line, value),
    },
    words={
        "ok": lambda one: OF_LINES.words["ok"](one.line) and not one.line.ahead,
        "failed": lambda one: OF_LINES.words["failed"](one.line),
    },
)

# What every line must have in it that can match; the keys that tell most first.
_PATTERNS: Mapping[str, Callable[[str], bytes | None]] = {
    "pk": patterns.of_key_text,
    "": patterns.of_text,
    "model": lambda value: rb'"model"\s*:\s*"[^"\n]*(?i:%b)' % re.escape(value).encode(),
    "op": lambda value: rb" (?i:%b)[A-Z]* \[" % re.escape(value).encode(),
}
_ANY_LINE = re.compile(rb"[^\n]")


def pattern_of(wanted: Filter[Candidate]) -> re.Pattern[bytes]:
    """Return what is in every line that a filter can let through: the others are not parsed."""
    for key, written in _PATTERNS.items():
        for asked, value in wanted.wanted:
            if asked == key and (pattern := written(value)) is not None:
                return re.compile(pattern)
    return _ANY_LINE


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """A record that was meant."""

    path: str  # of its log
    log: str  # for people; inert
    line: RecordLine


@dataclass(frozen=True, kw_only=True)
class SearchSoFar:
    """What a search has found by now."""

    found: Sequence[Found] = ()  # log by log, of each the oldest first
    lacks: Sequence[str] = ()  # why that is not all, a sentence each
    logs: int = 0  # to be searched
    number: int = 0  # of the log that is searched now, from 1
    share: int = 0  # of that log, in percent
    searched_bytes: int = 0  # of all logs
    error: str = ""  # why nothing more can be found
    is_over: bool = False


class LogSearch(Lookup[SearchSoFar]):
    """Searches the logs of a view for the records that a filter asks for.

    Args:
        view: of one log, or of all.
        wanted: made with `VOCABULARY`.
    """

    def __init__(self, view: LogView, wanted: Filter[Candidate]) -> None:
        super().__init__(SearchSoFar())
        self._view = view
        self._wanted = wanted
        self._pattern = pattern_of(wanted)
        self._found: list[Found] = []
        self._lacks: list[str] = []
        self._searched = 0  # bytes of the logs before

    def failed(self, why: str) -> SearchSoFar:
        return replace(self.so_far, error=why, is_over=True)

    @property
    def _is_enough(self) -> bool:
        return self.is_stopped or len(self._found) >= MOST_FOUND

    def look_up(self) -> None:
        all_logs = [(formats.log_name(one.path), one) for one in self._view.every_access()]
        logs = [(name, access) for name, access in all_logs if self._may_be_in(name)]
        for number, (name, access) in enumerate(logs, 1):
            self.publish(replace(self.so_far, logs=len(logs), number=number, share=0))
            self._search(terminal_safe(name), access)
            if self._is_enough:
                self._lacks.append(self._why_no_further(number, len(logs)))
                break
        self.publish(self._state(is_over=True))

    def _may_be_in(self, name: str) -> bool:
        asked = (value for key, value in self._wanted.wanted if key == "log")
        return all(value in name.lower() for value in asked)

    def _why_no_further(self, number: int, logs: int) -> str:
        where = f"in log {number} of {logs}, at {self.so_far.share} %"
        if self.is_stopped:
            return f"The search was stopped {where}."
        return f"The search ended at {plural(MOST_FOUND, 'record')}, {where}: ask for less."

    def _search(self, name: str, access: LogAccess) -> None:
        """Search one log; what cannot be searched of it is said, and the others are searched."""
        file = access.target.rows(ProcessedFile).filter(file_path=access.path).first()
        position = checkpoints.position_of(file) if file else None
        lacks, begins_at, done, total = lacking.gaps(access.target, file), None, 0, 0
        try:
            with (
                closing(access.open_log()) as log,
                closing(log.search([self._pattern], position)) as pieces,
            ):
                for piece in pieces:
                    begins_at = piece.begins_at if begins_at is None else begins_at
                    done, total = piece.done, piece.total
                    lacks += piece.lacks
                    self._take(name, access, piece)
                    self.publish(replace(self._state(done), share=done * 100 // max(1, total)))
                    if self._is_enough:
                        break
            if not total:
                lacks.append("It has no line here that could be searched.")
            lacks += lacking.removed(access.target, file, begins_at)
        except LogError as error:
            lacks.append(str(error))
        self._searched += done
        self._lacks += [f"{name}: {terminal_safe(lack)}" for lack in lacks]

    def _take(self, name: str, access: LogAccess, piece: Searched) -> None:
        """Keep what is meant of a piece."""
        entries = [*piece.entries, *piece.ahead]
        letters = letters_of(access.target, access.path, entries)
        for place, entry in enumerate(entries):
            line = line_of(entry, letters, is_ahead=place >= len(piece.entries))
            if self._wanted.matches(Candidate(name, entry, line)):
                self._found.append(Found(path=access.path, log=name, line=line))
        del self._found[MOST_FOUND:]

    def _state(self, done: int = 0, *, is_over: bool = False) -> SearchSoFar:
        return replace(
            self.so_far,
            found=tuple(self._found),
            lacks=tuple(self._lacks),
            searched_bytes=self._searched + done,
            is_over=is_over,
        )

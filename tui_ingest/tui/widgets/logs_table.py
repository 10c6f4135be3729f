"""All logs in columns, and a line that adds them up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType

from tui_ingest.tui.view import formats, wording
from tui_ingest.tui.view.log_rows import VOCABULARY, LogRow
from tui_ingest.tui.view.rates import sparkline
from tui_ingest.tui.view.wording import Tone
from tui_ingest.tui.widgets.list_view import Column, ListView
from tui_ingest.tui.widgets.rows import Piece
from tui_ingest.words.numbers import duration, plural, size

# In cells, the space between them included; the first ones have room before the others. Those that
# are 0 are as wide as what is in them.
_CELLS = {
    "state": 0,
    "behind": 8,
    "letters": 8,
    "gaps": 6,
    "rec/s": 8,
    "unread": 10,
    "where": 0,
    "": 9,  # the rates as bars
    "last": 9,
    "verified": 0,
}
NAME_CELLS = 24  # that the column of names has, if they are as long
WHERE_CELLS = 14  # at least that of processes and hosts, if they are as long
BARS_CELLS = 31
SIGN_CELLS = 2  # of the state, where the number of letters has no room beside the word
_TONES = {
    Tone.QUIET: "rows--quiet",
    Tone.GOOD: "rows--good",
    Tone.WARNING: "rows--warning",
    Tone.BAD: "rows--bad",
}


_DECIMALS = re.compile(r"\.\d")  # for which a narrow column has no room


class LogsTable(ListView[LogRow]):
    """One line for each log that the filter lets through; at first the worst comes first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Open", id="inspect")]
    CLOSING = True
    COLUMNS: ClassVar = [
        Column(name="state", by=lambda row: row.rank),
        Column(name="log", by=lambda row: row.name),
        Column(name="where", by=lambda row: row.where),
        Column(name="behind", by=lambda row: row.lag or 0.0, falling=True, right=True),
        Column(name="unread", by=lambda row: row.unread or 0, falling=True, right=True),
        Column(name="rec/s", by=lambda row: row.rate, falling=True, right=True),
        Column(name=""),
        Column(name="letters", by=lambda row: row.dead_letters, falling=True, right=True),
        Column(name="gaps", by=lambda row: row.gaps, falling=True, right=True),
        Column(name="verified", by=lambda row: (not row.differs, row.verified), right=True),
        Column(name="last", by=lambda row: row.last_record_time or 0.0, right=True),
    ]
    VOCABULARY: ClassVar = VOCABULARY

    def __init__(self) -> None:
        super().__init__(id="logs")
        self._now = 0.0  # seconds since the epoch
        self._top = 0  # records per second, of the highest bar
        self._widest: dict[str, int] = {}  # cells, of the columns that are as wide as their rows
        self.set_reactive(LogsTable.sort_column, "state")

    def show_at(self, rows: Sequence[LogRow], now: float) -> None:
        """Show what is known at a time, in seconds since the epoch."""
        self._now = now
        self.show(rows)

    @property
    def shows_times(self) -> bool:
        """Whether there is room for when the last record was."""
        return "last" in self.widths(self.scrollable_content_region.width)

    @property
    def shows_signs(self) -> bool:
        """Whether there is no room for the words of the states."""
        return self.widths(self.scrollable_content_region.width).get("state") == SIGN_CELLS

    def rows_changed(self) -> None:
        rows = self._all  # those that the filter hides, too: columns do not move as it is typed
        self._top = max((bar for row in rows for bar in row.bars), default=0)
        self._widest = {
            "log": max((len(row.name) for row in rows), default=0),
            "state": max(7, *(cell_len(row.badge.text) for row in rows), 0) + 1,
            "where": max(6, *(len(_where(row)) for row in rows), 0) + 1,
            "verified": _verified_cells(rows),
        }
        super().rows_changed()

    def identity(self, row: LogRow) -> str:
        return row.path

    def widths(self, width: int) -> dict[str, int]:
        cells = self._widths(width, self._widest)
        if "letters" in cells:
            return cells
        return self._widths(width, {**self._widest, "state": SIGN_CELLS})

    def _widths(self, width: int, widest: Mapping[str, int]) -> dict[str, int]:
        cells: dict[str, int] = {}
        names = widest.get("log", 0) + 1
        room = width - min(names, max(min(NAME_CELLS, width - 20), width // 3))
        for column, fixed in _CELLS.items():
            wanted = fixed or widest.get(column, 0)
            if column == "where":
                wanted = min(wanted, max(WHERE_CELLS, width // 8))
            if sum(cells.values()) + wanted <= room:
                cells[column] = wanted
        left = width - sum(cells.values()) - names
        if "" in cells and left > 0:
            cells[""] = min(cells[""] + left, BARS_CELLS)
        cells["log"] = width - sum(cells.values())
        return {name: cells[name] for column in self.COLUMNS if cells.get(name := column.name)}

    def cell(self, column: str, row: LogRow, cells: int) -> Piece:
        match column:
            case "state":
                text = row.badge.text[:1] if cells == SIGN_CELLS else row.badge.text
                return formats.fit(text, cells - 1) + " ", _TONES.get(row.badge.tone, "")
            case "log":
                return formats.fit(formats.shorten_start(row.name, cells - 1), cells), ""
            case "where":
                return formats.fit(
                    formats.shorten_start(_where(row), cells - 1), cells
                ), "rows--quiet"
            case "":
                return " " + sparkline(row.bars, cells - 1, self._top), "rows--accent"
        text, tone = self._figure(column, row)
        return formats.fit(text, cells, align="right"), tone

    def _figure(self, column: str, row: LogRow) -> Piece:
        match column:
            case "behind":
                return _behind(row)
            case "unread":
                return _or_none(size(row.unread) if row.unread else row.unread)
            case "rec/s":
                return _or_none(formats.count(row.rate) if row.rate else row.rate)
            case "letters" | "gaps":
                return _bad(row.gaps if column == "gaps" else row.dead_letters)
            case "verified":
                return row.verified or "–", _verified_tone(row)
            case _:
                return formats.short_moment(row.last_record_time, self._now), "rows--quiet"

    def closing(self, width: int) -> Iterable[Piece]:
        rows = self.shown
        if not rows:
            yield self.nothing(), "rows--quiet"
            return
        sums = {
            "log" if self.shows_signs else "state": plural(len(rows), "log"),
            "unread": size(sum(row.unread or 0 for row in rows)),
            "rec/s": formats.count(sum(row.rate for row in rows)),
            "letters": formats.count(sum(row.dead_letters for row in rows)),
            "gaps": formats.count(sum(row.gaps for row in rows)),
        }
        for name, cells in self.widths(width).items():
            align = "left" if name in {"state", "log"} else "right"
            yield formats.fit(sums.get(name, ""), cells, align=align), ""


def _verified_cells(rows: Sequence[LogRow]) -> int:
    """Return how wide the verdicts are; no DIGEST in any log, no column."""
    longest = max((cell_len(row.verified) for row in rows), default=0)
    return max(longest, len("verified ")) + 1 if longest else 0


def _where(row: LogRow) -> str:
    return row.where.removeprefix("pid ") or "–"


def _behind(row: LogRow) -> Piece:
    lag = row.lag
    if lag is None:
        return "?", "rows--quiet"
    if row.is_backlog:
        return _DECIMALS.sub("", size(row.unread or 0)), _TONES[Tone.WARNING]
    if not lag:
        return "–", "rows--quiet"
    return duration(lag) if lag >= 1 else "<1s", _TONES[wording.lag_tone(lag)]


def _or_none(found: str | int | None) -> Piece:
    if not found:
        return "?" if found is None else "–", "rows--quiet"
    return str(found), ""


def _bad(number: int) -> Piece:
    return (formats.count(number), "rows--bad") if number else ("–", "rows--quiet")


def _verified_tone(row: LogRow) -> str:
    if row.differs:
        return "rows--bad"
    return "rows--good" if row.verified.startswith("✓") else "rows--quiet"

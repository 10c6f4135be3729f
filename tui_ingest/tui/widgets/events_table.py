"""What happened, in columns, the latest below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from tui_ingest.ingest.events import Severity
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.lines import MarkerLine
from tui_ingest.tui.view.log_events import OF_ALL_LOGS, VOCABULARY
from tui_ingest.tui.widgets.list_view import Column, ListView, OfAllLogs, with_log
from tui_ingest.tui.widgets.rows import Piece

KIND_CELLS = 22

_TONES = {Severity.INFO: "", Severity.WARNING: "rows--warning", Severity.ERROR: "rows--bad"}


class EventsTable(ListView[MarkerLine]):
    """One line for each event."""

    COLUMNS: ClassVar = [
        Column(name="time", by=lambda line: line.at),
        Column(name="what", by=lambda line: line.kind),
        Column(name="message"),
    ]
    VOCABULARY: ClassVar = VOCABULARY

    def __init__(self) -> None:
        super().__init__(id="events")
        self._longest_kind = 0  # cells
        self.set_reactive(EventsTable.sort_column, "time")

    def show(self, rows: Sequence[MarkerLine]) -> None:
        """Show other events; a cursor at the end stays at the end."""
        at_end = self.cursor >= len(self.shown) - 1
        super().show(rows)
        if at_end:
            self.action_last()

    def rows_changed(self) -> None:
        self._longest_kind = max((len(line.kind) for line in self.shown), default=KIND_CELLS)
        super().rows_changed()

    def nothing(self) -> str:
        return super().nothing() or "nothing has happened besides records"

    def identity(self, row: MarkerLine) -> MarkerLine:
        return row

    def widths(self, width: int) -> dict[str, int]:
        kind = min(KIND_CELLS, max(len("what "), self._longest_kind) + 1)
        rest = max(0, width - formats.STAMP_CELLS - kind)
        return {"time": formats.STAMP_CELLS, "what": kind, "message": rest}

    def cell(self, column: str, row: MarkerLine, cells: int) -> Piece:
        match column:
            case "time":
                return formats.fit(formats.date_and_time(row.at), cells), "rows--quiet"
            case "what":
                text = formats.fit(row.kind.replace("_", " "), cells - 1) + " "
            case "log":
                text = formats.fit(formats.shorten_start(row.log, cells - 1), cells)
            case _:
                text = formats.fit(row.text, cells)
        return text, _TONES[row.severity]


class AllEventsTable(OfAllLogs, EventsTable):
    """Those of all logs."""

    COLUMNS: ClassVar = with_log(EventsTable.COLUMNS)
    VOCABULARY: ClassVar = OF_ALL_LOGS

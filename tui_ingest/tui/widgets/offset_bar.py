"""How far the generation being read is applied."""

from __future__ import annotations

from pathlib import PurePath

from textual.content import Content

from tui_ingest.ingest.status import SessionStatus
from tui_ingest.tui.view import formats
from tui_ingest.tui.widgets.throttle import Steady
from tui_ingest.words.numbers import plural

MIN_BAR_CELLS = 8
_WORDS = {"byte": "offset"}  # for what positions count, where that is not its own word


class OffsetBar(Steady):
    """The log's name, a bar, the offset in bytes of how many, and the older files to go."""

    DEFAULT_CSS = "OffsetBar { height: 1; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._snapshot = SessionStatus()

    def show(self, snapshot: SessionStatus) -> None:
        """Show where a session stands."""
        self._snapshot = snapshot
        self.look()

    def content(self) -> Content:
        snapshot = self._snapshot
        offset = snapshot.position.offset
        total = max(offset, snapshot.backlog.generation_size if snapshot.backlog else 0)
        share = offset / total if total else 0.0
        unit = snapshot.backlog.unit if snapshot.backlog else "byte"
        word = _WORDS.get(unit, unit)
        figures = f" {word} {formats.count(offset)} / {formats.count(total)}  {int(share * 100)} %"
        older = snapshot.backlog.older_generations if snapshot.backlog else 0
        if older:
            figures += f"  {plural(older, 'older file')} to go"
        name = PurePath(snapshot.path).name
        room = self.size.width - len(figures)
        name = formats.fit(name, min(len(name), 24, max(0, room - MIN_BAR_CELLS - 1)))
        done, ahead = _bar(max(MIN_BAR_CELLS, room - len(name) - 1), share)
        return Content.assemble(f"{name} ", (done, "$primary"), (ahead, "$text-muted"), figures)


def _bar(width: int, share: float) -> tuple[str, str]:
    """Return the done and the open part; they differ in weight, not in colour alone."""
    done = int(width * share)
    return "━" * done, "─" * (width - done)

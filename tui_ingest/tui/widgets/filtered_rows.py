"""Rows, of which a filter hides some, and the input that it is typed in."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, cast

from textual.binding import Binding, BindingType
from textual.widgets import Input

from tui_ingest.tui.view.filtering import Filter
from tui_ingest.tui.view.view_memory import Facts, ViewMemory
from tui_ingest.tui.widgets.rows import RowsView


class FilterInput(Input):
    """Out of sight until it is wanted; its screen has the actions `keep_filter` and `peel`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.keep_filter", "Keep this filter", id="keep_filter"),
        Binding("escape", "screen.peel", "Clear it", id="clear_filter"),
    ]

    def __init__(self, *, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, id="filter")
        self.display = False

    def open(self, typed: str) -> None:
        """Take the keyboard at once: the next key may have come with the one that opens it."""
        self.value = typed
        self.display = True
        self.screen.set_focus(self)


class Remembers(Protocol):
    """An app that remembers how its lists are looked at."""

    memory: ViewMemory


class FilteredRows(RowsView):
    """Rows, some of which a filter hides; the screen has the input that it is typed in."""

    @property
    def filter(self) -> Filter[Any]:
        """What is shown."""
        raise NotImplementedError

    @property
    def total(self) -> int:
        """How many rows there are, shown or not."""
        raise NotImplementedError

    def apply_filter(self, typed: str) -> None:
        """Show only what matches."""
        raise NotImplementedError

    @property
    def filter_told(self) -> str:
        """What is shown of how many: "/failed/ 7 of 10,231"."""
        return f"/{self.filter.typed}/ {self.row_count():,} of {self.total:,}"

    # How it is looked at, next time, too

    def arrangement(self) -> dict[str, str | bool]:
        """Return how somebody likes to look at it."""
        return {"filter": self.filter.typed}

    def restore(self, facts: Facts) -> None:
        """Be looked at so; what cannot be any more is left as it is."""
        if (typed := facts.get("filter")) and isinstance(typed, str):
            self.apply_filter(typed)

    @property
    def remembered_as(self) -> str:
        """What this kind of list is called where that is kept."""
        return self.id or ""

    @property
    def _memory(self) -> ViewMemory:
        return cast(Remembers, self.app).memory

    def remember(self) -> None:
        """Remember how it is looked at now."""
        self._memory.remember(self.remembered_as, self.arrangement())

    def on_mount(self) -> None:
        self.restore(self._memory.recall(self.remembered_as))

    def nothing(self) -> str:
        if self.filter.unknown:
            return self.filter.unknown
        return f"none of {self.total:,} matches" if self.filter and self.total else ""

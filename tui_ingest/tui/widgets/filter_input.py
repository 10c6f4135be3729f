"""Where a filter is typed, below the list that it is for."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input


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

"""Where a filter is typed, below the list that it is for."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input


class FilterInput(Input):
    """Out of sight until it is wanted; its screen has the action `peel`, which clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Keep this filter", id="keep_filter"),
        Binding("escape", "screen.peel", "Clear it", id="clear_filter"),
    ]

    def __init__(self, *, placeholder: str) -> None:
        super().__init__(placeholder=placeholder, id="filter")
        self.display = False

    def open(self) -> None:
        """Take the keyboard."""
        self.display = True
        self.focus()

"""What keys are called, for people: after a project's own choice, and in words they know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode


class KeyNamesApp(App[None]):
    """An app that can tell what the key of each binding is called.

    Args:
        first_keys: the first key of each id, as it is now.
    """

    def __init__(self, first_keys: Mapping[str, str]) -> None:
        super().__init__()
        self._first_keys = first_keys

    def get_key_display(self, binding: Binding) -> str:
        """Return a key for people to read; not all of them know what ⏎ stands for."""
        return super().get_key_display(binding).replace("⏎", "enter")

    def key_name(self, key_id: str) -> str:
        """Return the key of a binding, for people to read."""
        (first, *_) = Binding.make_bindings([Binding(self._first_keys[key_id], "")])
        return self.get_key_display(first)


def key_name(node: DOMNode, key_id: str) -> str:
    """Return the key of a binding, for a screen or a widget to show."""
    return cast("KeyNamesApp", node.app).key_name(key_id)

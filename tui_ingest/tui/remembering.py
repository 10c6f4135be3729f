"""What a widget remembers of how it is looked at."""

from __future__ import annotations

from typing import Protocol, cast

from textual.dom import DOMNode

from tui_ingest.tui.view.view_memory import ViewMemory


class Remembers(Protocol):
    """An app that remembers."""

    memory: ViewMemory


def memory(node: DOMNode) -> ViewMemory:
    """Return the app's memory, for a widget."""
    return cast(Remembers, node.app).memory

"""Keys in words: what they are called, and what is said about the one that was pressed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.notifications import SeverityLevel
from textual.signal import Signal


@dataclass(frozen=True, kw_only=True)
class Said:
    """A sentence, and how grave it is."""

    text: str
    severity: SeverityLevel


class SpeakingApp(App[None]):
    """An app that says things where they cover nothing: in the place of the keys.

    Textual's toasts lie over what they speak of, and go when they like.

    Args:
        first_keys: the first key of each id, as it is now.
    """

    def __init__(self, first_keys: Mapping[str, str]) -> None:
        super().__init__()
        self._first_keys = first_keys
        self.said: Said | None = None
        self.said_signal: Signal[Said | None] = Signal(self, "said")

    def get_key_display(self, binding: Binding) -> str:
        """Return a key for people to read; not all of them know what ⏎ stands for."""
        return super().get_key_display(binding).replace("⏎", "enter")

    def key_name(self, key_id: str) -> str:
        """Return the key of a binding, for people to read."""
        (first, *_) = Binding.make_bindings([Binding(self._first_keys[key_id], "")])
        return self.get_key_display(first)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,  # noqa: ARG002  # Textual's signature
        markup: bool = True,  # noqa: ARG002
    ) -> None:
        """Say something. It is text, whatever it looks like."""
        self._say(Said(text=f"{title}: {message}" if title else message, severity=severity))

    def fall_silent(self) -> None:
        """Show the keys again."""
        if self.said is not None:
            self._say(None)

    def _say(self, said: Said | None) -> None:
        self.said = said
        self.said_signal.publish(said)


def speaker(node: DOMNode) -> SpeakingApp:
    """Return the app, for a widget that shows what is said."""
    return cast("SpeakingApp", node.app)


def key_name(node: DOMNode, key_id: str) -> str:
    """Return the key of a binding, for a screen or a widget to show."""
    return speaker(node).key_name(key_id)

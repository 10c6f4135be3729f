"""What the console says about a key: below everything, until the next key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from textual.dom import DOMNode
from textual.notifications import SeverityLevel
from textual.signal import Signal

from tui_ingest.tui.key_names import KeyNamesApp


@dataclass(frozen=True, kw_only=True)
class Said:
    """A sentence, and how grave it is."""

    text: str
    severity: SeverityLevel


class SpeakingApp(KeyNamesApp):
    """An app that says things where they cover nothing: in the place of the keys.

    Textual's toasts lie over what they speak of, and go when they like.
    """

    def __init__(self, first_keys: Mapping[str, str]) -> None:
        super().__init__(first_keys)
        self.said: Said | None = None
        self.said_signal: Signal[Said | None] = Signal(self, "said")

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

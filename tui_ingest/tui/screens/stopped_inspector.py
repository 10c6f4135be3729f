"""The record that the session stopped on, with the keys that decide about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui_ingest.tui.screens.inspector import InspectorScreen
from tui_ingest.tui.view.inspection import LookUp
from tui_ingest.tui.view.log_view import LogView


class StoppedInspector(InspectorScreen):
    """The inspector before a decision; a key decides as it does in the stop panel.

    Args:
        decide: takes retry, edit, discard or set_aside, once this screen is left.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "decide('retry')", "Retry", tooltip="Try it again", id="retry"),
        Binding("i", "decide('edit')", "Edit", tooltip="Put it right first", id="edit"),
        Binding("x", "decide('discard')", "Discard", tooltip="Give it up", id="discard"),
        Binding("a", "decide('set_aside')", "Set aside", tooltip="Go on", id="set_aside"),
    ]

    def __init__(
        self,
        view: LogView,
        look_up: LookUp,
        decide: Callable[[str], None],
    ) -> None:
        super().__init__(view, look_up)
        self._decide = decide

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "decide":
            return True if self.view.status.stopped_on is not None else None
        return super().check_action(action, parameters)

    def why_not(self, action: str) -> str:
        if action.startswith("decide"):
            return "It was decided about this record already."
        return super().why_not(action)

    def key_state(self) -> tuple[object, ...]:
        return *super().key_state(), self.view.status.stopped_on is not None

    def action_decide(self, decision: str) -> None:
        """Go back, and do with the record what the stop panel does."""
        self.dismiss()
        self._decide(decision)

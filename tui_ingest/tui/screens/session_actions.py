"""What an operator orders the session to do, besides pausing it."""

from __future__ import annotations

from tui_ingest.ingest.session.control import StepTo
from tui_ingest.tui.screens.console_screen import ConsoleScreen

_WHILE_PAUSED = {"step", "step_to_failure", "go_to"}
_WHILE_IT_RUNS = {"toggle_stop_on_error"}


class SessionActions(ConsoleScreen):
    """Orders of the main screen. Each is given at once and obeyed after the running batch."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in _WHILE_PAUSED and not self.view.held:
            return None
        if action in _WHILE_PAUSED | _WHILE_IT_RUNS and self.view.over:
            return None
        return super().check_action(action, parameters)

    def action_step(self) -> None:
        """Apply one record and stay paused."""
        self.view.step()

    def action_step_to_failure(self) -> None:
        """Go on until a record fails and stay paused."""
        self.view.step(StepTo.FAILURE)

    def action_toggle_stop_on_error(self) -> None:
        """Stand before the next record that fails, or set such records aside again."""
        self.view.order_stop_on_error(not self.view.status.stop_on_error)

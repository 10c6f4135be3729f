"""What an operator orders the session to do."""

from __future__ import annotations

from tui_ingest.ingest.session.control import StepTo
from tui_ingest.tui.screens.console_screen import ConsoleScreen
from tui_ingest.tui.screens.dialogs import TakeOverDialog

_WHILE_PAUSED = {"step", "step_to_failure", "go_to"}
_WHILE_IT_RUNS = {"toggle_stop_on_error"}


class SessionActions(ConsoleScreen):
    """Orders of the main screen. Each is given at once and obeyed after the running batch."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"pause", "resume"}:
            if self.view.over:
                return None if action == "pause" else False
            return self.view.held is (action == "resume")
        if action == "take_over":
            status = self.view.status
            return None if self.view.access.only_look or not status.attached else True
        if action in _WHILE_PAUSED and not self.view.held:
            return None
        if action in _WHILE_PAUSED | _WHILE_IT_RUNS and self.view.over:
            return None
        return super().check_action(action, parameters)

    def why_not(self, action: str) -> str:
        if action == "pause":
            return "The session has ended: there is nothing to pause."
        if action == "take_over":
            if self.view.access.only_look:
                return "--attach only looks. Start the console without it to take over."
            return "The log is applied here already."
        if action in _WHILE_PAUSED and not self.view.over:
            return f"Pause first ({self.key_name('pause')}): that is done while nothing else is."
        if action in _WHILE_PAUSED | _WHILE_IT_RUNS:
            return "The session has ended: it takes no orders any more."
        return super().why_not(action)

    def action_pause(self) -> None:
        """Stop after the running batch."""
        self.view.pause()
        self.look()

    def action_resume(self) -> None:
        """Go on."""
        self.view.resume()
        self.look()

    def action_take_over(self) -> None:
        """Apply the log here, once that was confirmed."""
        dialog = TakeOverDialog(self.view.status.runs_on)
        self.ask(dialog, lambda _: self.view.take_over())

    def action_step(self) -> None:
        """Apply one record and stay paused."""
        self._step(StepTo.RECORD)

    def action_step_to_failure(self) -> None:
        """Go on until a record fails and stay paused."""
        self._step(StepTo.FAILURE)

    def _step(self, to: StepTo) -> None:
        backlog = self.view.status.backlog
        if backlog is not None and not backlog.applicable_bytes:
            self.notify("Nothing is unread: there is no record to step to.", severity="warning")
        self.view.orders.step(to)  # one may have come since the log was looked at

    def action_toggle_stop_on_error(self) -> None:
        """Stand before the next record that fails, or set such records aside again."""
        self.view.orders.order_stop_on_error(not self.view.status.stop_on_error)

"""What an operator orders the session to do."""

from __future__ import annotations

from tui_ingest.ingest.control import StepTo
from tui_ingest.tui.screens.console_screen import ConsoleScreen


class SessionActions(ConsoleScreen):
    """Orders of the main screen. Each is given at once and obeyed after the running batch."""

    def can_command(self, action: str) -> bool | None:
        """Tell whether an order makes sense now; None shows its key as inactive."""
        if self.console.over:
            return None
        paused = self.console.control.paused
        match action:
            case "pause":
                return not paused
            case "resume":
                return paused
            case "step" | "step_to_failure" | "go_to":
                return True if paused else None
        return True

    def action_pause(self) -> None:
        """Stop after the running batch."""
        self.console.control.pause()
        self.console.look()

    def action_resume(self) -> None:
        """Go on."""
        self.console.control.resume()
        self.console.look()

    def action_step(self) -> None:
        """Apply one record and stay paused."""
        self.console.control.step()

    def action_step_to_failure(self) -> None:
        """Go on until a record fails and stay paused."""
        self.console.control.step(StepTo.FAILURE)

    def action_toggle_stop_on_error(self) -> None:
        """Stand before the next record that fails, or set such records aside again."""
        control = self.console.control
        control.stop_on_error = not control.stop_on_error
        self.console.look()

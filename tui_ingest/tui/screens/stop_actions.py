"""What an operator decides about the record that the session stopped on."""

from __future__ import annotations

from tui_ingest.ingest.session.control import Decision
from tui_ingest.oplog.records import RecordLocation
from tui_ingest.tui.screens.console_screen import ConsoleScreen
from tui_ingest.tui.screens.edit import EditScreen
from tui_ingest.tui.view.lines import RecordLine
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.widgets.log_pane import LogPane
from tui_ingest.tui.widgets.stop_panel import StopPanel

_DECISIONS = {"retry_stopped", "edit_stopped", "set_aside_stopped"}


class StopActions(ConsoleScreen):
    """The keys of the stop panel.

    A record is edited as a dead letter: it is set aside first, and the session pauses until it is
    repaired or given up, so that nothing later overtakes it.
    """

    def __init__(self, view: LogView) -> None:
        super().__init__(view)
        self._to_edit: RecordLocation | None = None  # set aside in order to be edited
        self._resume_after = False  # the pause is ours

    def look(self) -> None:
        super().look()
        stopped = self.view.status.stopped_on
        reading = not self.query_one(LogPane).following
        self.query_one(StopPanel).show(stopped, reading=reading)
        self.set_class(stopped is not None, "-stopped")
        self._edit_once_it_is_set_aside()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in _DECISIONS and self.view.status.stopped_on is None:
            return False
        return super().check_action(action, parameters)

    def why_not(self, action: str) -> str:
        if action in _DECISIONS:
            letters, stop = self.key_name("dead_letters"), self.key_name("stop_on_error")
            return (
                "It has not stopped on a record. Those that failed are among the dead letters"
                f" ({letters}); {stop} has it stop before the next."
            )
        return super().why_not(action)

    def action_retry_stopped(self) -> None:
        """Try the record again: what it lacked may be here now."""
        self.view.decide(Decision.RETRY)

    def action_set_aside_stopped(self) -> None:
        """Keep the record as a dead letter and go on."""
        self.view.decide(Decision.SET_ASIDE)

    def action_edit_stopped(self) -> None:
        """Set the record aside and put it right before anything else is applied."""
        stopped, view = self.view.status.stopped_on, self.view
        if stopped is None:
            return
        self._to_edit = stopped.location
        self._resume_after = not view.held
        view.pause()
        view.decide(Decision.SET_ASIDE)

    def _edit_once_it_is_set_aside(self) -> None:
        if self._to_edit is None:
            return
        line = self.view.lines.failed_at(self._to_edit)
        if line is not None and line.dead_letter is not None:
            self._to_edit = None
            self.app.push_screen(
                EditScreen(self.view, line.dead_letter), lambda _: self._go_on(line)
            )

    def _go_on(self, line: RecordLine) -> None:
        if line.failed:  # the editor was left without putting it right
            self.notify(
                f"It is set aside as dead letter {line.dead_letter}. The session is paused:"
                " repair it (d), or go on without it.",
                severity="warning",
                markup=False,
            )
        elif self._resume_after:
            self.view.resume()

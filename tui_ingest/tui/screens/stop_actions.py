"""The record that the session stopped on: what an operator decides about it, and its inspector."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_ingest.ingest.session.control import Decision
from tui_ingest.oplog.records import RecordLocation
from tui_ingest.tui.screens.console_screen import ConsoleScreen
from tui_ingest.tui.screens.dialogs import DiscardDialog
from tui_ingest.tui.screens.edit import EditScreen
from tui_ingest.tui.screens.inspector import InspectorScreen
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.inspection import LookUp
from tui_ingest.tui.view.lines import RecordLine
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.view.repairs import discard
from tui_ingest.tui.widgets.log_pane import LogPane
from tui_ingest.tui.widgets.stop_panel import StopPanel

_DECISIONS = {"retry_stopped", "edit_stopped", "discard_stopped", "set_aside_stopped"}


class StopActions(ConsoleScreen):
    """The keys of the stop panel; they mean what they mean for a dead letter.

    A record is edited and discarded as a dead letter: it is set aside first. For an edit the
    session pauses until the record is repaired or given up, so that nothing later overtakes it.
    """

    def __init__(self, view: LogView) -> None:
        super().__init__(view)
        self._waiting_for: RecordLocation | None = None  # to be set aside
        # What is done once it is, with its line and its dead letter.
        self._then: Callable[[RecordLine, int], object]
        self._resume_after = False  # the pause is ours

    def look(self) -> None:
        super().look()
        stopped = self.view.status.stopped_on
        reading = not self.query_one(LogPane).following
        self.query_one(StopPanel).show(stopped, reading=reading)
        self.set_class(stopped is not None, "-stopped")
        self._go_on_once_it_is_set_aside()

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
        self.view.orders.decide(Decision.RETRY)

    def action_set_aside_stopped(self) -> None:
        """Keep the record as a dead letter and go on."""
        self._set_aside(self._say_that_it_is_paused)

    def action_edit_stopped(self) -> None:
        """Set the record aside and put it right before anything else is applied."""
        self._resume_after = not self.view.held
        self.view.pause()
        self._set_aside(self._edit)

    def action_discard_stopped(self) -> None:
        """Set the record aside and give it up, with a reason."""
        if self.view.status.stopped_on is not None:
            dialog = DiscardDialog("the record")
            self.ask(dialog, lambda why: self._set_aside(partial(self._discard, why)))

    def _set_aside(self, then: Callable[[RecordLine, int], object]) -> None:
        stopped = self.view.status.stopped_on
        if stopped is not None:
            self._waiting_for, self._then = stopped.location, then
            self.view.orders.decide(Decision.SET_ASIDE)

    def _go_on_once_it_is_set_aside(self) -> None:
        if self._waiting_for is None:
            return
        line = self.view.lines.failed_at(self._waiting_for)
        if line is not None and line.dead_letter is not None:
            self._waiting_for = None
            self._then(line, line.dead_letter)

    def _say_that_it_is_paused(self, _: RecordLine, letter: int) -> None:
        """A pause that was ordered before the decision goes on after it."""
        if self.view.held:
            self.notify(
                f"Set aside as dead letter {letter}. The session is paused:"
                f" {self.key_name('pause')} goes on.",
                severity="warning",
            )

    def _edit(self, line: RecordLine, letter: int) -> None:
        self.app.push_screen(EditScreen(self.view, letter), lambda _: self._after_edit(line))

    def _after_edit(self, line: RecordLine) -> None:
        if line.failed:  # the editor was left without putting it right
            letters = self.key_name("dead_letters")
            self.notify(
                f"It is set aside as dead letter {line.dead_letter}. The session is paused:"
                f" repair it ({letters}), or go on without it ({self.key_name('pause')}).",
                severity="warning",
            )
        elif self._resume_after:
            self.view.resume()

    @work(group="repair", exit_on_error=False)
    async def _discard(self, why: str, _: RecordLine, letter: int) -> None:
        target, feed = self.view.access.target, self.view.feed
        await in_thread(discard, [letter], target, why=why, feed=feed)


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

    def __init__(self, view: LogView, look_up: LookUp, decide: Callable[[str], None]) -> None:
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

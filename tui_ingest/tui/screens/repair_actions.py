"""What an operator does about one dead letter: retry, edit, discard."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_ingest.ingest.reasons import first_line
from tui_ingest.tui.screens.console_screen import ConsoleScreen
from tui_ingest.tui.screens.discard import DiscardDialog
from tui_ingest.tui.screens.edit import EditScreen
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.repairs import RetryRun, discard

_REPAIRS = {"retry", "edit", "discard", "retry_shown", "discard_shown"}


class RepairActions(ConsoleScreen):
    """The keys of the screens on which a dead letter stands under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "retry", "Retry", tooltip="Apply the dead letter now", id="retry"),
        Binding("i", "edit", "Edit", tooltip="Put it right, then retry", id="edit"),
        Binding("x", "discard", "Discard", tooltip="Give it up, with a reason", id="discard"),
    ]

    def chosen_letter(self) -> int | None:
        """Return the id of the open dead letter that the keys are about."""
        raise NotImplementedError

    def repaired(self) -> None:
        """Show what has changed."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"retry", "edit", "discard"}:
            repairable = self.chosen_letter() is not None and not self.view.access.dry_run
            return True if repairable else None
        return super().check_action(action, parameters)

    def why_not(self, action: str) -> str:
        if self.view.access.dry_run and action in _REPAIRS:
            return "This is a dry run: it changes nothing, and nor does that key."
        if action in {"retry", "edit", "discard"}:
            return "That is done to an open dead letter, and here is none."
        return super().why_not(action)

    def action_retry(self) -> None:
        """Apply the dead letter now."""
        letter = self.chosen_letter()
        if letter is not None:
            self._retry(letter)

    @work(exclusive=True, group="repair", exit_on_error=False)
    async def _retry(self, letter: int) -> None:
        self.notify("Retrying …")  # until it is done: the database may have it wait
        run = RetryRun([letter], self.view.access.target, feed=self.view.feed)
        while not run.finished:
            await in_thread(run.run_chunk)
        self._say_how_it_went(run)
        self.repaired()

    def _say_how_it_went(self, run: RetryRun) -> None:
        if run.last_error:
            self.complain(first_line(run.last_error), "It failed again")
        else:
            self.notify("Applied.", markup=False)

    def action_edit(self) -> None:
        """Put the record right, then retry it."""
        letter = self.chosen_letter()
        if letter is not None:
            self.app.push_screen(EditScreen(self.view, letter), lambda _: self.repaired())

    def action_discard(self) -> None:
        """Give the dead letter up, with a reason."""
        letter = self.chosen_letter()
        if letter is not None:
            dialog = DiscardDialog("1 dead letter")
            self.app.push_screen(dialog, partial(self._discard_if, letter))

    def _discard_if(self, letter: int, why: str | None) -> None:
        if why is not None:
            self._discard(letter, why)

    @work(exclusive=True, group="repair", exit_on_error=False)
    async def _discard(self, letter: int, why: str) -> None:
        target, feed = self.view.access.target, self.view.feed
        await in_thread(discard, [letter], target, why=why, feed=feed)
        self.repaired()

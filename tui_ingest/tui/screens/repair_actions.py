"""What an operator does about dead letters: retry, edit, discard; and many of them together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Button

from tui_ingest.ingest.reasons import first_line
from tui_ingest.tui.screens.console_screen import ConsoleScreen
from tui_ingest.tui.screens.dialogs import Dialog, DiscardDialog
from tui_ingest.tui.screens.edit import EditScreen
from tui_ingest.tui.speaking import key_name
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.view.repairs import RetryRun, discard
from tui_ingest.tui.view.wording import Tone
from tui_ingest.words.numbers import plural

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
        if (letter := self.chosen_letter()) is not None:
            self._retry(letter)

    @work(exclusive=True, group="repair", exit_on_error=False)
    async def _retry(self, letter: int) -> None:
        self.notify("Retrying …")  # until it is done: the database may have it wait
        run = RetryRun([letter], self.view.access.target, feed=self.view.feed)
        while not run.finished:
            await in_thread(run.run_chunk)
        result = run.result_of(letter)
        if result.applied:
            self.notify("Applied.", markup=False)
        else:
            failed = "It failed again" if result.failed else "It is not applied"
            self.complain(first_line(result.error) or f"It is {result.status}.", failed)
        self.repaired()

    def action_edit(self) -> None:
        """Put the record right, then retry it."""
        if (letter := self.chosen_letter()) is not None:
            self.app.push_screen(EditScreen(self.view, letter), lambda _: self.repaired())

    def action_discard(self) -> None:
        """Give the dead letter up, with a reason."""
        if (letter := self.chosen_letter()) is not None:
            self.ask_to_discard([letter])

    def ask_to_discard(self, letters: Sequence[int]) -> None:
        """Give letters up, once the reason is said."""
        dialog = DiscardDialog(plural(len(letters), "dead letter"))
        self.ask(dialog, partial(self._discard, letters))

    @work(exclusive=True, group="repair", exit_on_error=False)
    async def _discard(self, letters: Sequence[int], why: str) -> None:
        target, feed = self.view.access.target, self.view.feed
        await in_thread(discard, letters, target, why=why, feed=feed)
        self.repaired()


class RetryDialog(Dialog[bool]):
    """Returns True for the group, carefully, False for all that are shown, or None.

    Args:
        group: letters in it.
        what: "3 dead letters: missing_parent of polls.choice".
        shown: letters that are shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,R", "choose(True)", "These", id="retry_group"),
        Binding("a", "choose(False)", "All shown", id="retry_all_shown"),
    ]

    def __init__(self, group: int, what: str, shown: int) -> None:
        stages = " First 1, then 10, then the rest; it stops at the first that fails."
        super().__init__(f"Retry {what}?{stages if group > 1 else ''}")
        self._shown = shown

    def buttons(self) -> Iterator[Button]:
        these, all_shown = (key_name(self, name) for name in ("retry_group", "retry_all_shown"))
        yield Button(
            f"Retry these ({these})",
            variant="primary",
            id="these",
            action="screen.choose(True)",
        )
        label = f"All {self._shown:,} shown, whatever fails ({all_shown})"
        yield Button(label, id="all", action="screen.choose(False)")

    def action_choose(self, group: bool) -> None:
        """Retry the group, or all that are shown."""
        self.dismiss(group)


class RetryMany(RepairActions):
    """A screen on which many letters are retried, each in a transaction of its own."""

    def __init__(self, view: LogView) -> None:
        super().__init__(view)
        self.retries: RetryRun | None = None  # under way

    def show_progress(self) -> None:
        """Show how far the retries are."""
        raise NotImplementedError

    @work(exclusive=True, group="repair", exit_on_error=False)
    async def retry_many(self, letters: Sequence[int], *, careful: bool) -> None:
        """Retry letters; escape stops in between.

        Args:
            careful: first one, then ten, then the rest, up to the first that fails.
        """
        feed = self.view.feed
        run = RetryRun(letters, self.view.access.target, feed=feed, careful=careful)
        self.retries = run
        try:
            while not run.finished:
                self.show_progress()
                await in_thread(run.run_chunk)
        finally:
            self.retries = None
            self.repaired()
        done = f"{run.applied:,} of {plural(run.wanted, 'dead letter')} applied."
        if run.stopped_at is None:
            self.notify(done)
        else:
            self.notify(
                f"{done} It stopped at dead letter {run.stopped_at}: {run.last_error}",
                severity="warning",
            )

    def stop_retries(self) -> bool:
        """Stop after the running one; return whether there was any."""
        if self.retries is None:
            return False
        self.workers.cancel_group(self, "repair")
        return True


def progress(run: RetryRun, stop_key: str) -> Content:
    """Return how far retries are."""
    failed = f" · the last failure: {run.last_error}" if run.last_error else ""
    return Content.styled(
        f"Retrying: {run.tried:,} of {run.wanted:,}, {run.applied:,} applied{failed}"
        f" · {stop_key} stops after the running one",
        Tone.WARNING,
    )

"""Retries of many dead letters: asked about, watched, and stopped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from tui_ingest.tui.key_names import key_name
from tui_ingest.tui.screens.console_screen import ConsoleScreen
from tui_ingest.tui.screens.dialog import Dialog
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.view.repairs import RetryRun
from tui_ingest.tui.view.wording import Tone
from tui_ingest.words.numbers import plural


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
        super().__init__()
        self._group, self._what, self._shown = group, what, shown

    def compose(self) -> ComposeResult:
        these, all_shown = (key_name(self, name) for name in ("retry_group", "retry_all_shown"))
        with Vertical(classes="dialog"):
            stages = " First 1, then 10, then the rest; it stops at the first that fails."
            asked = f"Retry {self._what}?"
            yield Static(Content(asked + (stages if self._group > 1 else "")))
            with Horizontal(classes="buttons"):
                yield Button(f"Retry these ({these})", variant="primary", id="these")
                yield Button(f"All {self._shown:,} shown, whatever fails ({all_shown})", id="all")
                yield self.cancel_button()

    @on(Button.Pressed, "#these")
    def _these(self) -> None:
        self.dismiss(True)

    @on(Button.Pressed, "#all")
    def _all(self) -> None:
        self.dismiss(False)

    def action_choose(self, group: bool) -> None:
        """Retry the group, or all that are shown."""
        self.dismiss(group)


class RetryMany(ConsoleScreen):
    """A screen on which many letters are retried, each in a transaction of its own."""

    def __init__(self, view: LogView) -> None:
        super().__init__(view)
        self.retries: RetryRun | None = None  # under way

    def repaired(self) -> None:
        """Show what has changed."""
        raise NotImplementedError

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

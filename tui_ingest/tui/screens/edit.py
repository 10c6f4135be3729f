"""Edit a dead letter, see that it is a record again, and retry it."""

from __future__ import annotations

from typing import ClassVar

from django.db import Error as DatabaseError
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Static
from textual.widgets.text_area import Selection

from tui_ingest.ingest import deadletters
from tui_ingest.ingest.deadletters import DeadLetterError
from tui_ingest.ingest.deadletters.reading import effective_bytes
from tui_ingest.ingest.inspecting import compare
from tui_ingest.ingest.reasons import first_line
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.records import Record
from tui_ingest.tui.screens.console_screen import ConsoleScreen, help_key
from tui_ingest.tui.speaking import speaker
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.view.repairs import RetryRun
from tui_ingest.tui.view.wording import Tone
from tui_ingest.tui.widgets.json_area import JsonArea
from tui_ingest.words.record_text import Span, editable, entry_of, line_of, span_of, span_of_error
from tui_ingest.words.terminal_safe import terminal_safe


class EditScreen(ConsoleScreen):
    """The line of a dead letter as text; it goes back to the database only as a record.

    Args:
        view: the log that it is of.
        letter: id of an open dead letter.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "save", "Save and retry", priority=True, id="save"),
        Binding("escape", "close", "Cancel", priority=True, id="cancel"),
        help_key(),
    ]

    def __init__(self, view: LogView, letter: int) -> None:
        super().__init__(view)
        self.ready.clear()
        self._letter = letter

    def body(self) -> ComposeResult:
        yield Static(id="summary")
        yield JsonArea(id="editor", show_line_numbers=True)
        yield Static(id="verdict")
        with Horizontal(classes="buttons"):
            save, cancel = map(self.key_name, ("save", "cancel"))
            yield Button(f"Save and retry ({save})", id="save", compact=True, disabled=True)
            yield Button(f"Cancel ({cancel})", id="cancel", compact=True)

    def on_mount(self) -> None:
        self.query_one(JsonArea).focus()
        self._load()

    @work(exclusive=True, group="edit", exit_on_error=False)
    async def _load(self) -> None:
        try:
            letter, text, fault = await in_thread(_find, self._letter, self.view.access.target)
            self.query_one("#summary", Static).update(_summary(letter))
            self._open(text, fault)
        finally:
            self.ready.set()

    def _open(self, text: str, fault: Span | None) -> None:
        """Show the record, the value at fault chosen: what is typed takes its place."""
        editor = self.query_one(JsonArea)
        editor.load_text(text)
        if fault is not None:
            start, end = (fault.line, fault.start), (fault.line, fault.end)
            editor.selection = Selection(start, end)
            # Once it knows its size: the fault may stand far down.
            self.call_after_refresh(editor.scroll_cursor_visible, center=True)

    @on(JsonArea.Changed)
    def _judge(self) -> None:
        """Say whether the text is a record, as it is typed."""
        entry = entry_of(self._line())
        if isinstance(entry, Record):
            noun = "object" if len(entry.objects) == 1 else "objects"
            verdict = Content.styled(f"✓ a record of {len(entry.objects)} {noun}", Tone.GOOD)
        else:
            verdict = Content.styled(f"✗ {entry.reason}: {terminal_safe(entry.error)}", Tone.BAD)
        self.query_one("#verdict", Static).update(verdict)
        self.query_one("#save", Button).disabled = not isinstance(entry, Record)

    def _line(self) -> bytes:
        return line_of(self.query_one(JsonArea).text)

    @on(Button.Pressed, "#save")
    @work(exclusive=True, group="edit", exit_on_error=False)
    async def action_save(self) -> None:
        """Keep the text as the record, and retry it."""
        target = self.view.access.target
        run = RetryRun([self._letter], target, feed=self.view.feed)
        self.notify("Saving and retrying …")  # until it is done: the database may have it wait
        try:
            await in_thread(deadletters.edit, target, self._letter, self._line())
            while not run.finished:
                await in_thread(run.run_chunk)
        except (DeadLetterError, DatabaseError) as error:
            self._say(str(error))
            return
        result = run.result_of(self._letter)
        if result.applied:
            self.notify("Applied.", markup=False)
            self.dismiss()
        else:
            failed = "it failed again" if result.failed else "it is not applied"
            self._say(f"Saved, but {failed}: {result.error or result.status}")

    def _say(self, text: str) -> None:
        speaker(self).fall_silent()
        verdict = Content.styled(f"✗ {terminal_safe(text, lines=True)}", Tone.BAD)
        self.query_one("#verdict", Static).update(verdict)

    @on(Button.Pressed, "#cancel")
    def action_close(self) -> None:
        """Leave the dead letter as it is."""
        self.dismiss()


def _find(letter_id: int, target: Target) -> tuple[DeadLetter, str, Span | None]:
    """Return a dead letter, its text, and the value in it because of which it fails now."""
    letter = target.rows(DeadLetter).get(pk=letter_id)
    raw = effective_bytes(letter)
    text, entry = editable(raw), entry_of(raw)
    if not isinstance(entry, Record):
        return letter, text, span_of_error(entry.error)
    rows = compare(target, entry)
    faults = (
        span
        for place, row in enumerate(rows)
        for name in row.at_fault
        if (span := span_of(text, place, name))
    )
    return letter, text, next(faults, None)


def _summary(letter: DeadLetter) -> Content:
    return Content.assemble(
        (f"Dead letter {letter.pk} ", "bold"),
        (f"✗ {terminal_safe(letter.reason)}", Tone.BAD),
        " · the original is kept\n",
        terminal_safe(first_line(letter.error)),
    )

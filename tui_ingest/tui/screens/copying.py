"""A record for elsewhere: to the clipboard, as far as the terminal has one, or to a file."""

from __future__ import annotations

import os
from pathlib import Path

from textual import work

from tui_ingest.oplog.records import RecordLocation
from tui_ingest.tui.screens.console_screen import ConsoleScreen
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.lines import RecordLine
from tui_ingest.tui.view.record_file import write_record


class Copying(ConsoleScreen):
    """What `c` and `Y` do on the screens that show records."""

    def copy_text(self, text: str, what: str) -> None:
        """Ask the terminal to take a text; whether it does is not to be known from here."""
        self.app.copy_to_clipboard(text)
        tmux = " tmux passes it on with: set -g set-clipboard on." if "TMUX" in os.environ else ""
        file = f" {self.key_name('write_record')} writes it to a file."
        self.notify(f"Sent {what} to the terminal's clipboard (OSC 52).{tmux}{file}")

    def record_meant(self) -> RecordLine | None:
        """Return the record that the keys are about; None if none is."""
        raise NotImplementedError

    def action_copy(self) -> None:
        """Copy the record as it stands in the log, as far as it is kept."""
        if (line := self.record_meant()) is not None:
            what = "the record" if line.whole else "the beginning of the record"
            self.copy_text(line.raw.decode("utf-8", "replace"), what)

    def action_write_record(self) -> None:
        """Write the record to a file."""
        if (line := self.record_meant()) is not None:
            self.write_line(line.raw, line.location, whole=line.whole)

    @work(exclusive=True, group="record_file", exit_on_error=False)
    async def write_line(self, kept: bytes, location: RecordLocation, *, whole: bool) -> None:
        """Write a record to a new file.

        Args:
            kept: what is known of its line.
            whole: that is all of it; otherwise the log is asked.
        """
        again = None if whole else await in_thread(self.view.access.read_again, location)
        path = await in_thread(write_record, again or kept, location, Path.cwd())
        cut = "" if whole or again else " (its beginning: the log has it no more)"
        self.notify(f"Wrote the record to {path}{cut}.")

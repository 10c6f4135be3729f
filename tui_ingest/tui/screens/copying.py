"""Records for elsewhere: to the clipboard, as far as the terminal has one, or to a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from textual import work

from tui_ingest.oplog.records import RecordLocation
from tui_ingest.tui.screens.console_screen import ConsoleScreen
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.lines import RecordLine, whole_of


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


def write_lines(
    lines: Iterable[RecordLine],
    read_again: Callable[[RecordLocation], bytes | None],
    path: Path,
) -> tuple[int, int]:
    """Write lines of the log to a new file, as they stand in it. In a thread.

    Returns:
        How many were written, and how many of them only as far as they are kept, because the log
        has them no more.

    Raises:
        FileExistsError: nothing is overwritten.
        OSError: the file cannot be written.
    """
    written = cut = 0
    with path.open("xb") as file:
        for line in lines:
            whole = whole_of(line, read_again)
            cut += whole is None
            file.write((whole or line.raw) + b"\n")
            written += 1
    return written, cut


def write_record(raw: bytes, location: RecordLocation, folder: Path) -> Path:
    """Write a line of the log to a new file; return its path. In a thread.

    Raises:
        FileExistsError: it was written before; nothing is overwritten.
        OSError: the file cannot be written.
    """
    path = folder / f"record-{location.generation[:12]}-{location.start}.log"
    with path.open("xb") as file:
        file.write(raw + b"\n")
    return path

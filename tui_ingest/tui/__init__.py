"""The console. The only place that knows Textual.

launching    from options to a running console, and back to an exit status
app          the session in its thread, the screens that look at it
screens/     what an operator looks at; widgets/: the parts of that
view/        what these show, known without Textual
terminal/    the way to the terminal, which may be slow
keys         which there are, and how a project changes them
ordered_keys, speaking   keys that arrive together; what they are called, and what is said of one
commands     the palette
legible      colours that can be read, whatever the theme
"""

from __future__ import annotations

import io
import os
import sys

from tui_ingest.running.exit_status import USAGE
from tui_ingest.running.options import IngestOptions

__all__ = ["run"]

ESCAPE_MILLISECONDS = "25"  # after which an escape is a key, and does not begin another one's code


def run(options: IngestOptions) -> int:
    """Run one session under the console and return the exit status of the process.

    SIGINT, SIGTERM and SIGHUP end it after the running batch.

    Call it in the main thread, with Django set up and the project verified.
    """
    # Textual draws on standard error and never asks whether that is a terminal.
    if not all(stream and stream.isatty() for stream in (sys.__stdin__, sys.__stderr__)):
        sys.stderr.write("tui-ingest: the console needs a terminal; use --headless without one.\n")
        return USAGE
    _draw_in_utf8()
    os.environ.setdefault("ESCDELAY", ESCAPE_MILLISECONDS)  # Textual reads it when it is loaded
    from tui_ingest.tui.launching import launch

    return launch(options)


def _draw_in_utf8() -> None:
    """Have frames and signs reach the terminal as such, whatever encoding the locale names."""
    for stream in (sys.__stdout__, sys.__stderr__):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")

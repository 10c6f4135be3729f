"""Where the lines go: a stream that may be closed or full while the session works on."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from tui_ingest.ingest.events import Event

SUMMARY_SECONDS = 10.0  # between two lines about how far it is


class Output:
    """Listens to a session for as long as it is entered."""

    def __call__(self, event: Event) -> None:
        """Take an event."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End; whatever was held back is written."""


class _Nowhere(io.TextIOBase):
    """The standard output of a process that was started with a closed one."""

    def write(self, text: str) -> int:
        return len(text)


class Sink:
    """Writes lines to standard output, at once.

    A reader that goes away (`| head`) ends the session after the running batch. A full disk
    costs lines, never records.
    """

    def __init__(self, stream: TextIO | None, *, on_broken: Callable[[], None]) -> None:
        self.broken = False
        self._stream = stream or _Nowhere()
        self._on_broken = on_broken
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a line must not fail for the sake of the locale
            reconfigure(errors="backslashreplace")

    def write(self, text: str) -> int:
        """Write text and flush it."""
        if self.broken:
            return len(text)
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            self.broken = True
            self._forget_what_is_buffered()
            self._on_broken()
        except OSError:
            pass
        return len(text)

    def flush(self) -> None:
        """Do nothing: every write was flushed."""

    @property
    def encoding(self) -> str:
        """The stream's, after which a bar chooses its characters."""
        return self._stream.encoding

    def isatty(self) -> bool:
        """Tell whether somebody looks at a terminal."""
        return self._stream.isatty()

    def can_redraw(self) -> bool:
        """Tell whether that terminal can do more than scroll."""
        return self.isatty() and os.environ.get("TERM") not in {None, "dumb", "unknown"}

    def fileno(self) -> int:
        """Return the descriptor, of which a terminal's size is asked."""
        return self._stream.fileno()

    def _forget_what_is_buffered(self) -> None:
        """Keep Python from complaining about the closed pipe once more when it exits."""
        if self._stream is sys.__stdout__:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

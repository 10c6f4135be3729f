"""Why a session could not even begin."""

from __future__ import annotations

import traceback
from pathlib import Path

from tui_ingest.errors import TuiIngestError
from tui_ingest.running.exit_status import FATAL


class BootstrapError(TuiIngestError):
    """The project cannot be used as it is. The message names the next step.

    Attributes:
        status: exit status of the process.
    """

    def __init__(self, message: str, *, status: int = FATAL) -> None:
        super().__init__(message)
        self.status = status


def describe(error: Exception) -> str:
    """Return an exception raised by the project's own code: what, and in which line."""
    text = str(error).strip().partition("\n")[0]
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"{what} ({_place(error)})"


def _place(error: Exception) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_file()  # importlib's own frames are of no file
    ]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else "no line known"

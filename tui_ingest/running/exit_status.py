"""How the process tells what became of it: by a number, and why a session could not even begin.

Scripts and services rely on the numbers.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from tui_ingest.errors import TuiIngestError

APPLIED = 0  # everything was applied, or a signal ended the session after its running batch
FATAL = 1  # it could not go on
USAGE = 2
SET_ASIDE = 3  # it finished, but set records aside as dead letters
INTERRUPTED = 130  # as a shell says of a process that SIGINT ended


def worst_of(statuses: Collection[int]) -> int:
    """Return the exit status of a process whose sessions ended so."""
    return next((one for one in (FATAL, SET_ASIDE) if one in statuses), APPLIED)


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
    import traceback  # which --help does without

    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_file()  # importlib's own frames are of no file
    ]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else "no line known"

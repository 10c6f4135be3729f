"""How the process tells what became of it. Scripts and services rely on these numbers."""

from __future__ import annotations

APPLIED = 0  # everything was applied, or a signal ended the session after its running batch
FATAL = 1  # it could not go on
USAGE = 2
SET_ASIDE = 3  # it finished, but set records aside as dead letters
INTERRUPTED = 130  # as a shell says of a process that SIGINT ended

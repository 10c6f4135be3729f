"""Room for the descriptors of a log that was rotated very often.

A handler that keeps all its files, one an hour, has more of them after six weeks than a process may
open by default.
"""

from __future__ import annotations

import resource

_OTHERS = 256  # descriptors for the rest of the process


def make_room(files: int) -> None:
    """Let this process open that many files twice: some are held while all are looked at again.

    No further than the system allows; what cannot be opened then says so.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * files + _OTHERS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

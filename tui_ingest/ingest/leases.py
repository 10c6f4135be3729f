"""Who applies a log: one session at a time, by a lease in the checkpoint's row.

A session takes the lease in one compare-and-swap, renews it with every sign of life, and gives it
back at a proper end. `Target.owner` fences what it writes: whoever lost the lease commits nothing.
When a lease is over, the database's clock says; those of several machines may differ.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Now

from tui_ingest.ingest.events import State
from tui_ingest.ingest.target import Target
from tui_ingest.models import ProcessedFile

LEASE_SECONDS = 20.0  # without a sign of life, and it is over
HOST_CHARACTERS = 255  # of `ProcessedFile.owner_host`


@dataclass(frozen=True, kw_only=True)
class Owner:
    """A session, as other sessions know it."""

    id: str  # of this session and no other; says which process of which machine it is in
    host: str
    pid: int

    def __str__(self) -> str:
        return f"pid {self.pid} on {self.host}"

    @property
    def process(self) -> str:
        """Its process, as all sessions of that say it and those of no other."""
        return f"{self.id.rpartition('.')[0]}.{self.pid} on {self.host}"

    @property
    def is_here(self) -> bool:
        """Whether it is a session of this process."""
        return self.id.rpartition(".")[0] == _this_process() and self.pid == os.getpid()

    def is_gone(self) -> bool:
        """Tell whether its process has ended; False if that cannot be seen from here."""
        machine, started, _ = self.id.split(".", 2)
        return machine != "" and machine == _this_machine() and not _runs(self.pid, started)


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who holds the lease of a log."""

    owner: Owner
    silent_seconds: float  # since its last sign of life, by the database's clock

    @property
    def is_alive(self) -> bool:
        """Whether it holds it still, as far as can be seen from here."""
        return self.silent_seconds <= LEASE_SECONDS and not self.owner.is_gone()


def new_owner() -> Owner:
    """Return an owner for a session of this process."""
    return Owner(
        id=f"{_this_process()}.{secrets.token_hex(16)}",
        host=socket.gethostname()[:HOST_CHARACTERS],
        pid=os.getpid(),
    )


def holder(target: Target, path: str) -> Holder | None:
    """Return who holds the lease of a log, or held it until it died."""
    file = target.rows(ProcessedFile).filter(file_path=path).exclude(owner="").first()
    return None if file is None else holder_as_of(target, file)


def holder_as_of(target: Target, file: ProcessedFile) -> Holder | None:
    """Return the same of a log whose row was read just now."""
    silence = silences(target, target.rows(ProcessedFile).filter(pk=file.pk)).get(file.pk)
    return holder_of(file, silence)


def holders(target: Target) -> dict[str, Holder]:
    """Return who holds the lease of each log, or held it until it died, by the log's path."""
    files = target.rows(ProcessedFile).exclude(owner="")
    silence = silences(target, files)
    found = ((file.file_path, holder_of(file, silence.get(file.pk))) for file in files)
    return {path: holder for path, holder in found if holder is not None}


def holder_of(file: ProcessedFile, silent_seconds: float | None) -> Holder | None:
    """Return the same of a log whose row and silence (see `silences`) are known."""
    if not file.owner or file.owner_pid is None or silent_seconds is None:
        return None
    owner = Owner(id=file.owner, host=file.owner_host, pid=file.owner_pid)
    return Holder(owner=owner, silent_seconds=silent_seconds)


def silences(target: Target, files: QuerySet[ProcessedFile]) -> dict[int, float]:
    """Return for how long no session of each log has given a sign of life, in seconds by its key.

    Of a log that never had a session, nothing.
    """
    silence = ExpressionWrapper(Now() - F("heartbeat"), output_field=DurationField())
    rows = target.rows(ProcessedFile).filter(pk__in=files.order_by().values("pk"))
    found = rows.filter(heartbeat__isnull=False).annotate(silence=silence)
    return {
        file: max(0.0, lasted.total_seconds())
        for file, lasted in found.values_list("pk", "silence")
    }


def take(
    target: Target, path: str, owner: Owner, *, seconds: float, dead: Owner | None = None
) -> bool:
    """Take the lease of a log if nobody has it, or who has it gave no sign of life for so long.

    Args:
        dead: whoever is known to have ended; its lease is over, too.
    """
    over = Q(heartbeat__lt=Now() - timedelta(seconds=seconds))
    mine = Q(owner__in=["", owner.id, *([dead.id] if dead else [])])
    rows = target.rows(ProcessedFile).filter(mine | over, file_path=path)
    return bool(rows.update(**_columns(owner)))


def renew(target: Target, path: str) -> None:
    """Give a sign of life for the owner of `target`, if the lease of a log is its own."""
    target.rows(ProcessedFile).filter(file_path=path, owner=target.owner).update(heartbeat=Now())


def hand_over(target: Target, path: str, owner: Owner, heir: Owner) -> None:
    """Give the lease of a log to another session, unless somebody else has it by now."""
    rows = target.rows(ProcessedFile).filter(file_path=path, owner=owner.id)
    rows.update(**_columns(heir))


def forget(target: Target, path: str, owner: Owner) -> None:
    """Remove the row of a log of which nothing was ever read, and no order is to last."""
    rows = target.rows(ProcessedFile).filter(
        file_path=path, generation="", evidence="", paused_by="", stop_on_error_by=""
    )
    with target.atomic():
        if rows.filter(owner=owner.id).update(owner=owner.id):  # others wait from here
            rows.delete()


def release(target: Target, path: str, owner: Owner) -> None:
    """Give the lease of a log back, unless somebody else has it by now."""
    rows = target.rows(ProcessedFile).filter(file_path=path, owner=owner.id)
    rows.update(owner="", owner_host="", owner_pid=None, owner_since=None)


def _this_process() -> str:
    """Return what tells this process from all others, if numbers of processes come again."""
    return f"{_this_machine()}.{_started(os.getpid()) or ''}"


def _columns(owner: Owner) -> dict[str, object]:
    """Return what the row of a log says of who has just got its lease: not yet what it does."""
    return {
        "owner": owner.id,
        "owner_host": owner.host,
        "owner_pid": owner.pid,
        "owner_since": Now(),
        "heartbeat": Now(),
        "state": State.STARTING.value,
        "state_reason": "",
    }


@cache
def _this_machine() -> str:
    """Return what tells this machine, since it was started, from all others; "" if unknown.

    And one set of processes on it from another: containers number theirs anew.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        processes = Path("/proc/self/ns/pid").readlink()
    except OSError:  # not Linux
        return ""
    return hashlib.sha256(f"{boot} {processes}".encode()).hexdigest()[:16]


def _runs(pid: int, started: str) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's: it is there
        pass
    found = _started(pid)
    return found is None or found == started


def _started(pid: int) -> str | None:
    """Return when a process began, in its machine's ticks; "" if it has ended, None if unknown.

    Numbers of processes are given again, with the time they are not.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:  # those of others may be hidden
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in {"Z", "X"} else fields[18]

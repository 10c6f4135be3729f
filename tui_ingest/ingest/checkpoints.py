"""Where a log stands, durably: one row, moved in the transaction of what it accounts for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from django.db.models import QuerySet
from django.db.models.functions import Now

from tui_ingest.errors import TuiIngestError
from tui_ingest.fields import as_datetime
from tui_ingest.ingest.events import EventKind, OrdersTaken, State
from tui_ingest.ingest.model_fields import Serialized
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.turns import write_turn
from tui_ingest.models import LogEvent, ProcessedFile
from tui_ingest.oplog.log import SAID_ONCE, Batch, Notice, NoticeKind, Position


class CheckpointMovedError(TuiIngestError):
    """Another ingester has this log, or had it. Read the durable state again."""


class CheckpointSetBackError(CheckpointMovedError):
    """The checkpoint of this log has gone back, or is gone: the database was restored."""


# The key that the row of an unknown log has in the transactions of a dry run: no counter gives it.
_UNKNOWN = -1


def load(target: Target, path: str) -> ProcessedFile:
    """Return the checkpoint row of a log, made if this is the first time it is seen."""
    file = target.rows(ProcessedFile).filter(file_path=path).first()
    if file is None:
        with write_turn(target.connection, short=True):
            file, _ = target.rows(ProcessedFile).get_or_create(file_path=path)
    return file


def peek(target: Target, path: str) -> ProcessedFile:
    """Return the checkpoint row of a log; of one that is not known, a row that is not kept."""
    file = target.rows(ProcessedFile).filter(file_path=path).first()
    return file or ProcessedFile(pk=_UNKNOWN, file_path=path)


def lend(target: Target, file: ProcessedFile) -> None:
    """Put the row of an unknown log into a transaction that will be undone."""
    if file.pk == _UNKNOWN:
        target.rows(ProcessedFile).create(pk=file.pk, file_path=file.file_path)


def position_of(file: ProcessedFile) -> Position | None:
    """Return the stored position; None if nothing of the log was ever consumed."""
    if not file.generation and not file.evidence:
        return None
    return Position(
        generation=file.generation,
        offset=file.last_processed_position,
        size=file.size,
        evidence=file.evidence,
    )


def gaps(target: Target, file: ProcessedFile) -> int:
    """Return how often generations of this log were removed before they were read."""
    return target.rows(LogEvent).filter(file=file, kind=NoticeKind.GAP).count()


def lock(target: Target, file: ProcessedFile) -> None:
    """Keep other writers of this log's rows out until the transaction ends.

    An UPDATE rather than a SELECT FOR UPDATE: it is understood by every backend, and on SQLite
    a transaction that begins with a write waits for its turn instead of failing half-way.

    Raises:
        CheckpointMovedError: the lease of `target` is lost.
    """
    if not _fenced(target, file).update(file_path=file.file_path) and target.owner:
        raise lost(target, file)


def claim(target: Target, file: ProcessedFile, new: Position) -> None:
    """Move the checkpoint from where `file` was last seen to `new`: the transaction's first act.

    `file` itself is left alone, because the transaction may still be undone; see `accept`.

    Raises:
        CheckpointMovedError: the stored position is not the one in `file` any more, or the lease of
            `target` is lost.
    """
    rows = _fenced(target, file).filter(
        generation=file.generation,
        last_processed_position=file.last_processed_position,
        evidence=file.evidence,
    )
    if not rows.update(**_columns(new)):
        raise lost(target, file)


def lost(target: Target, known: ProcessedFile) -> CheckpointMovedError:
    """Return what to say of a log whose checkpoint, or lease, is not as it was known."""
    stored = target.rows(ProcessedFile).filter(file_path=known.file_path).first()
    where = f"position {known.last_processed_position}"
    if stored is not None and not _is_earlier(stored, known):
        return CheckpointMovedError(
            f"Another ingester has taken over {known.file_path}, or moved its checkpoint from"
            f" {where}. Nothing was applied twice."
        )
    now = f"at position {stored.last_processed_position}" if stored else "unknown"
    return CheckpointSetBackError(
        f"The database was set back: what was committed up to {where} of {known.file_path} is not"
        f" there any more, and the checkpoint is {now}. If a backup was restored, that is right:"
        " what came after it is applied again."
    )


def _is_earlier(stored: ProcessedFile, known: ProcessedFile) -> bool:
    """Tell whether a checkpoint has gone back, as no ingester moves it by itself."""
    if stored.generation == known.generation:
        return bool(stored.last_processed_position < known.last_processed_position)
    before, now = known.last_record_time, stored.last_record_time
    return before is not None and (now is None or bool(now < before))


def correct(
    target: Target,
    file: ProcessedFile,
    new: Position,
    *,
    last_record_time: float | None,
    witnesses: Sequence[Serialized],
) -> None:
    """Move a checkpoint that this transaction has claimed to where its work really ended."""
    rows = target.rows(ProcessedFile).filter(pk=file.pk)
    # Who waits for this transaction sees a sign of life at its end, however long it took.
    rows.update(**_columns(new, last_record_time), witnesses=witnesses, heartbeat=Now())


def accept(file: ProcessedFile, new: Position, *, last_record_time: float | None = None) -> None:
    """Remember in `file` what was committed.

    Args:
        last_record_time: seconds since the epoch; None leaves the one before.
    """
    for name, value in _columns(new, last_record_time).items():
        setattr(file, name, value)


def move(target: Target, file: ProcessedFile, new: Position, *, why: str) -> None:
    """Move the checkpoint by an operator's order, and keep the order among the events.

    Raises:
        CheckpointMovedError: as `claim`.
    """
    with target.atomic():
        claim(target, file, new)
        _note_repeat(target, file)
        note(target, file, EventKind.SOUGHT, why)
    accept(file, new)


def note_repeats(target: Target, file: ProcessedFile, notices: Iterable[Notice]) -> None:
    """Remember how far a log was read, if its reader may have begun again before that."""
    if any(notice.kind is NoticeKind.TRUNCATED for notice in notices):
        _note_repeat(target, file)


def _note_repeat(target: Target, file: ProcessedFile) -> None:
    known = [moment for moment in (file.repeats_until, file.last_record_time) if moment]
    file.repeats_until = max(known, default=None)
    target.rows(ProcessedFile).filter(pk=file.pk).update(repeats_until=file.repeats_until)


def beat(
    target: Target,
    path: str,
    state: State,
    reason: str,
    orders: OrdersTaken | None,
    *,
    unread: int | None = None,
) -> bool:
    """Say that the session of a log is alive and what it is doing, and so renew its lease.

    Args:
        orders: that it obeys, to be kept for the next session; None leaves what is kept.
        unread: bytes of the log that it has to apply; None if that cannot be seen now.

    Returns:
        whether the lease of `target` is still its own; if not, nothing was said.
    """
    rows = target.rows(ProcessedFile).filter(file_path=path, owner=target.owner)
    kept = _kept(orders) if orders else {}
    said = {"state": state.value, "state_reason": reason, "unread": unread}
    return bool(rows.update(**said, heartbeat=Now(), **kept))


def _kept(orders: OrdersTaken) -> dict[str, object]:
    """Return the columns of orders that somebody gave: how a session was started is not kept."""
    is_kept = orders.paused and orders.paused_by
    return {
        "paused_by": orders.paused_by if is_kept else "",
        "paused_since": as_datetime(orders.paused_since or orders.at) if is_kept else None,
        "stop_on_error_by": orders.stop_on_error_by if orders.stop_on_error else "",
    }


def note(
    target: Target,
    file: ProcessedFile,
    kind: str,
    message: str,
    *,
    missing_bytes: int | None = None,
    time: datetime | None = None,
    place: tuple[str, int] = ("", 0),
) -> None:
    """Keep an event.

    Args:
        time: now if it is not given.
        place: where in the log it was met: a generation, and a byte of it.
    """
    generation, position = place
    target.rows(LogEvent).create(
        file=file,
        time=time or datetime.now(UTC),
        kind=kind,
        message=message,
        missing_bytes=missing_bytes,
        generation=generation,
        position=position if generation else None,
    )


def _fenced(target: Target, file: ProcessedFile) -> QuerySet[ProcessedFile]:
    rows = target.rows(ProcessedFile).filter(pk=file.pk)
    return rows.filter(owner=target.owner) if target.owner else rows


def note_news(target: Target, file: ProcessedFile, batch: Batch) -> list[Notice]:
    """Keep what a reader noticed before a batch, and return it without what it has said before.

    A reader that is started again finds out once more how the log's files are called.
    """
    events = target.rows(LogEvent).filter(file=file)
    news = [
        notice
        for notice in batch.notices
        if not (
            notice.kind in SAID_ONCE
            and events.filter(kind=notice.kind, message=notice.message).exists()
        )
    ]
    first = batch.entries[0].location if batch.entries else None
    place = (first.generation, first.start) if first else ("", 0)
    for notice in news:
        missing = notice.missing_bytes
        note(target, file, notice.kind, notice.message, missing_bytes=missing, place=place)
    return news


def _columns(position: Position, last_record_time: float | None = None) -> dict[str, object]:
    columns: dict[str, object] = {
        "last_processed_position": position.offset,
        "generation": position.generation,
        "size": position.size,
        "evidence": position.evidence,
    }
    if last_record_time is not None:
        columns["last_record_time"] = as_datetime(last_record_time)
    return columns

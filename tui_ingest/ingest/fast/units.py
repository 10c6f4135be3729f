"""A few records as one unit: many at a time if that is possible, otherwise as the exact path does.

Each row is written by one of them, so that their order does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_ingest.ingest.events import Outcome
from tui_ingest.ingest.exact.database_errors import is_of_the_database
from tui_ingest.ingest.exact.replaying import Replayer
from tui_ingest.ingest.exact.units import Unit
from tui_ingest.ingest.fast.applying import FastPath
from tui_ingest.ingest.reasons import Failure
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.records import Record

FEWEST = 8  # records; below this the statements of a run cost more than theirs

Outcomes = dict[int, Mapping[str, Outcome]]


def write_together(
    target: Target, replayer: Replayer, records: Sequence[Record]
) -> tuple[Outcomes, dict[int, Failure]]:
    """Apply records that need each other, in the caller's transaction.

    Returns:
        By the place of the record, what became of it, or why it fails. If any does, the caller
        rolls back.
    """
    if len(records) >= FEWEST and (outcomes := _all_at_once(target, replayer, records)):
        return outcomes, {}
    return Unit(target, replayer, records).replay_all()


def _all_at_once(target: Target, replayer: Replayer, records: Sequence[Record]) -> Outcomes | None:
    """Write all records as one run; None, with nothing left of it, if that cannot be done."""
    fast = FastPath.to(target, replayer.counters)
    if fast is None:
        return None
    try:
        with target.atomic():
            window = fast.plan(records, 0, len(records), known_failures=())
            orphans = fast.take_out_orphans(window, records)
            fast.number(window)
            if orphans or window.refused or window.stop < len(records):
                return None
            fast.make_room(window)
            return fast.apply(window)
    except Exception as error:  # the exact path says of each what is wrong with it
        if is_of_the_database(error) or target.connection.needs_rollback:
            raise
        return None

"""Values that two rows may have until the commit, by a rule that is judged only there.

The commit names no record. To be asked while the rows are in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from tui_ingest.ingest.exact.clashes import find_clashes, unique_sets
from tui_ingest.ingest.exact.finding import row_keys
from tui_ingest.ingest.model_fields import Serialized, concrete
from tui_ingest.ingest.policy import Verdict, find_model
from tui_ingest.ingest.reasons import Failure, RowKey
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.records import Operation, Record


def late_clashes(target: Target, applied: Mapping[int, Record]) -> dict[int, Failure]:
    """Return the records that left a row with a value that another has, and why they fail.

    Of two of them the later one.

    Args:
        applied: records that took effect, by the index of their entry, in log order.
    """
    left = _left(target, applied)
    found = {}
    for index, serialized in left.values():
        for clash in find_clashes(target, [serialized]):
            other, _ = left.get(clash.holder_key, (-1, None))
            if clash.unique.is_deferred and other < index:
                found[index] = clash.as_failure()
    return found


def _left(target: Target, applied: Mapping[int, Record]) -> dict[RowKey, tuple[int, Serialized]]:
    """Return the last record of each row that such a rule is about."""
    left: dict[RowKey, tuple[int, Serialized]] = {}
    for index, record in applied.items():
        objects = [one for one in record.objects if _is_judged_late(target, one)]
        for place, key in row_keys(target, objects).items():
            match record.operation:
                case Operation.SAVE:
                    left[key] = index, objects[place]
                case Operation.DELETE:
                    left.pop(key, None)
                case Operation.DIGEST:
                    pass
                case unknown:
                    assert_never(unknown)
    return left


def _is_judged_late(target: Target, serialized: Serialized) -> bool:
    if target.policy.verdict(serialized["model"]) is not Verdict.ALLOWED:
        return False
    model = concrete(find_model(serialized["model"]))
    return any(unique.is_deferred for unique in unique_sets(model))

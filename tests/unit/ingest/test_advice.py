"""Every reason comes with advice: nobody stands before a dead letter without a next step."""

import pytest

from tui_ingest.ingest.advice import advice
from tui_ingest.ingest.reasons import Reason
from tui_ingest.oplog.records import MalformedReason

NO_RECORD = advice(MalformedReason.BAD_LINE)


@pytest.mark.parametrize("reason", Reason)
def test_a_record_that_cannot_take_effect(reason):
    assert advice(reason) != NO_RECORD, f"ingest/advice.py has no sentence for {reason!r}"


@pytest.mark.parametrize("reason", MalformedReason)
def test_a_line_that_is_no_record(reason):
    assert "edit it into" in advice(reason) or "retry" in advice(reason)

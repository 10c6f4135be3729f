"""Advice on lines that are no record; a `Reason` cannot be made without any."""

import pytest

from tui_ingest.ingest.reasons import advice
from tui_ingest.oplog.records import MalformedReason


@pytest.mark.parametrize("reason", MalformedReason)
def test_a_line_that_is_no_record(reason):
    assert "edit it into" in advice(reason) or "retry" in advice(reason)

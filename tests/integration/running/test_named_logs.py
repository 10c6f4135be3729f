"""Which logs a pattern names, while the brokers that would know are away."""

import logging

from tui_ingest import opening
from tui_ingest.oplog.log import LogUnavailableError


def test_brokers_that_never_answer_are_named_once(monkeypatch, caplog):
    said = iter(["Away.", "Away.", "Away.", "Not let in.", "Away."])

    def ask(pattern, **_):
        raise LogUnavailableError(next(said))

    monkeypatch.setattr(opening, "logs_at", ask)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            assert list(opening.logs_of(["nats://nowhere/OPLOG/oplog.>"])) == []
    assert [record.getMessage() for record in caplog.records] == [
        "Away. It is asked every 10 s.",
        "Not let in. It is asked every 10 s.",
    ]

"""What batches leave for the collector, which stops the screen's thread, too, while it works."""

import gc

import pytest

from tests.support.lines import choice, question, questions
from tui_ingest.ingest import checkpoints
from tui_ingest.ingest.batches.attempts import Limits
from tui_ingest.ingest.batches.writer import BatchWriter
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.files.reading import FileLog

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

RECORDS = 500
BAD = {
    "a null": question(1).replace(b'"What\'s new?"', b"null"),
    "no number": choice(1, of=1).replace(b'"votes": 0', b'"votes": "many"'),
    "no moment": question(1).replace(b'"pub_date": "', b'"pub_date": "not '),
    "no parent": choice(1, of=9_999_999),
}


@pytest.fixture
def collector():
    """It does nothing by itself."""
    gc.collect()
    gc.disable()
    yield gc
    gc.enable()


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_a_bad_record_takes_along_is_freed_without_the_collector(
    log, database, collector, bad
):
    target = Target(database)
    reader = FileLog(str(log))
    reader.resume(None)
    writer = BatchWriter(target, checkpoints.load(target, reader.path))
    for added in (b"", bad):
        with log.open("ab") as file:
            file.write(questions(range(RECORDS)) + added)
        collector.collect()  # what was prepared for the first batch stays for all
        writer.write(
            reader.read(max_records=2 * RECORDS, max_bytes=10**6, final=True),
            Limits(seconds=60, failures=10),
        )
    reader.close()
    assert DeadLetter.objects.using(database).count() == 1
    assert collector.collect() < RECORDS, "each record is several objects"

"""What is old is removed, by a command or by the session itself; what matters stays."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.support.engine import Running, eventually, ingest
from tests.support.lines import BAD, choice, question
from tui_ingest.conf import Settings
from tui_ingest.ingest.events import State
from tui_ingest.models import DeadLetter, LogEvent, ModelTotal, Order, ProcessedFile

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

OLD = datetime.now(UTC) - timedelta(days=91)


def prune(database, **options):
    out = StringIO()
    arguments = ["--older-than", "90d", "--database", database]
    call_command("ingest_prune", *arguments, stdout=out, **options)
    return out.getvalue().strip()


@pytest.fixture
def old(tmp_path, database):
    """A log with old rows of every kind: an open and a resolved dead letter, events, orders."""
    log = tmp_path / "oplog.log"
    log.write_bytes(choice(2, of=1) + question(1) + BAD)
    ingest(log, database=database)
    file = ProcessedFile.objects.using(database).get()
    events, orders = LogEvent.objects.using(database), Order.objects.using(database)
    events.all().delete()
    for number in range(1_100):
        events.create(file=file, time=OLD, kind="paused", message=str(number))
    events.create(file=file, time=OLD, kind="gap", message="lost")
    events.create(file=file, time=datetime.now(UTC), kind="paused", message="new")
    for status in ("done", "open"):
        orders.create(file=file, kind="pause", given=OLD, given_by="ann", status=status)
    letters = DeadLetter.objects.using(database)
    letters.create(
        file=file, generation="g", position=1, length=1, raw=b"x", reason="bad_value",
        error="", status="applied", created=OLD, last_attempt=OLD, resolved=OLD,
    )  # fmt: skip
    return log


def left(database):
    kinds = LogEvent.objects.using(database).values_list("kind", "message")
    return {
        "events": sorted(kinds),
        "orders": list(Order.objects.using(database).values_list("status", flat=True)),
        "letters": list(DeadLetter.objects.using(database).values_list("status", flat=True)),
        "totals": ModelTotal.objects.using(database).count(),
    }


WITHOUT_OLD = {
    "events": [("gap", "lost"), ("paused", "new")],
    "orders": ["open"],
    "letters": ["open"],
    "totals": 2,
}


def test_what_is_old_goes_and_what_matters_stays(old, database):
    told = "1,100 events, 1 orders, 1 resolved dead letters."
    before = left(database)
    assert prune(database, dry_run=True) == f"Would remove: {told}"
    assert left(database) == before
    assert prune(database) == f"Removed: {told}"
    assert left(database) == WITHOUT_OLD
    assert prune(database) == "Removed: nothing."


def test_totals_go_with_a_log_that_is_long_gone_and_its_checkpoint_stays(old, database):
    files = ProcessedFile.objects.using(database)
    old.unlink()
    prune(database)
    assert left(database)["totals"] == 2, "somebody worked on it lately"
    files.update(heartbeat=OLD)
    prune(database)
    assert left(database)["totals"] == 2, "a dead letter of it is open"
    DeadLetter.objects.using(database).all().delete()
    prune(database)
    assert left(database)["totals"] == 0
    assert files.get().last_processed_position > 0


def test_a_session_prunes_its_log_by_itself(old, database):
    Order.objects.using(database).filter(status="open").delete()
    with Running(old, database=database, settings=Settings(prune_after_days=90)) as session:
        session.wait_for_state(State.CAUGHT_UP)
        eventually(
            lambda: left(database) == {**WITHOUT_OLD, "orders": []}, what="what is old is gone"
        )


@pytest.mark.parametrize("age", ["90", "0d", "d", "9w"])
def test_an_age_is_a_number_of_days(age):
    with pytest.raises(CommandError, match="such as 90d"):
        call_command("ingest_prune", "--older-than", age)

"""A project's tables that were restored, or emptied, without the checkpoint: noticed at a start."""

import pytest

from tests.support.engine import ingest
from tests.support.lines import choice, question, questions
from tui_ingest.demo.polls.models import Question
from tui_ingest.ingest.events import Noticed

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])


def is_noticed(log, database):
    _, events = ingest(log, database=database)
    return "rows_gone" in [event.kind for event in events if isinstance(event, Noticed)]


def remove(database, *numbers):
    """Delete rows behind the ingester's back."""
    Question.objects.using(database).filter(pkid__in=numbers).delete()


def add(log, lines):
    with log.open("ab") as more:
        more.write(lines)


def test_rows_that_are_gone_are_noticed_until_others_are_written(log, database):
    log.write_bytes(questions(range(1, 30)) + questions([1, 2, 3]))
    assert not is_noticed(log, database)
    assert not is_noticed(log, database)
    remove(database, *range(15, 30))
    assert is_noticed(log, database)
    add(log, questions(range(30, 37)))
    assert is_noticed(log, database)
    assert not is_noticed(log, database)


def test_rows_that_the_log_has_deleted_are_not_gone(log, database):
    log.write_bytes(questions(range(1, 6)))
    ingest(log, database=database)
    add(log, b"".join(question(number, operation="DELETE") for number in range(1, 6)))
    assert not is_noticed(log, database)
    assert not is_noticed(log, database)


@pytest.mark.parametrize(("written", "removed"), [(2, 2), (9, 4)])
def test_a_few_may_have_been_deleted_by_hand(log, database, written, removed):
    log.write_bytes(questions(range(1, written + 1)))
    ingest(log, database=database)
    remove(database, *range(1, removed + 1))
    assert not is_noticed(log, database)


def test_what_was_set_aside_was_never_there(log, database):
    log.write_bytes(b"".join(choice(number, of=77) for number in range(1, 9)))
    assert not is_noticed(log, database)
    assert not is_noticed(log, database)

"""A NULL that the database is known to refuse is refused as it would do it, and no other one."""

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.project.market.models import Stamp
from tests.support.differential import Trial, delete, save
from tests.support.examples import examples
from tests.support.lines import key, line
from tui_ingest.ingest.exact import statements

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

EPOCH = 1_698_395_500  # of every record: an example is the same whenever it is drawn
NUMBERS = st.integers(1, 3)
TEXTS = st.sampled_from(["sky", None, "x" * 30])
NULLABLE = st.none() | NUMBERS
CHANGES = st.one_of(
    st.builds(
        lambda pk, of, name, stars: save("seller", pk, id=key(of), name=name, stars=stars),
        *(NUMBERS, NUMBERS, TEXTS, st.sampled_from([1, None])),
    ),
    st.builds(
        lambda pk, text, of: save("stamp", pk, text=text, parent=of), NUMBERS, TEXTS, NULLABLE
    ),
    st.builds(
        lambda pk, of, data: save("review", pk, item=of, stamp=of, data=data),
        *(NUMBERS, NULLABLE, st.sampled_from([None, {}])),
    ),
    st.builds(lambda pk, text: save("loud", pk, text=text), NUMBERS, TEXTS),
    st.builds(
        lambda pk, words: save("chant", pk, words=words), NUMBERS, st.sampled_from([None, ["a"]])
    ),
    st.builds(lambda pk, text: save("picture", pk, file=text), NUMBERS, TEXTS),
    st.builds(lambda pk: delete("stamp", pk), NUMBERS),
)


@st.composite
def records(draw):
    """A line of the log, now and then of two objects."""
    operation, changed = draw(CHANGES)
    others = [of for make, of in draw(st.lists(CHANGES, max_size=1)) if make == operation]
    return line(operation, changed, *others, at=EPOCH)


@pytest.fixture
def trial(database, monkeypatch):
    return Trial(database, monkeypatch)


def without_the_rule(trial, monkeypatch, batches):
    """What the database itself makes of all records."""
    with monkeypatch.context() as patch:
        patch.setattr(statements, "never_null", lambda *_: ())
        return trial.exact(batches)


@settings(
    max_examples=examples(8, 200),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches=st.lists(st.lists(records(), min_size=1, max_size=12), min_size=1, max_size=2))
def test_what_is_known_beforehand_is_what_the_database_says(trial, monkeypatch, batches):
    expected = without_the_rule(trial, monkeypatch, batches)
    assert trial.exact(batches) == expected
    assert trial.fast(batches) == expected


def test_a_null_ends_no_series(trial, monkeypatch):
    changes = [save("stamp", pk, text=None if pk % 3 == 0 else "sky") for pk in range(1, 10)]
    batches = [[line(*change) for change in changes]]
    expected = without_the_rule(trial, monkeypatch, batches)
    assert trial.refused == 3
    assert trial.exact(batches) == expected
    assert trial.refused == 0


def ask(database, sql):
    with connections[database].cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    ("made", "undone"),
    [
        (
            "ALTER TABLE market_stamp ALTER COLUMN text DROP NOT NULL",
            "ALTER TABLE market_stamp ALTER COLUMN text SET NOT NULL",
        ),
        (
            (
                "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN NEW.text := coalesce(NEW.text, 'filled'); RETURN NEW; END $$;"
                " CREATE TRIGGER fill BEFORE INSERT OR UPDATE ON market_stamp"
                " FOR EACH ROW EXECUTE FUNCTION fill()"
            ),
            "DROP TRIGGER fill ON market_stamp; DROP FUNCTION fill",
        ),
    ],
    ids=["the table allows it", "a trigger fills it"],
)
def test_a_null_that_the_database_takes_is_written(monkeypatch, made, undone):
    trial = Trial("postgres", monkeypatch)
    batches = [[line(*save("stamp", pk, text=None)) for pk in range(1, 10)]]
    ask("postgres", made)
    try:
        for leave in (trial.exact, trial.fast):
            assert leave(batches)["letters"] == []
            assert Stamp.objects.using("postgres").count() == 9
    finally:
        trial.empty()
        ask("postgres", undone)

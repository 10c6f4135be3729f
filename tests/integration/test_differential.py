"""Random histories, good and bad, leave the same behind on both paths."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.differential import Trial, delete, line, save
from tests.support.lines import key

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

NUMBERS = st.integers(1, 4)
WORDS = st.sampled_from(["sky", "sea", "sun"])


def fields(required, optional=None):
    return st.fixed_dictionaries(required, optional=optional or {})


def spoilt(values):
    """Records with one value that is wrong, or one field too many, now and then."""

    def spoil(drawn):
        record, name, wrong = drawn
        return {**record, name: wrong}

    names = st.sampled_from(["name", "stars", "text", "seller", "slug", "price", "stamp", "colour"])
    wrong = st.sampled_from([None, "x" * 30, -1, 10**30, "nul\0", "\ud800", [1], {}, "7"])
    return st.one_of(values, values, values, st.tuples(values, names, wrong).map(spoil))


SELLERS = st.builds(
    lambda number, pk, values: ("seller", pk, {"id": key(number), **values}),
    NUMBERS,
    st.integers(1, 5),
    spoilt(fields({"name": WORDS}, {"stars": st.integers(0, 5)})),
)
ITEMS = st.builds(
    lambda pk, of, values: ("item", pk, {"seller": key(of), **values}),
    NUMBERS,
    st.integers(1, 5),
    spoilt(
        fields(
            {
                "slug": st.none() | WORDS,
                "quantity": st.integers(-1, 2),
                "made": st.just("2023-10-27T08:31:40.182Z"),
            },
            {"price": st.sampled_from(["1.00", "2.5", "1.005"])},
        )
    ),
)
STAMPS = st.builds(
    lambda pk, values: ("stamp", pk, values),
    NUMBERS,
    spoilt(fields({"text": WORDS}, {"parent": st.none() | st.integers(1, 5)})),
)
REVIEWS = st.builds(
    lambda pk, values: ("review", pk, values),
    NUMBERS,
    spoilt(
        fields(
            {"item": st.none() | NUMBERS, "stamp": st.none() | NUMBERS},
            {"data": st.sampled_from([{}, {"a": [1, None]}, None, 2**70])},
        )
    ),
)
TICKETS = st.builds(
    lambda pk, sold: ("ticket", pk, {"sold": sold, "seat": pk}), NUMBERS, st.booleans()
)
OBJECTS = st.one_of(SELLERS, ITEMS, STAMPS, STAMPS, REVIEWS, TICKETS)


@st.composite
def records(draw):
    """A line of the log: mostly one object, mostly saved, mostly whole."""
    make = draw(st.sampled_from([save, save, delete]))
    model, pk, values = draw(OBJECTS)
    operation, changed = make(model, pk, **values)
    objects = [changed]
    if draw(st.integers(0, 9)) == 0:
        model, pk, values = draw(OBJECTS)
        objects.append(make(model, pk, **values)[1])
    raw = line(operation, *objects)
    return raw[:-3] if draw(st.integers(0, 19)) == 0 else raw


HISTORIES = st.lists(st.lists(records(), min_size=1, max_size=15), min_size=1, max_size=3)


@pytest.fixture
def trial(database, monkeypatch):
    return Trial(database, monkeypatch)


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches=HISTORIES)
def test_both_paths_leave_the_same(trial, batches):
    exact = trial.exact(batches)
    assert trial.fast(batches) == exact

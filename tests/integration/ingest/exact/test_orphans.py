"""Records that leave a row without its parent: those are foreseen that a commit would refuse."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.differential import Trial, delete, save
from tests.support.examples import examples
from tests.support.lines import key, line
from tui_ingest.ingest.batches.blame import ConstraintBlame
from tui_ingest.ingest.batches.passes import BatchPass

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

EPOCH = 1_698_395_500  # of every record: an example is the same whenever it is drawn
NOBODY = 9


def seller(number):
    return save("seller", number, id=key(number), name="Ada", stars=1)


def item(pk, of, **fields):
    made = {"quantity": 1, "price": "1.00", "made": "2023-10-27T08:31:40Z"}
    return save("item", pk, **{"seller": key(of), "slug": f"i-{pk}", **made, **fields})


def stamp(pk, parent=None, **fields):
    return save("stamp", pk, text="blue", parent=parent, **fields)


def review(pk, of, stamped):
    return save("review", pk, item=of, stamp=stamped, data=None)


def town(pk):
    return save("town", pk, name="Rome")


def house(pk, town, street):
    return save("house", pk, town=town, street=street, door=None)


STREET = save("street", 1, name="Via", town=["Rome"])
ORPHAN = item(100, NOBODY)  # so that the next batch is looked through


def batches(*later):
    return [
        [line(*record, at=EPOCH) for record in records]
        for records in ([seller(1), stamp(1), item(50, 1), ORPHAN], *later)
    ]


@pytest.fixture
def trial(database, monkeypatch):
    return Trial(database, monkeypatch)


@pytest.fixture
def passes(monkeypatch):
    """How often each batch was begun, all of them together."""
    begun, run = [], BatchPass.run
    monkeypatch.setattr(BatchPass, "run", lambda one: (begun.append(one), run(one))[1])
    return begun


def afterwards(trial, history):
    """What is left if nothing is foreseen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ConstraintBlame, "foresee", lambda *_: None)
        return trial.exact(history)


CASES = {
    "it never comes": [item(1, NOBODY), item(2, 1)],
    "it comes later": [item(1, 2), seller(2)],
    "the row is given another one": [item(1, NOBODY), item(1, 1)],
    "the row is given one that is missing, too": [item(1, NOBODY), item(1, 8)],
    "the row goes": [item(1, NOBODY), delete("item", 1)],
    "the row came with a good one": [item(1, 1), item(1, NOBODY)],
    "it is a row that waits itself": [stamp(2, NOBODY), stamp(3, 2), stamp(4, 3)],
    "the row has two": [review(1, 50, NOBODY), review(2, NOBODY, 1), review(3, 50, 1)],
    "it goes with another one": [town(1), house(1, 1, NOBODY), delete("town", 1)],
    "another one has two by now": [town(1), STREET, town(2), item(1, NOBODY)],
    "its number is drawn": [stamp(3, 2), save("stamp", None, text="red")],
    "a value is wrong besides": [item(1, NOBODY, quantity=None), item(2, 1)],
    "a unique value is taken besides": [item(1, 1), item(2, NOBODY, slug="i-1")],
    "a unique value is given up later": [item(1, 1), item(2, NOBODY, slug="i-1"), item(1, 1)],
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_foreseen_is_what_would_be_found(trial, case):
    history = batches(CASES[case])
    assert trial.exact(history) == afterwards(trial, history)
    assert trial.fast(history) == trial.exact(history)


def test_a_batch_is_not_undone_for_what_is_foreseen(trial, passes):
    trial.exact(batches([item(1, NOBODY), *map(stamp, range(2, 40)), item(2, 1)]))
    assert len(passes) == 3  # the first one is refused, and written without it


def test_what_is_not_as_foreseen_is_applied(trial, monkeypatch):
    """A trigger may have brought the parent."""
    foresee = ConstraintBlame.foresee

    def foresee_too_much(blame, coming):
        found = foresee(blame, coming)
        return {index: failure for failure in found.values() for index in coming}

    monkeypatch.setattr(ConstraintBlame, "foresee", foresee_too_much)
    history = batches([stamp(2, 1), item(1, NOBODY)])
    assert trial.exact(history) == afterwards(trial, history)


NUMBERS = st.integers(1, 4)
CHANGES = st.one_of(
    st.builds(seller, NUMBERS),
    st.builds(item, NUMBERS, NUMBERS),
    st.builds(item, NUMBERS, NUMBERS, slug=st.sampled_from("abc")),
    st.builds(stamp, NUMBERS, st.none() | NUMBERS),
    st.builds(review, NUMBERS, st.none() | NUMBERS, NUMBERS),
    st.builds(delete, st.sampled_from(["item", "stamp", "review"]), NUMBERS),
    st.builds(lambda of: delete("seller", of, id=key(of)), NUMBERS),
)


@settings(
    max_examples=examples(20, 200),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
@given(st.lists(CHANGES, min_size=2, max_size=24), st.integers(1, 23))
def test_random_orphans_are_foreseen(trial, records, cut):
    history = batches(*filter(None, (records[:cut], records[cut:])))
    assert trial.exact(history) == afterwards(trial, history)

"""Records in series leave what each leaves by itself, through Django alone."""

import itertools

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.project.market.models import Stamp
from tests.support.differential import Trial, delete, save
from tests.support.examples import examples
from tests.support.lines import key, line, record_of
from tui_ingest.ingest import checkpoints
from tui_ingest.ingest.batches.attempts import Limits
from tui_ingest.ingest.batches.writer import BatchWriter
from tui_ingest.ingest.exact import statements
from tui_ingest.ingest.exact.prepared import MOST_AT_ONCE, PreparedSeries
from tui_ingest.ingest.exact.replaying import Replayer
from tui_ingest.ingest.exact.statements import Table
from tui_ingest.ingest.fast.applying import FastPath
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.log import Batch, Position

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

EPOCH = 1_698_395_500  # of every record: an example is the same whenever it is drawn


def lines(*records):
    return [line(operation, changed) for operation, changed in records]


def seller(number, pk, name="Ada"):
    return save("seller", pk, id=key(number), name=name, stars=1)


def stamp(pk, text="blue", **fields):
    return save("stamp", pk, text=text, **fields)


def item(pk, slug, **fields):
    made = {"quantity": 1, "price": "1.00", "made": "2023-10-27T08:31:40Z"}
    return save("item", pk, **{"seller": key(1), "slug": slug, **made, **fields})


@pytest.fixture
def trial(database, monkeypatch):
    return Trial(database, monkeypatch)


NUMBERS = st.integers(1, 4)
WORDS = st.sampled_from(["sky", "sea", "sun"])
WRONG = st.sampled_from([None, "x" * 30, -1, 10**30, "nul\0", "\ud800", [1], {}, "7"])


def some(model, pk=NUMBERS, **fields):
    """Records of a model; some lack a field, some have a wrong value."""
    drawn = {name: st.one_of(*[of] * 9, WRONG) for name, of in fields.items()}
    optional = dict(itertools.islice(drawn.items(), 1, None))
    required = dict(itertools.islice(drawn.items(), 1))
    values = st.fixed_dictionaries(required, optional=optional)
    makes = st.sampled_from([save, save, delete])
    return st.builds(lambda make, pk, given: make(model, pk, **given), makes, pk, values)


PRICES = st.sampled_from(["1.00", "2.5", "1.005"])
KEYS = NUMBERS.map(key)
LINKS = st.lists(NUMBERS, max_size=3)
CHANGES = st.one_of(
    some("seller", id=KEYS, name=WORDS, stars=st.integers(0, 5)),
    some("item", slug=st.none() | WORDS, seller=KEYS, quantity=st.integers(-1, 2), price=PRICES),
    some("stamp", text=WORDS, parent=st.none() | NUMBERS),
    some("review", item=st.none() | NUMBERS, stamp=NUMBERS, data=st.none() | st.just({"a": 1})),
    some("note", id=KEYS, code=WORDS),
    some("pin", note=WORDS),
    some("picture", file=st.none() | WORDS),
    some("loud", text=WORDS),
    some("chant", words=st.lists(WORDS)),
    some("coat", st.none() | st.sampled_from(["T-1", "T-2"]), colour=WORDS),
    some("hook", coat=st.sampled_from(["T-1", "T-2"]), others=st.just(["T-1"])),
    some("moment", st.sampled_from(["2023-10-27T08:31:40Z", "2023-10-27T10:31:40+02:00"]),
         times=NUMBERS),
    some("badge", text=WORDS),
    some("album", name=WORDS, badges=LINKS, friends=LINKS, shown=LINKS),
    some("club", id=KEYS, badges=LINKS),
)  # fmt: skip


@settings(
    max_examples=examples(25, 200),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches=st.lists(st.lists(CHANGES, min_size=1, max_size=15), min_size=1, max_size=2))
def test_a_series_leaves_what_its_records_leave(trial, batches):
    logged = [[line(*changed, at=EPOCH) for changed in batch] for batch in batches]
    expected = trial.by_django(logged)
    assert trial.exact(logged) == expected


def test_good_records_take_a_statement_each(trial):
    history = [
        lines(
            *(seller(number, number) for number in range(1, 20)),
            *(seller(number, 50, "Eve") for number in range(1, 10)),
            *(stamp(pk, parent=pk - 1 or None) for pk in range(1, 20)),
            *(stamp(pk, "red") for pk in range(1, 20)),
            *(save("badge", pk) for pk in range(1, 20)),
            *(save("pin", pk, note="a") for pk in range(1, 5)),
            *(delete("pin", pk) for pk in range(1, 5)),
        )
    ]
    expected = trial.by_django(history)
    assert expected["letters"] == []
    assert trial.exact(history) == expected
    # A badge has but its default: there is nothing to be updated.
    assert (trial.prepared, trial.refused) == (19 + 9 + 19 + 19 + 4 + 4, 0)


def test_statements_go_together_where_the_driver_can_send_several(database, trial):
    sent = []

    def count(execute, sql, parameters, many, context):
        sent.append(sql)
        return execute(sql, parameters, many, context)

    stamps = [stamp(pk) for pk in range(1, 101)]
    history = [lines(*stamps), lines(*stamps, *(delete("note", pk, id=key(pk)) for pk in (1, 2)))]
    expected = trial.by_django(history)
    with connections[database].execute_wrapper(count):
        assert trial.exact(history) == expected
    writing = [sql for sql in sent if sql.startswith(("INSERT", "UPDATE")) and "_stamp" in sql]
    assert len(writing) == (4 if database == "postgres" else 200)


def test_what_was_taken_before_one_is_refused_is_not_sent_one_by_one(monkeypatch):
    trial = Trial("postgres", monkeypatch)
    good = [item(pk, f"item {pk}") for pk in range(1, 200)]
    history = [lines(seller(1, 1), *good[:150], item(200, "item 7"), *good[150:])]
    expected = trial.by_django(history)
    sent = []

    def note(execute, sql, *rest):
        sent.append(sql)
        return execute(sql, *rest)

    with connections["postgres"].execute_wrapper(note):
        assert trial.exact(history) == expected
    assert trial.refused == 1
    # Those that were sent with it, and it once more.
    assert sum(sql.count('INSERT INTO "market_item"') == 1 for sql in sent) < MOST_AT_ONCE + 2


def test_what_is_kept_is_written_before_anybody_looks(monkeypatch):
    """Django deletes with what goes along: it would not find a row that is not written yet."""
    trial = Trial("postgres", monkeypatch)
    history = [
        lines(*(seller(number, number) for number in (1, 2)), delete("seller", 1, id=key(1)))
    ]
    expected = trial.by_django(history)
    assert len(expected["Seller"]) == 1
    assert trial.exact(history) == expected
    monkeypatch.setattr(Replayer, "settle", lambda _: None)
    assert trial.exact(history) != expected


def test_what_would_go_with_a_row_is_written_before_it_is_looked_for(monkeypatch):
    """A record of a row that waits keeps back the deletion that would take the row along."""
    trial = Trial("postgres", monkeypatch)
    history = [
        lines(seller(1, 1), seller(2, 2), item(2, "sky", seller=key(2))),
        lines(item(1, "sky"), item(1, "sea"), delete("seller", 1, id=key(1))),
    ]
    expected = trial.by_django(history)
    assert [reason for _, reason, *_ in expected["letters"]] == ["unique_clash", "protected"]
    assert trial.exact(history) == expected
    monkeypatch.setattr(Replayer, "settle", lambda _: None)
    assert trial.exact(history) != expected


def test_what_is_refused_late_is_looked_for(monkeypatch):
    """An UPDATE that finds no row is not taken for one that did."""
    trial = Trial("postgres", monkeypatch)
    history = [lines(*(stamp(pk) for pk in range(1, 9))), lines(stamp(1, "red"), stamp(2, "red"))]
    with connections["postgres"].cursor() as cursor:
        cursor.execute(LET_NONE_BE_RED)
    try:
        expected = trial.by_django(history)
        assert trial.exact(history) == expected
    finally:
        with connections["postgres"].cursor() as cursor:
            cursor.execute("DROP FUNCTION let_none_be_red() CASCADE")


LET_NONE_BE_RED = """
    CREATE FUNCTION let_none_be_red() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.text = 'red' THEN RETURN NULL; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER let_none_be_red BEFORE UPDATE ON market_stamp
        FOR EACH ROW EXECUTE FUNCTION let_none_be_red();
"""


def test_a_bad_record_ends_a_series_and_no_more(trial):
    history = [
        lines(
            seller(1, 1),
            *(item(pk, f"item {pk}") for pk in range(1, 20)),
            item(20, "item 7"),  # has the value of another one
            *(item(pk, f"item {pk}") for pk in range(21, 40)),
            item(40, "far too long for a slug", quantity="many"),
            item(41, "item 41"),
            item(42, "item 42", quantity=-1),
            *(stamp(pk, parent=99 if pk == 5 else None) for pk in range(1, 10)),
        )
    ] * 2
    expected = trial.by_django(history)
    reasons = ["unique_clash", "bad_value", "integrity", "missing_parent"]
    assert [reason for _, reason, *_ in expected["letters"]] == reasons * 2
    assert trial.exact(history) == expected


# Of the two batches of a history, the first is what is there before.
RULES = {
    "expression around a value": (
        statements.writes_expressions,
        [[], [save("loud", 1, text="sky"), save("loud", 2, text="sea")]],
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_keeps_what_is_left_equal(trial, monkeypatch, name):
    rule, batches = RULES[name]
    history = [lines(*batch) for batch in batches]
    expected = trial.by_django(history)
    assert trial.exact(history) == expected
    others = tuple(other for other in statements.TABLE_RULES if other is not rule)
    monkeypatch.setattr(statements, "TABLE_RULES", others)
    assert trial.exact(history) != expected


COUNT_UPDATES = """
    CREATE FUNCTION count_updates() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO market_renamed (name) VALUES ('update');
        RETURN NULL;
    END $$;
    CREATE TRIGGER count_updates BEFORE UPDATE ON market_stamp
        FOR EACH STATEMENT EXECUTE FUNCTION count_updates();
"""


def test_a_trigger_for_statements_sees_what_django_makes(monkeypatch):
    trial = Trial("postgres", monkeypatch)
    whole, part = stamp(1, parent=None), stamp(2)
    history = [lines(whole, part, whole, part)]
    with connections["postgres"].cursor() as cursor:
        cursor.execute(COUNT_UPDATES)
    try:
        expected = trial.by_django(history)
        assert len(expected["Renamed"]) == 3  # whether a part of a row is here, it asks otherwise
        assert trial.exact(history) == expected
        monkeypatch.setattr(Table, "asks_by_update", False)
        assert trial.exact(history) != expected
    finally:
        with connections["postgres"].cursor() as cursor:
            cursor.execute("DROP FUNCTION count_updates() CASCADE")


def test_what_goes_with_a_row_goes_with_it(trial, monkeypatch):
    """Also where no constraint of the database would tell."""
    history = [
        lines(save("note", 1, id=key(1), code="a"), save("pin", 1, note="a"), stamp(1)),
        lines(delete("note", 1, id=key(1)), delete("stamp", 2)),
    ]
    expected = trial.by_django(history)
    assert expected["Pin"] == []
    assert trial.exact(history) == expected
    monkeypatch.setattr(statements, "goes_alone", lambda _: True)
    assert trial.exact(history) != expected


def test_a_row_that_went_along_comes_again(trial):
    history = [
        lines(seller(1, 1), item(1, "a"), item(2, "b")),
        lines(
            item(1, "c"), item(2, "d"),
            delete("seller", 1, id=key(1)), seller(1, 7), item(2, "e"), item(1, "d"),
        ),
    ]  # fmt: skip
    expected = trial.by_django(history)
    assert len(expected["Item"]) == 2
    assert trial.exact(history) == expected
    assert trial.refused == 0


def test_numbers_that_are_taken_are_drawn_anew(trial):
    """As those of another source, and those of a row that came in the same series."""
    history = [
        lines(seller(1, 1), seller(2, 2)),
        lines(seller(3, 1), seller(4, 5), seller(5, 5), seller(1, 2), seller(6, None)),
    ]
    expected = trial.by_django(history)
    assert len(expected["Seller"]) == 6
    assert trial.exact(history) == expected
    assert trial.refused == 0


def test_values_that_are_expressions_are_written_by_django(trial):
    history = [lines(*(save("review", pk, item=None, stamp=None, data=None) for pk in (1, 2)))]
    expected = trial.by_django(history)
    assert trial.exact(history) == expected
    assert (trial.prepared, trial.refused) == (0, 0)


def test_a_series_ends_when_it_is_time(database):
    """A pause is to take effect soon, whatever the records cost."""
    # Too few for the fast path.
    entries = [record_of(line(*stamp(pk)), start=1000 * pk) for pk in range(1, 6)]
    target = Target(database)
    seconds = itertools.count()
    writer = BatchWriter(target, checkpoints.load(target, "/a.log"), clock=lambda: next(seconds))
    batch = Batch(entries=entries, position=after(entries[-1]), after=after)
    written = writer.write(batch, Limits(seconds=2, failures=10))
    assert 1 < len(written.entries) < 5
    assert Stamp.objects.using(database).count() == len(written.entries)


def after(entry):
    return Position(generation="generation", offset=entry.location.end)


def test_what_is_known_to_fail_does_not_end_a_series(trial, monkeypatch):
    unknown = line("SAVE", {"model": "market.moon", "pk": 1, "fields": {}}, at=EPOCH)
    many = line(*item(40, "item 40", quantity="many"), at=EPOCH)
    good = lines(seller(1, 1), *(item(pk, f"item {pk}") for pk in range(1, 20)))
    history = [[*good, unknown, many, b"no record\n", *lines(item(41, "item 41"))]]
    expected = trial.by_django(history)
    begun, begin = [], PreparedSeries.__init__

    def counted(series, *given, **named):
        begun.append(series)
        begin(series, *given, **named)

    monkeypatch.setattr(PreparedSeries, "__init__", counted)
    assert trial.exact(history) == expected
    assert len(expected["letters"]) == 3
    assert len(begun) == 1


def test_a_series_ends_at_a_limit_of_failures(database, monkeypatch):
    monkeypatch.setattr(FastPath, "to", lambda *_, **__: None)
    many = line(*item(40, "item 40", quantity="many"))
    history = [*lines(seller(1, 1), item(1, "item 1")), many, many, many, *lines(item(2, "item 2"))]
    entries = [record_of(one, start=start) for start, one in enumerate(history)]
    batch = Batch(entries=entries, position=after(entries[-1]), after=after)
    for limits, taken in (
        (Limits(seconds=float("inf"), failures=2), 4),
        (Limits(seconds=float("inf"), failures=9, until_failure=True), 3),
        (Limits(seconds=float("inf"), failures=9, stop_on_error=True), 2),
        (Limits(seconds=float("inf"), failures=9), 6),
    ):
        target = Target(database)
        writer = BatchWriter(target, checkpoints.load(target, f"/{taken}.log"))
        assert len(writer.write(batch, limits).entries) == taken

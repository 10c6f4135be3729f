"""Values arrive as they were logged, and what cannot arrive says why."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.db import connections

from tests.project.gallery.models import Everything
from tests.support.lines import line
from tests.support.target import deleted, dumped, logged, saved

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

UTC = dt.UTC
MINIMUM = {
    "boolean": True,
    "char": "c",
    "text": "t",
    "small": 1,
    "integer": 2,
    "amount": "3.5000",
    "made": "2020-01-01T00:00:00Z",
    "touched": "2020-01-02T00:00:00Z",
}

NULLABLE = ["boolean_or_null", "big", "real", "day", "moment", "clock", "lapse"]
NULLABLE += ["identifier", "binary", "data", "address"]


def everything(**changed):
    values = {
        "pk": 1,
        "boolean": False,
        "boolean_or_null": None,
        "char": "ü \u2028 😀 \x85 <b> \\ \"'",
        "text": "line\nbreak\r\n\ttab",
        "slug": "a-slug",
        "small": -32768,
        "integer": 2**30 - 1,
        "big": -(2**63),
        "positive": 0,
        "real": 1e-300,
        "amount": Decimal("12345678901.7891"),
        "day": dt.date(1, 1, 1),
        "moment": dt.datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
        "clock": dt.time(23, 59, 59, 999000),
        "lapse": dt.timedelta(days=-5, microseconds=1),
        "identifier": uuid.UUID(int=7),
        "binary": bytes(range(256)),
        "data": {"null": None, "big": 2**70, "deep": [[{"": []}]], "text": "\u0001é"},
        "data_required": ["x"],
        "address": "2001:db8::1",
        "link": "https://example.org/?a=1&b=2",
        "file": "files/ü.txt",
        "made": dt.datetime(2001, 2, 3, 4, 5, 6, 7000, tzinfo=UTC),
        "touched": dt.datetime(2002, 2, 3, 4, 5, 6, 7000, tzinfo=UTC),
        "secret": "unlogged",
        "by_database": 5,
        "since": dt.datetime(2003, 2, 3, tzinfo=UTC),
        "doubled": 2**31 - 2,
    }
    return values | changed


def differences(row, values):
    found = {name: getattr(row, name) for name in values}
    if found["binary"] is not None:
        found["binary"] = bytes(found["binary"])
    return {name: (found[name], values[name]) for name in values if found[name] != values[name]}


def test_every_type_of_field_arrives_as_it_was(target):
    values = everything()
    target.accept(logged(Everything(**values)))
    assert not differences(target.row(Everything), values)


def test_every_type_of_field_is_updated_and_emptied(target):
    target.accept(logged(Everything(**everything())))
    nothing = dict.fromkeys(NULLABLE)
    values = everything(**nothing, char="", data_required={}, integer=1, doubled=2)
    target.accept(logged(Everything(**values)))
    assert not differences(target.row(Everything), values)


def test_times_that_a_save_would_set_are_kept_as_logged(target):
    target.accept(saved("everything", 1, MINIMUM))
    row = target.row(Everything)
    assert row.made == dt.datetime(2020, 1, 1, tzinfo=UTC)
    assert row.touched == dt.datetime(2020, 1, 2, tzinfo=UTC)


def test_a_null_in_a_json_column_that_takes_no_sql_null_is_a_json_null(target):
    target.accept(saved("everything", 1, {**MINIMUM, "data_required": None}))
    row = target.rows(Everything).get(data_required__isnull=False)
    assert row.data_required is None


def test_a_field_that_the_record_lacks_takes_the_default_of_a_new_row(target):
    target.accept(saved("everything", 1, MINIMUM))
    row = target.row(Everything)
    assert (row.slug, row.positive, row.data_required) == ("unset", 7, {})
    assert (row.secret, row.by_database) == ("unlogged", 42)
    assert row.since is not None


def test_a_field_that_the_record_lacks_keeps_its_value_on_update(target):
    target.accept(logged(Everything(**everything())))
    target.rows(Everything).update(secret="local", by_database=9)

    target.accept(saved("everything", 1, MINIMUM))

    kept = everything(secret="local", by_database=9) | {
        "boolean": True,
        "char": "c",
        "text": "t",
        "small": 1,
        "integer": 2,
        "amount": Decimal("3.5"),
        "made": dt.datetime(2020, 1, 1, tzinfo=UTC),
        "touched": dt.datetime(2020, 1, 2, tzinfo=UTC),
        "doubled": 4,
    }
    assert not differences(target.row(Everything), kept)


def test_a_field_that_a_source_does_not_log_is_never_reset(target):
    target.accept(logged(Everything(**everything())))
    target.rows(Everything).update(secret="local")
    target.accept(logged(Everything(**everything(char="again"))))
    row = target.row(Everything)
    assert (row.char, row.secret) == ("again", "local")


def test_a_record_without_any_field_leaves_the_row_alone(target):
    target.accept(logged(Everything(**everything())))
    target.accept(saved("everything", 1, {}))
    assert not differences(target.row(Everything), everything())


def test_the_value_of_a_generated_field_is_computed_here(target):
    target.accept(saved("everything", 1, {**MINIMUM, "doubled": 999}))
    assert target.row(Everything).doubled == 4


def test_an_unknown_field_is_a_dead_letter_that_names_it(target):
    letter = target.refuse(saved("everything", 1, {**MINIMUM, "colour": "red"}))
    assert letter.reason == "unknown_field"
    assert "gallery.everything has no field colour" in letter.error
    assert "IGNORE_UNKNOWN_FIELDS" in letter.error
    assert not target.rows(Everything).exists()


def test_an_unknown_field_is_left_out_where_that_is_asked_for(target):
    line = saved("everything", 1, {**MINIMUM, "colour": "red"})
    target.accept(line, ignore_unknown_fields=True)
    assert target.row(Everything).char == "c"


def test_an_unknown_model_is_a_dead_letter_that_names_it(target):
    for label in ("gallery.nothing", "nowhere.nothing", "nodot", "too.many.dots", ""):
        letter = target.refuse(line("SAVE", {"model": label, "pk": 1, "fields": {}}))
        assert letter.reason == "unknown_model"
        assert f"The model {label} is not installed" in letter.error


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("boolean", "maybe"),
        ("boolean", None),
        ("char", None),
        ("integer", "many"),
        ("integer", [1]),
        ("integer", {"a": 1}),
        ("big", 2**70),
        ("amount", "NaN"),
        ("amount", "much"),
        ("day", "2023-02-30"),
        ("moment", "yesterday"),
        ("clock", "25:00"),
        ("lapse", "long"),
        ("identifier", "no uuid"),
        ("binary", "é"),
        ("char", "half a pair \ud800"),
    ],
)
def test_a_bad_value_is_a_dead_letter(target, field, value):
    letter = target.refuse(saved("everything", 1, {**MINIMUM, field: value}))
    assert (letter.reason, letter.status) == ("bad_value", "open")
    assert (letter.model, letter.pk_text, letter.operation) == ("gallery.everything", "1", "SAVE")
    assert letter.error
    assert not target.rows(Everything).exists()


def test_a_bad_value_is_named_with_its_field_and_the_reason(target):
    letter = target.refuse(saved("everything", 8, {**MINIMUM, "day": "2023-02-30"}))
    first_line = letter.error.splitlines()[0]
    assert "gallery.everything 8: the field day does not take '2023-02-30'" in first_line
    assert "invalid date" in first_line


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"char": None}, "char is empty; it must have a value."),
        (
            {"char": "x" * 300},
            "char has 300 characters; it may have 40.\nA column does not take its value:",
        ),
    ],
)
def test_what_a_column_refuses_is_said_in_the_words_of_the_model(target, fields, words):
    if target.database == "default" and fields["char"]:
        target.accept(saved("everything", 1, {**MINIMUM, **fields}))  # SQLite takes any length
        return
    letter = target.refuse(saved("everything", 1, {**MINIMUM, **fields}))
    assert letter.error.startswith(f"gallery.everything 1: {words}")


def test_text_that_a_database_has_not_is_said_in_the_words_of_the_model(target):
    half = target.refuse(saved("everything", 1, {**MINIMUM, "text": "half \ud800"}))
    assert half.error.startswith("gallery.everything 1: text has '\\ud800', which is half of a")
    nul = saved("everything", 2, {**MINIMUM, "text": "nul\0"})
    if target.database == "default":
        target.accept(nul)  # SQLite keeps it
        return
    assert target.refuse(nul).error.startswith("gallery.everything 2: text has a NUL character")


@pytest.mark.parametrize("pk", ["x", 2**70, [1, 2], {"a": 1}, 1.5e300])
def test_a_bad_primary_key_is_a_dead_letter(target, pk):
    letter = target.refuse(saved("everything", pk, MINIMUM))
    assert letter.reason == "bad_value"


def test_a_record_without_a_key_says_that_it_has_none(target):
    for pk in ({"pk": None}, {}):
        serialized = {"model": "gallery.everything", **pk, "fields": MINIMUM}
        for operation in ("SAVE", "DELETE"):
            letter = target.refuse(line(operation, serialized))
            assert letter.reason == "no_identity"
            assert "has no pk" in letter.error


def test_several_objects_take_effect_together_or_not_at_all(target):
    good, bad = dumped("everything", 1, MINIMUM), dumped("everything", 2, {"integer": "x"})
    letter = target.refuse(line("SAVE", good, bad))
    assert not target.rows(Everything).exists()
    assert (letter.model, letter.pk_text) == ("gallery.everything", "1")
    assert target.total("gallery.everything") == {"failed": 1}

    target.accept(line("SAVE", good, dumped("everything", 2, MINIMUM)))
    assert target.rows(Everything).count() == 2
    assert target.total("gallery.everything") == {"failed": 1, "saved": 1}


def test_a_record_of_no_objects_does_nothing(target):
    for operation in ("SAVE", "DELETE"):
        assert target.accept(line(operation)).counts == {}


def test_a_constraint_of_the_database_makes_a_dead_letter(target):
    target.accept(saved("exhibition", 1, {"title": "x"}), saved("artist", 1, {"code": "a"}))
    target.accept(saved("work", 1, {"title": "w", "artist": "a"}))
    letter = target.refuse(saved("showing", 1, {"work": 1, "exhibition": 1, "room": 0}))
    assert letter.reason == "integrity"
    assert "gallery_room" in letter.error


@pytest.mark.parametrize("database", ["postgres"])
def test_a_deletion_that_the_database_refuses_is_not_blamed_on_fields(target):
    """PostgreSQL has moments that no program here can read."""
    target.accept(saved("everything", 1, MINIMUM))
    with connections["postgres"].cursor() as cursor:
        cursor.execute(f"""UPDATE "{Everything._meta.db_table}" SET made = '10000-01-01'""")
    letter = target.refuse(deleted("everything", 1))
    assert "timestamp too large" in letter.error.partition("\n")[0]

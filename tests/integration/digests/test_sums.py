"""The same rows have the same sum, whatever database they are in; other rows have another."""

import datetime as dt
import json
import tracemalloc
import uuid
from decimal import Decimal

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import models

from tests.project.gallery.models import (
    Artist,
    Everything,
    Exhibition,
    Kiosk,
    Known,
    Passport,
    Remark,
    Tag,
    Wall,
    Work,
)
from tui_ingest.digests.canonical import Canon, limits
from tui_ingest.digests.fields import column_fields, default_identity, link_fields
from tui_ingest.digests.reading import Hasher, Sum, between

BOTH = ["default", "postgres"]
pytestmark = pytest.mark.django_db(transaction=True, databases=BOTH)

UTC = dt.UTC
VALUES = {
    "pk": 1,
    "boolean": True,
    "char": "ü \u2028 😀 \x85 <b> \\ \"'  ",
    "text": "line\nbreak\r\n\ttab",
    "small": -32768,
    "integer": 2**30 - 1,
    "big": -(2**63),
    "real": 1e-300,
    "amount": Decimal("12345678901.7891"),
    "day": dt.date(1, 1, 1),
    "moment": dt.datetime(2023, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    "clock": dt.time(23, 59, 59, 999999),
    "lapse": dt.timedelta(days=-5, microseconds=1),
    "identifier": uuid.UUID(int=7),
    "binary": bytes(range(256)),
    "data": {
        "null": None,
        "big": 2**70,
        "1e22": 1e22,
        "5": 5.0,
        "deep": [[{"": []}]],
        "é": "\u0001",
    },
    "data_required": ["x", 0.1, -0.0, True],
    "address": "2001:db8::1",
    "link": "https://example.org/?a=1&b=2",
    "file": "files/ü.txt",
    "since": dt.datetime(2003, 2, 3, tzinfo=UTC),
}
MADE = {name: dt.datetime(2001, 2, 3, 4, 5, 6, 7, tzinfo=UTC) for name in ("made", "touched")}
OTHER = {
    "boolean": False,
    "char": "ü \u2028 😀 \x85 <b> \\ \"' ",
    "text": "line\nbreak\n\ttab",
    "integer": 2**30,
    "real": 1.1e-300,
    "amount": Decimal("12345678901.7892"),
    "moment": dt.datetime(2023, 12, 31, 23, 59, 59, 999998, tzinfo=UTC),
    "clock": None,
    "lapse": dt.timedelta(days=-5, microseconds=2),
    "binary": b"",
    "data": {**VALUES["data"], "5": 5.5},
    "address": "2001:db8::2",
    "by_database": 43,
}


def hasher(model, database, naive=False):
    names = sorted([*column_fields(model), *link_fields(model)])
    identity = default_identity(model)
    return Hasher(model, identity=identity, names=names, naive=naive, database=database)


def rows(model, database):
    return models.QuerySet(model=model, using=database)


def total(model, database, **options):
    found = Sum()
    for row in hasher(model, database, **options).hashes(rows(model, database)):
        found.add(row)
    return found.count, found.hex


def both(model, **values):
    """The row in both databases, as it stands there."""
    for database in BOTH:
        row = model(**values)
        row.save_base(raw=True, using=database, force_insert=True)
    return row


def everything(pk=1, **changed):
    return both(Everything, **{**VALUES, **MADE, **changed, "pk": pk})


def assert_same(model, count):
    sqlite, postgres = (total(model, database) for database in BOTH)
    assert sqlite == postgres
    assert sqlite[0] == count
    return sqlite[1]


def test_values_of_every_kind_are_the_same_to_both():
    everything()
    nullable = {f.name: None for f in Everything._meta.local_concrete_fields if f.null}
    everything(2, **nullable)
    assert_same(Everything, 2)


@pytest.mark.parametrize("name", OTHER)
def test_another_value_is_another_sum(name):
    everything()
    before = total(Everything, "default")
    rows(Everything, "default").update(**{name: OTHER[name]})
    assert total(Everything, "default")[1] != before[1]
    rows(Everything, "default").update(**{name: getattr(Everything(**VALUES), name)})
    assert total(Everything, "default") == before


def test_what_no_record_carries_counts_for_nothing():
    everything()
    before = total(Everything, "default")
    rows(Everything, "default").update(secret="another")
    assert total(Everything, "default") == before


def test_equal_pairs_do_not_vanish_and_values_do_not_change_places():
    both(Tag, pk=1, name="a", note="b")
    one = assert_same(Tag, 1)
    both(Tag, pk=2, name="b", note="a")
    two = assert_same(Tag, 2)
    for database in BOTH:
        rows(Tag, database).filter(pk=1).update(name="c", note="a")
        rows(Tag, database).filter(pk=2).update(note="b")
    assert len({one, two, assert_same(Tag, 2)}) == 3


def test_links_count_in_any_order():
    both(Artist, pk=1, code="x")
    both(Work, pk=1, title="w", artist_id="x")
    for number in (1, 2, 3):
        both(Tag, pk=number, name=str(number))
    empty = assert_same(Work, 1)
    link = Work.tags.through
    for database, order in zip(BOTH, ((1, 3), (3, 1)), strict=True):
        for tag in order:
            rows(link, database).create(work_id=1, tag_id=tag)
    linked = assert_same(Work, 1)
    rows(link, "postgres").filter(tag_id=3).update(tag_id=2)
    assert len({empty, linked, total(Work, "postgres")[1]}) == 3


def test_what_every_database_numbers_by_itself_goes_by_name():
    for database in BOTH:
        kinds = rows(ContentType, database)
        for taken in ("tag", "work"):  # others refer to these
            kinds.filter(app_label="gallery", model=taken).update(model=f"{taken} before")
        kinds.create(app_label="gallery", model="tag" if database == "default" else "work")
        kinds.create(app_label="gallery", model="work" if database == "default" else "tag")
        kind = kinds.get(app_label="gallery", model="work")
        rows(Remark, database).create(pk=1, content_type=kind, object_id=7, text="of a work")
    work = assert_same(Remark, 1)
    rows(Remark, "default").update(
        content_type=rows(ContentType, "default").get(app_label="gallery", model="tag")
    )
    assert total(Remark, "default")[1] != work


def test_keys_of_two_columns_children_and_numbers_of_their_own():
    both(Exhibition, pk=1, title="e")
    both(Wall, exhibition_id=1, number=2, colour="red")
    assert_same(Wall, 1)
    for database in BOTH:
        kiosk = Kiosk(name="k", sells="ice", open_air=True)
        kiosk.save(using=database)
    assert_same(Kiosk, 1)
    both(Artist, pk=4, code="p")
    both(Passport, artist_id=4, number="n")
    assert_same(Passport, 1)
    for number, database in enumerate(BOTH, start=5):
        rows(Known, database).create(number=number, id=uuid.UUID(int=9), name="k")
    assert_same(Known, 1)


def test_moments_of_a_source_without_time_zones_are_compared_as_they_stand_there(settings):
    field = Everything._meta.get_field("moment")
    settings.TIME_ZONE = "America/Chicago"
    here = dt.datetime(2023, 7, 1, 12, tzinfo=UTC)
    there = "2023-07-01T07:00:00"
    assert Canon("default", naive=True).converter(field)(here) == there


class JsonText(models.TextField):
    """JSON in a text column: what it reads may be a text that is no JSON."""

    def from_db_value(self, value, *_):
        return json.loads(value)

    def to_python(self, value):
        return json.loads(value) if isinstance(value, str) else value


def test_what_a_field_has_read_is_not_read_once_more():
    assert Canon("default", naive=False).converter(JsonText())("null and void") == "null and void"


def test_decimals_that_sqlite_cannot_hold_are_named():
    assert [*limits(Everything, "default")] == ["SQLite keeps 15 digits of amount, which has 20."]
    assert not [*limits(Everything, "postgres")]


def test_parts_of_a_table_add_up_to_the_whole():
    for number in range(1, 21):
        both(Known, number=number, id=uuid.UUID(int=number * 7919), name=str(number))
    whole = total(Known, "default")
    parts = Sum()
    after = None
    while True:
        some = between(rows(Known, "postgres"), Known._meta.get_field("id"), after, None)
        found = [*hasher(Known, "postgres").hashes(some.order_by("id")[:6])]
        for row in found:
            parts.add(row)
        if len(found) < 6:
            break
        same = between(
            rows(Known, "default"), Known._meta.get_field("id"), after, found[-1].identity
        )
        assert {row.hash for row in hasher(Known, "default").hashes(same)} == {
            row.hash for row in found
        }
        after = found[-1].identity
    assert (parts.count, parts.hex) == whole


def test_a_long_table_is_read_in_little_memory(database):
    rows(Tag, database).bulk_create(
        [Tag(name=f"tag {number}", note="x" * 20) for number in range(20_000)], batch_size=2_000
    )
    [*hasher(Tag, database).hashes(rows(Tag, database)[:10])]
    tracemalloc.start()
    try:
        count, _ = total(Tag, database)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 4 * 1024 * 1024

"""Rows made here after rows from a log get numbers that are free."""

import pytest
from django.db import connections, transaction

from tests.project.gallery.models import Everything, Known, Place, Shop, Tag
from tests.project.market.models import Coat, Hook
from tests.support.lines import line, serialized
from tests.support.target import dumped, saved, without_pk
from tui_ingest.ingest.exact import sequences

pytestmark = pytest.mark.django_db(
    transaction=True, reset_sequences=True, databases=["default", "postgres"]
)


def tag(pk, name):
    return saved("tag", pk, {"name": name, "note": ""})


def new(target, name="new"):
    return target.rows(Tag).create(name=name).pk


@pytest.mark.parametrize("pk", [1, 7, 1_000, 1_001, 5_000_000])
def test_the_next_local_row_comes_after_the_logged_ones(target, pk):
    target.accept(tag(pk, "a"))
    assert new(target) == pk + 1


def test_numbers_never_go_back(target):
    target.accept(tag(100, "a"))
    assert new(target, "one") == 101
    target.accept(tag(5, "b"))
    assert new(target, "two") == 102


def test_numbers_drawn_by_others_meanwhile_are_not_given_out_again():
    counter = connections["postgres"]
    with counter.cursor() as cursor:
        cursor.execute("SELECT nextval('gallery_tag_id_seq') FROM generate_series(1, 500)")
        sequences.reset(counter, {Tag: 400})
        cursor.execute("SELECT nextval('gallery_tag_id_seq')")
        assert cursor.fetchone() == (501,)


def test_a_row_that_is_given_a_number_after_one_that_brought_its_own(target):
    target.accept(tag(1, "a"), line("SAVE", without_pk("tag", {"name": "b", "note": ""})))
    assert sorted(target.rows(Tag).values_list("pk", flat=True)) == [1, 2]


def test_the_number_of_a_refused_record_is_not_taken_over(target):
    good = dumped("tag", 2**62, {"name": "far", "note": ""})
    target.refuse(line("SAVE", good, dumped("tag", 2, {"name": "x", "colour": "red"})))
    target.accept(tag(1, "a"))
    assert new(target) == 2


def test_tables_and_children_of_every_kind(target):
    target.accept(
        line("SAVE", dumped("place", 9, {"name": "p"}), dumped("shop", 9, {"sells": "s"})),
        saved("known", 9, {"id": "0" * 32, "name": "k", "slug": None}),
        saved(
            "everything",
            9,
            {"boolean": True, "char": "", "text": "", "small": 1, "integer": 1, "amount": "1"}
            | {"made": "2020-01-01T00:00:00Z", "touched": "2020-01-01T00:00:00Z"},
        ),
    )
    with transaction.atomic(using=target.database):
        assert target.rows(Place).create().pk == 10
        assert target.rows(Known).create(name="new").pk == 10
        shop = Shop(sells="x")
        shop.save(using=target.database)
        assert shop.pk == 11
        values = {"boolean": True, "small": 1, "integer": 1, "amount": 1}
        assert target.rows(Everything).create(**values).pk == 10


def test_keys_that_are_objects_in_python(target):
    """They never reach the database as such, and its counter stays ahead of them."""
    coats = [serialized("market.coat", f"T-{n}", {"colour": "red"}) for n in (1, 2, 7)]
    hook = {"coat": "T-7", "others": ["T-1", "T-2"]}
    target.accept(
        *(line("SAVE", coat) for coat in coats),
        line("SAVE", serialized("market.hook", 1, hook)),
        line("SAVE", serialized("market.hook", 1, {**hook, "others": ["T-2", "T-7"]})),
        line("SAVE", {"model": "market.coat", "fields": {"colour": "blue"}, "pk": "T-7"}),
    )
    assert target.row(Hook, pk=1).coat.colour == "blue"
    links = target.rows(Hook.others.through).values_list("coat_id", flat=True)
    assert {str(code) for code in links} == {"T-2", "T-7"}
    assert str(target.rows(Coat).create(colour="new").pk) == "T-8"
    target.accept(line("DELETE", serialized("market.coat", "T-7", {})))
    assert not target.rows(Hook).exists()


def test_a_key_that_is_an_object_is_missed_and_comes_back(target):
    letter = target.refuse(line("SAVE", serialized("market.hook", 1, {"coat": "T-3"})))
    assert (letter.reason, letter.waiting_for_key) == ("missing_parent", "id=T-3")
    target.accept(line("SAVE", serialized("market.coat", "T-3", {"colour": "red"})))
    assert target.rows(Hook).exists()

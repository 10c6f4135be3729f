"""Rows arrive with what they refer to, and go as the source let them go."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.db.models import QuerySet

from tests.project.gallery.models import (
    Artist,
    Chapter,
    Exhibition,
    Hideable,
    Kiosk,
    Label,
    Loose,
    Passport,
    Place,
    Remark,
    SameTag,
    Shop,
    Stand,
    Tag,
    Wall,
    Work,
)
from tests.project.market.models import Ticket
from tests.support.lines import line
from tests.support.target import deleted, dumped, logged, saved, without_pk

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

TAGS = [saved("tag", number, {"name": name, "note": ""}) for number, name in enumerate("abc", 1)]
ARTIST = saved("artist", 1, {"code": "rem", "favourite": None})


def work(pk=1, **fields):
    return saved("work", pk, {"title": "w", "artist": "rem", "sequel_of": None, **fields})


def names(work):
    return sorted(work.tags.values_list("name", flat=True))


# Foreign keys


def test_foreign_keys_are_followed_by_pk_and_by_another_field(target):
    target.accept(ARTIST, work(1), work(2, sequel_of=1))
    row = target.row(Work, pk=2)
    assert (row.artist.pk, row.sequel_of.title) == (1, "w")


def test_rows_may_refer_to_themselves_and_to_each_other(target):
    target.accept(
        saved("artist", 1, {"code": "rem", "favourite": 1}), work(1, sequel_of=1), work(2)
    )
    assert target.row(Artist).favourite.pk == 1
    assert target.row(Work, pk=1).sequel_of_id == 1


def test_a_child_may_come_before_its_parent(target):
    target.accept(work(1), ARTIST)
    assert target.row(Work).artist.pk == 1


def test_a_one_to_one_relation_may_be_the_key(target):
    target.accept(ARTIST, saved("passport", 1, {"number": "X1"}))
    target.accept(saved("passport", 1, {"number": "X2"}))
    assert target.row(Passport).number == "X2"


def test_a_missing_parent_is_named(target):
    letter = target.refuse(work(1))
    assert letter.reason == "missing_parent"
    assert "gallery.work refers by its field artist to gallery.artist code=rem" in letter.error
    assert (letter.waiting_for_model, letter.waiting_for_key) == ("gallery.artist", "code=rem")


def test_a_foreign_key_without_a_constraint_may_lead_nowhere(target):
    target.accept(saved("loose", 1, {"tag": 99}))
    assert target.row(Loose).tag_id == 99


# Many to many


def test_many_to_many_relations_are_set_changed_and_emptied(target):
    target.accept(ARTIST, *TAGS, work(1, tags=[1, 2]))
    assert names(target.row(Work)) == ["a", "b"]
    target.accept(work(1, tags=[2, 3]))
    assert names(target.row(Work)) == ["b", "c"]
    target.accept(work(1, tags=[]))
    assert names(target.row(Work)) == []


def test_many_to_many_relations_that_the_record_lacks_are_kept(target):
    target.accept(ARTIST, *TAGS, work(1, tags=[1, 2]), work(1, title="changed"))
    assert (target.row(Work).title, names(target.row(Work))) == ("changed", ["a", "b"])


def test_a_record_of_nothing_but_many_to_many_relations(target):
    target.accept(ARTIST, *TAGS, work(1, tags=[1]), saved("work", 1, {"tags": [3]}))
    assert (target.row(Work).title, names(target.row(Work))) == ("w", ["c"])


def test_many_to_many_relations_by_natural_key(target):
    target.accept(ARTIST, *TAGS, work(1, tags=[["a"], ["c"]]))
    assert names(target.row(Work)) == ["a", "c"]


def test_rows_related_to_their_own_kind(target):
    target.accept(ARTIST, work(1), work(2), work(3, related=[1, 2]))
    assert target.row(Work, pk=1).related.get().pk == 3
    target.accept(work(3, related=[2]))
    assert not target.row(Work, pk=1).related.exists()


def test_a_missing_row_of_a_many_to_many_relation_is_a_missing_parent(target):
    target.accept(ARTIST, *TAGS)
    for value, key in ((99, "id=99"), (["z"], 'natural=["z"]')):
        letter = target.refuse(work(1, tags=[1, value]))
        assert (letter.reason, letter.waiting_for_key) == ("missing_parent", key)
        assert not target.rows(Work).exists()
        assert not target.rows(Work.tags.through).exists()


@pytest.mark.parametrize("value", [7, ["x"], [{}], "12"])
def test_a_bad_many_to_many_value_is_a_dead_letter(target, value):
    target.accept(ARTIST)
    letter = target.refuse(saved("known", 1, {"id": "no uuid", "name": "n", "tags": value}))
    assert letter.reason == "bad_value"
    assert not target.rows(Work).exists()


# Natural keys


def test_a_row_is_found_by_its_natural_key(target):
    tag = without_pk("tag", {"name": "a", "note": "one"})
    target.accept(line("SAVE", tag), line("SAVE", tag | {"fields": {"name": "a", "note": "2"}}))
    assert target.row(Tag).note == "2"
    target.accept(line("DELETE", tag))
    assert not target.rows(Tag).exists()
    target.accept(line("DELETE", tag))
    assert target.total("gallery.tag") == {"saved": 2, "deleted": 1, "missing": 1}


def test_natural_keys_that_refer_to_other_natural_keys(target):
    label = without_pk("label", {"text": "l", "tag": ["a"]})
    target.accept(TAGS[0], line("SAVE", label), line("SAVE", label))
    assert target.row(Label).tag.name == "a"
    target.accept(line("DELETE", label), deleted("tag", 1), line("DELETE", label))
    assert target.total("gallery.label") == {"saved": 2, "deleted": 1, "missing": 1}


def test_a_natural_key_that_nothing_has_is_a_missing_parent(target):
    letter = target.refuse(line("SAVE", without_pk("label", {"text": "l", "tag": ["z"]})))
    assert letter.reason == "missing_parent"
    assert (letter.waiting_for_model, letter.waiting_for_key) == ("gallery.tag", 'natural=["z"]')


def test_a_generic_relation_by_the_natural_key_of_its_content_type(target):
    type_of_work = ContentType.objects.db_manager(target.database).get_for_model(Work)
    remark = Remark(pk=5, content_type=type_of_work, object_id=1, text="nice")
    target.accept(ARTIST, work(1), logged(remark, use_natural_foreign_keys=True))
    assert target.row(Work).remarks.get().text == "nice"
    target.accept(deleted("work", 1))
    assert not target.rows(Remark).exists()


# Inheritance


def test_a_child_row_does_not_touch_its_parent(target):
    target.accept(saved("place", 1, {"name": "here"}), saved("shop", 1, {"sells": "tea"}))
    target.accept(saved("shop", 1, {"sells": "rum"}), saved("place", 1, {"name": "there"}))
    row = target.row(Shop)
    assert (row.name, row.sells, row.rating) == ("there", "rum", 3)


def test_a_family_of_rows_in_one_record(target):
    family = [
        dumped("place", 4, {"name": "here"}),
        dumped("shop", 4, {"sells": "ice", "rating": 1}),
        dumped("kiosk", 4, {"open_air": True}),
    ]
    target.accept(line("SAVE", *family))
    row = target.row(Kiosk)
    assert (row.name, row.sells, row.open_air) == ("here", "ice", True)
    assert target.total("gallery.place") == {"saved": 1}


def test_a_child_without_its_parent_row_is_a_missing_parent(target):
    letter = target.refuse(saved("shop", 7, {"sells": "tea"}))
    assert letter.reason == "missing_parent"
    assert (letter.waiting_for_model, letter.waiting_for_key) == ("gallery.place", "id=7")


def test_a_parents_field_in_the_record_of_its_child_is_not_dropped_in_silence(target):
    target.accept(saved("place", 1, {"name": "here"}))
    letter = target.refuse(saved("shop", 1, {"name": "there", "sells": "tea"}))
    assert letter.reason == "unknown_field"
    assert "inherits the field name" in letter.error


def test_deleting_a_child_leaves_the_parent_to_its_own_record(target):
    family = (saved("place", 1, {"name": "here"}), saved("shop", 1, {"sells": "tea"}))
    target.accept(*family, deleted("shop", 1))
    assert not target.rows(Shop).exists()
    assert target.row(Place).name == "here"
    target.accept(deleted("place", 1))
    assert target.total("gallery.shop") == {"saved": 1, "deleted": 1}
    assert target.total("gallery.place") == {"saved": 1, "deleted": 1}


def test_deleting_a_parent_deletes_its_children(target):
    family = (saved("place", 1, {"name": "here"}), saved("shop", 1, {"sells": "tea"}))
    target.accept(*family, saved("kiosk", 1, {"open_air": False}), deleted("place", 1))
    assert not target.rows(Place).exists()
    assert not target.rows(Shop).exists()
    assert not target.rows(Kiosk).exists()


def test_a_proxy_is_the_row_of_its_model(target):
    target.accept(saved("place", 1, {"name": "here"}), saved("stand", 1, {"sells": "tea"}))
    target.accept(saved("shop", 1, {"sells": "rum"}))
    assert target.row(Stand).sells == "rum"
    target.accept(deleted("stand", 1))
    assert not target.rows(Shop).exists()


# Managers, own methods, order, other keys


def test_hidden_rows_are_updated_and_deleted(target):
    target.accept(saved("hideable", 1, {"name": "small", "hidden": True}))
    target.accept(saved("hideable", 1, {"name": "smaller", "hidden": True}))
    assert target.row(Hideable).name == "smaller"  # not by the model's own save()
    target.accept(deleted("hideable", 1))
    assert not target.rows(Hideable).exists()  # nor by its own delete()


def test_a_row_that_even_the_base_manager_hides_is_deleted(target):
    QuerySet(Ticket, using=target.database).create(pk=1, sold=False, seat=7)
    target.accept(line("DELETE", {"model": "market.ticket", "pk": 1, "fields": {}}))
    assert target.total("market.ticket") == {"deleted": 1}
    assert not QuerySet(Ticket, using=target.database).exists()


def test_the_order_of_an_ordered_model_is_the_logged_one(target):
    target.accept(ARTIST, work(1))
    for pk, order in ((1, 2), (2, 0), (3, 1)):
        target.accept(saved("chapter", pk, {"work": 1, "title": str(pk), "_order": order}))
    in_order = target.rows(Chapter).order_by("_order").values_list("pk", flat=True)
    assert list(in_order) == [2, 3, 1]
    target.accept(saved("chapter", 1, {"work": 1, "title": "1", "_order": 0}))
    assert target.row(Chapter, pk=1)._order == 0


def test_a_row_with_a_composite_key(target):
    wall = Wall(exhibition_id=1, number=2, colour="white")
    target.accept(saved("exhibition", 1, {"title": "x"}), logged(wall))
    wall.colour = "red"
    target.accept(logged(wall))
    assert target.row(Wall).colour == "red"
    target.accept(deleted("wall", [1, 2], {"exhibition": 1, "number": 2, "colour": "red"}))
    target.accept(deleted("wall", [1, 2]))
    assert target.total("gallery.wall") == {"saved": 2, "deleted": 1, "missing": 1}


@pytest.mark.parametrize("pk", [[1], 1, [1, 2, 3], [1, "x"]])
def test_a_bad_composite_key_is_a_dead_letter(target, pk):
    for operation in ("SAVE", "DELETE"):
        assert target.refuse(line(operation, dumped("wall", pk, {}))).reason == "bad_value"


def test_an_unmanaged_model_is_written_like_any_other(target):
    target.accept(saved("sametag", 1, {"name": "a", "note": ""}))
    assert target.row(Tag).name == "a"
    assert target.rows(SameTag).count() == 1


# Deleting


def test_a_deletion_cascades_and_sets_null_as_the_models_say(target):
    target.accept(
        ARTIST,
        work(1),
        work(2, sequel_of=1),
        saved("artist", 2, {"code": "other", "favourite": 1}),
        saved("chapter", 1, {"work": 1, "title": "one", "_order": 0}),
        deleted("work", 1),
    )
    assert target.row(Work).sequel_of is None
    assert target.row(Artist, pk=2).favourite is None
    assert not target.rows(Chapter).exists()


def test_a_deletion_of_what_is_not_there_is_counted_as_missing(target):
    target.accept(deleted("work", 5))
    assert target.total("gallery.work") == {"missing": 1}


def test_a_record_counts_as_deleted_if_one_of_its_rows_was_there(target):
    target.accept(TAGS[0])
    target.accept(line("DELETE", dumped("tag", 1, {}), dumped("tag", 2, {})))
    assert target.total("gallery.tag") == {"saved": 1, "deleted": 1}
    target.accept(line("DELETE", dumped("tag", 2, {}), dumped("tag", 1, {})))
    assert target.total("gallery.tag") == {"saved": 1, "deleted": 1, "missing": 1}


@pytest.mark.parametrize("child", ["showing", "wall"])
def test_a_protected_row_is_a_dead_letter_that_says_by_what(target, child):
    target.accept(ARTIST, work(1), saved("exhibition", 1, {"title": "x"}))
    if child == "showing":
        target.accept(saved("showing", 1, {"work": 1, "exhibition": 1, "room": 2}))
    else:
        target.accept(logged(Wall(exhibition_id=1, number=2, colour="white")))
    letter = target.refuse(deleted("exhibition", 1))
    assert letter.reason == "protected"
    assert f"{child.capitalize()}.exhibition" in letter.error
    assert target.rows(Exhibition).exists()


def test_a_row_that_the_database_alone_protects_is_a_dead_letter(target):
    target.accept(saved("tag", 1, {"name": "a", "note": ""}))
    with connections[target.database].cursor() as cursor:
        cursor.execute("CREATE TABLE outside (tag bigint REFERENCES gallery_tag (id))")
        try:
            cursor.execute("INSERT INTO outside VALUES (1)")
            letter = target.refuse(deleted("tag", 1))
        finally:
            cursor.execute("DROP TABLE outside")
    assert letter.reason == "protected"


def test_a_deletion_of_several_objects_is_undone_when_one_is_protected(target):
    target.accept(ARTIST, work(1), saved("exhibition", 1, {"title": "x"}))
    target.accept(saved("showing", 1, {"work": 1, "exhibition": 1, "room": 2}))
    target.accept(TAGS[0])
    target.refuse(line("DELETE", dumped("tag", 1, {}), dumped("exhibition", 1, {})))
    assert target.rows(Tag).exists()


def test_a_parent_that_is_gone_by_the_end_of_a_batch_is_nobodys_fault_where_it_was_let_go(target):
    orphan = saved("passport", 99, {"number": "1"})  # has the batch searched for whose fault it is
    result = target.apply(
        *(*TAGS, ARTIST, work(2), work(3, tags=[1, 2])),
        saved("artist", 1, {"code": "rem", "favourite": 2}),
        orphan,
        deleted("work", 2),  # sets the artist's favourite to null
        deleted("tag", 1),  # takes the work's link along
    )
    assert [bytes(letter.raw) for letter in target.letters()] == [orphan.rstrip()]
    assert result.set_aside == 1
    assert target.row(Artist).favourite_id is None
    assert [tag.pk for tag in target.row(Work, pk=3).tags.all()] == [2]

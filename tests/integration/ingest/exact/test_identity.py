"""Which row a record speaks of, when the numbers of two sources collide."""

import uuid

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.project.gallery.models import (
    Branch,
    Known,
    KnownPart,
    Remembered,
    Rooted,
    Tag,
)
from tests.support.lines import line
from tests.support.target import deleted, dumped, saved

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

A, B = (str(uuid.UUID(int=number)) for number in (10, 11))


def known(number, key, name, **fields):
    return saved("known", number, {"id": key, "name": name, "slug": None, **fields})


def rooted(number, key, name="r"):
    return saved("rooted", number, {"uuid": key, "name": name})


def numbers(target, model=Known):
    return dict(target.rows(model).values_list("name", "pk"))


def test_two_sources_whose_numbers_collide_keep_both_rows(target):
    target.accept(known(1, A, "first"), known(1, B, "second"))
    pks = numbers(target)
    assert pks["first"] == 1
    assert pks["second"] != 1


def test_each_source_goes_on_with_its_own_row(target):
    target.accept(known(1, A, "first"), known(1, B, "second"))
    before = numbers(target)
    target.accept(known(1, A, "first again"), known(1, B, "second again"))
    assert numbers(target) == {f"{name} again": pk for name, pk in before.items()}


def test_rows_that_refer_to_it_by_its_uuid_find_the_right_one(target):
    target.accept(known(1, A, "first"), known(1, B, "second"), saved("knownpart", 1, {"known": B}))
    assert target.row(KnownPart).known.name == "second"


def test_what_belongs_to_a_renumbered_row_goes_to_that_row(target):
    tags = [saved("tag", pk, {"name": name, "note": ""}) for pk, name in ((1, "a"), (2, "b"))]
    target.accept(*tags, known(1, A, "first", tags=[1]), known(1, B, "second", tags=[2]))
    assert target.row(Known, name="first").tags.get().name == "a"
    assert target.row(Known, name="second").tags.get().name == "b"


def test_a_free_number_is_kept_as_logged(target):
    target.accept(known(41, A, "first"))
    assert numbers(target) == {"first": 41}


def test_a_row_that_is_here_already_keeps_its_own_number(target):
    target.rows(Known).create(number=7, id=A, name="here")
    target.accept(known(1, A, "logged"))
    assert numbers(target) == {"logged": 7}


def test_a_record_without_a_number_is_given_one(target):
    serialized = {"model": "gallery.known", "fields": {"id": A, "name": "n", "slug": None}}
    target.accept(line("SAVE", serialized), line("SAVE", serialized))
    assert target.rows(Known).count() == 1


def test_a_deletion_finds_the_row_by_its_uuid(target):
    target.accept(known(1, A, "first"), known(1, B, "second"))
    target.accept(deleted("known", 1, {"id": B, "name": "second", "slug": None}))
    assert list(numbers(target)) == ["first"]
    target.accept(deleted("known", 1, {"id": B}))
    assert target.total("gallery.known") == {"saved": 2, "deleted": 1, "missing": 1}


def test_a_record_that_lacks_the_uuid_is_a_dead_letter(target):
    target.accept(known(1, A, "first"))
    for bare in (saved("known", 1, {"name": "x"}), deleted("known", 1)):
        letter = target.refuse(bare)
        assert letter.reason == "no_identity"
        assert "has no id" in letter.error
    assert numbers(target) == {"first": 1}


def test_a_number_that_others_refer_to_is_never_changed(target):
    target.accept(rooted(1, A, "first"), saved("branch", 1, {"root": 1}))
    letter = target.refuse(rooted(1, B, "second"))
    assert letter.reason == "identity_clash"
    sentence, in_the_log, here, why = letter.error.splitlines()
    assert "gallery.rooted 1 has the same id as another row, gallery.rooted 1" in sentence
    assert "In the log" in in_the_log
    assert '"second"' in in_the_log
    assert "Here" in here
    assert '"first"' in here
    assert "refer to it" in why
    assert target.row(Branch).root.name == "first"


def test_a_generic_relation_refers_to_the_number_as_well(target):
    target.accept(saved("remembered", 1, {"uuid": A}))
    letter = target.refuse(saved("remembered", 1, {"uuid": B}))
    assert letter.reason == "identity_clash"
    assert target.rows(Remembered).count() == 1


def test_another_unique_value_never_leads_to_the_other_row(target):
    target.accept(known(1, A, "first", slug="s"))
    letter = target.refuse(known(2, B, "second", slug="s"))
    assert letter.reason == "unique_clash"
    sentence, in_the_log, here = letter.error.splitlines()
    assert "gallery.known 2 has the same slug as another row, gallery.known 1" in sentence
    assert '"second"' in in_the_log
    assert '"first"' in here
    assert numbers(target) == {"first": 1}


def test_a_unique_value_of_a_row_known_by_its_pk_clashes_too(target):
    target.accept(saved("tag", 1, {"name": "a", "note": "one"}))
    letter = target.refuse(saved("tag", 2, {"name": "a", "note": "two"}))
    assert letter.reason == "unique_clash"
    assert "gallery.tag 2 has the same name as another row, gallery.tag 1" in letter.error
    assert target.row(Tag).note == "one"


def test_a_clash_of_several_columns_names_them(target):
    target.accept(saved("tag", 1, {"name": "a", "note": ""}))
    target.accept(saved("label", 1, {"text": "l", "tag": 1}))
    letter = target.refuse(saved("label", 2, {"text": "l", "tag": 1}))
    assert "has the same text and tag as another row, gallery.label 1" in letter.error


def test_the_pk_can_be_made_the_identity_again(target):
    identity = {"gallery.Known": "pk"}
    target.accept(known(1, A, "first"), known(1, B, "second"), identity=identity)
    assert numbers(target) == {"second": 1}
    assert str(target.row(Known).id) == B


def test_another_field_can_be_made_the_identity(target):
    identity = {"gallery.tag": "name"}
    first = saved("tag", 1, {"name": "a", "note": "one"})
    target.accept(first, saved("tag", 9, {"name": "a", "note": "two"}), identity=identity)
    row = target.row(Tag)
    assert (row.pk, row.note) == (1, "two")


@pytest.mark.parametrize(
    ("identity", "complaint"),
    [
        ({"gallery.nothing": "id"}, "gallery.nothing is not installed"),
        ({"gallery.tag": "colour"}, "has no field named 'colour'"),
        ({"gallery.tag": "note"}, "'note' is not unique"),
    ],
)
def test_a_field_that_cannot_identify_a_row_is_refused(target, identity, complaint):
    with pytest.raises(ImproperlyConfigured, match=complaint):
        target.apply(saved("tag", 1, {"name": "a", "note": ""}), identity=identity)


def test_several_objects_of_which_one_clashes_leave_nothing_behind(target):
    target.accept(rooted(1, A, "first"))
    pair = (dumped("rooted", 2, {"uuid": str(uuid.uuid4()), "name": "x"}),)
    pair += (dumped("rooted", 1, {"uuid": B, "name": "y"}),)
    target.refuse(line("SAVE", *pair))
    assert numbers(target, Rooted) == {"first": 1}

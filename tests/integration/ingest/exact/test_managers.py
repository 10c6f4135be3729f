"""No manager of the project is asked, whatever is done: these raise when they are."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from tests.project.tenants.models import (
    Key,
    Memo,
    NoTenantChosenError,
    Room,
    Shelf,
    Suite,
    Tenant,
)
from tests.support.lines import line, serialized
from tui_ingest.ingest import deadletters
from tui_ingest.ingest.inspecting import compare
from tui_ingest.oplog.parsing import parse_line
from tui_ingest.oplog.records import RecordLocation

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

ID = "6f3c2f6e-6a0b-4c6c-9d0f-0a2b8c1d4e5f"


def dumped(model, pk, **fields):
    return serialized(f"tenants.{model}", pk, fields)


def saved(model, pk, **fields):
    return line("SAVE", dumped(model, pk, **fields))


def deleted(model, pk, **fields):
    return line("DELETE", dumped(model, pk, **fields))


TENANTS = [saved("tenant", 1, name="Ada"), saved("tenant", 2, name="Eve")]


def room(pk, name, **fields):
    return saved("room", pk, **{"name": name, "tenant": 1, "floor": 2, "users": [], **fields})


def rows(target, model):
    return QuerySet(model=model, using=target.database)


def links(target, field):
    names = (field.m2m_column_name(), field.m2m_reverse_name())
    return sorted(rows(target, field.remote_field.through).values_list(*names))


def test_the_managers_refuse():
    for model in (Tenant, Room, Suite, Key, Memo, Shelf):
        with pytest.raises(NoTenantChosenError):
            model._default_manager.exists()
        with pytest.raises(NoTenantChosenError):
            model._base_manager.exists()


def test_rows_are_inserted_and_updated_with_all_fields_and_with_some(target):
    target.accept(*TENANTS, room(1, "a"), room(1, "b"), saved("room", 1, name="c"))
    found = rows(target, Room).values_list("pk", "name", "tenant", "floor")
    assert [*found] == [(1, "c", 1, 2)]


def test_many_to_many_links_are_set(target):
    users, next_to = Room._meta.get_field("users"), Room._meta.get_field("next_to")
    target.accept(*TENANTS, room(1, "a"), room(2, "b", users=[1, 2], next_to=[1]))
    assert links(target, users) == [(2, 1), (2, 2)]
    assert links(target, next_to) == [(1, 2), (2, 1)]
    target.accept(room(2, "b", users=[["Eve"]], next_to=[]))
    assert links(target, users) == [(2, 2)]
    assert links(target, next_to) == []


def test_natural_keys_are_looked_up_among_all_rows(target):
    target.accept(
        *TENANTS,
        room(1, "a", tenant=["Eve"]),
        line("SAVE", {"model": "tenants.room", "fields": {"name": "a", "floor": 3}}),
        line("DELETE", {"model": "tenants.tenant", "fields": {"name": "Ada"}}),
    )
    assert [*rows(target, Room).values_list("pk", "tenant", "floor")] == [(1, 2, 3)]
    assert [*rows(target, Tenant).values_list("name", flat=True)] == ["Eve"]


def test_a_natural_key_that_nothing_has_waits_for_its_row(target):
    letter = target.refuse(room(1, "a", tenant=["Eve"]))
    assert (letter.reason, letter.waiting_for_model) == ("missing_parent", "tenants.tenant")
    target.accept(*TENANTS)
    assert [*rows(target, Room).values_list("tenant", flat=True)] == [2]


def test_rows_that_are_known_by_another_field(target):
    target.accept(*TENANTS, room(1, "a"), saved("key", 5, id=ID, name="k", room=1))
    other = ID.replace("6", "7")
    target.accept(
        saved("key", 9, id=ID, name="l", room=1),
        saved("key", 5, id=other, name="m", room=1),
    )
    assert sorted(rows(target, Key).values_list("name", flat=True)) == ["l", "m"]


def test_children_of_two_tables_are_saved_and_deleted(target):
    suite = [dumped("room", 3, name="s", tenant=1, floor=1), dumped("suite", 3, beds=2)]
    target.accept(*TENANTS, line("SAVE", *suite))
    target.accept(line("DELETE", *reversed(suite)))
    assert not rows(target, Suite).exists()
    assert not rows(target, Room).exists()


def test_what_goes_along_with_a_deletion_goes(target):
    about = ContentType.objects.db_manager(target.database).get_for_model(Room).pk
    suite = [dumped("room", 2, name="s", tenant=1, floor=1), dumped("suite", 2, beds=2)]
    target.accept(
        *(*TENANTS, room(1, "a", users=[2], next_to=[]), line("SAVE", *suite)),
        saved("memo", 1, name="m", content_type=about, object_id=1),
        saved("shelf", 1, name="x", room=1, _order=0),
        deleted("tenant", 1),
    )
    assert [rows(target, model).count() for model in (Tenant, Room, Suite, Memo)] == [1, 0, 0, 0]
    assert [*rows(target, Shelf).values_list("room", flat=True)] == [None]
    assert links(target, Room._meta.get_field("users")) == []


def test_what_forbids_a_deletion_forbids_it(target):
    target.accept(*TENANTS, room(1, "a"), saved("key", 5, id=ID, name="k", room=1))
    assert target.refuse(deleted("tenant", 1)).reason == "protected"
    assert rows(target, Room).exists()


def test_a_place_in_an_order_is_kept_or_found(target):
    target.accept(*TENANTS, room(1, "a"), saved("shelf", 1, name="x", room=1, _order=7))
    target.accept(saved("shelf", 2, name="y", room=1))
    assert [*rows(target, Shelf).order_by("pk").values_list("_order", flat=True)] == [7, 8]


def test_many_rows_at_once(target):
    tenants = [saved("tenant", pk, name=f"t{pk}") for pk in range(1, 81)]
    target.accept(*tenants, *(deleted("tenant", pk) for pk in range(1, 41)))
    assert rows(target, Tenant).count() == 40


def test_failures_are_explained_and_retried(target):
    target.accept(*TENANTS)
    clash = target.refuse(saved("tenant", 3, name="Ada"))
    assert "another row, tenants.tenant 1" in clash.error
    orphan = target.refuse(room(1, "a", tenant=9))
    assert orphan.waiting_for_key == "id=9"
    deadletters.edit(target.engine(), clash.pk, saved("tenant", 9, name="Zoe").removesuffix(b"\n"))
    assert deadletters.retry(target.engine(), clash.pk).applied
    assert deadletters.retry(target.engine(), orphan.pk).applied


def test_a_record_is_compared_with_its_row(target):
    target.accept(*TENANTS, room(1, "a", users=[1]))
    logged = room(1, "b", tenant=["Ada"], users=[["Ada"], ["Eve"]]).removesuffix(b"\n")
    (record,) = parse_line(logged, RecordLocation("g", 0, 1))
    (comparison,) = compare(target.engine(), record)
    shown = {field.name: (field.here, field.same) for field in comparison.fields}
    assert shown["tenant"] == ('["Ada"]', True)
    assert shown["users"] == ('[["Ada"]]', False)
    assert shown["name"] == ('"a"', False)

"""Whoever looks for a row finds every record that may speak of it, and few others."""

import uuid

import pytest

from tests.project.gallery.models import Tag
from tests.support.lines import line, record_of
from tests.support.target import Target, deleted, saved, without_pk
from tui_ingest.ingest.deadletters.waiting import Sought
from tui_ingest.ingest.exact.needs import changed_by

pytestmark = pytest.mark.django_db(transaction=True, databases=["default"])

KEY = str(uuid.UUID(int=7, version=4))
SPELLINGS = {
    "a number": saved("tag", 7, {"name": "a", "note": ""}),
    "a number as text": saved("tag", "7", {"name": "a", "note": ""}),
    "a deletion": deleted("tag", 7),
    "a natural key": line("SAVE", without_pk("tag", {"name": "a", "note": ""})),
    "a natural key's deletion": line("DELETE", without_pk("tag", {"name": "a"})),
    "a UUID": saved("known", 1, {"id": KEY, "name": "a"}),
    "a UUID in capitals": saved("known", 1, {"id": KEY.upper(), "name": "a"}),
    "a UUID without hyphens": saved("known", 1, {"id": KEY.replace("-", ""), "name": "a"}),
    "a text that others refer to": saved("artist", 1, {"code": "rem", "favourite": None}),
    "a long text": saved("artist", 1, {"code": "r" * 300, "favourite": None}),
    "two columns": saved("wall", [1, 2], {"colour": "red"}),
    "a proxy": saved("stand", 3, {"sells": "tea"}),
    "a model that is not installed": saved("nothing", 3, {}),
}
OTHERS = [
    *(saved("tag", number, {"name": f"b{number}", "note": ""}) for number in range(100, 120)),
    *(
        saved("known", number, {"id": str(uuid.UUID(int=number, version=4)), "name": "b"})
        for number in range(100, 120)
    ),
]


@pytest.fixture
def target(tmp_path):
    Tag._base_manager.create(pk=7, name="a", note="")
    return Target(tmp_path, "default").engine()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_record_is_found_by_every_name_of_its_row(target, spelling):
    record = record_of(SPELLINGS[spelling])
    others = [*map(record_of, OTHERS)]
    for key in changed_by(target, record):
        found = Sought(target, [key]).among([*others[:20], record, *others[20:]])
        assert record in found


def test_records_of_other_rows_are_left_out(target):
    others = [*map(record_of, OTHERS)]
    known, tag = record_of(SPELLINGS["a UUID"]), record_of(SPELLINGS["a number"])
    keys = changed_by(target, known) | {key for key in changed_by(target, tag) if key.key == "7"}
    found = Sought(target, keys).among([others[0], tag, *others[1:], known])
    assert found == [tag, known]


def test_a_record_of_several_rows_is_found_once(target):
    tags = [{"model": "gallery.tag", "pk": pk, "fields": {"name": "a"}} for pk in (7, 7, 8)]
    several = record_of(line("SAVE", *tags))
    keys = changed_by(target, record_of(SPELLINGS["a deletion"]))
    assert Sought(target, keys).among([several]) == [several]

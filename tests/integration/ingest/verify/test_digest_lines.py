"""A DIGEST is a line like any other: read, passed, kept if it is bad, and it changes no row."""

import pytest
from django.core.management import call_command

from tests.project.gallery.models import Tag
from tests.support.lines import line, serialized
from tests.support.target import saved
from tui_ingest.models import DeadLetter

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])


def tag(pk, name):
    return saved("tag", pk, {"name": name, "note": ""})


def digest(count):
    said = {"identity": "pk", "count": count, "sum": "0" * 32, "fields": ["name"]}
    return line("DIGEST", serialized("gallery.tag", None, said))


@pytest.mark.parametrize("records", [3, 200])
def test_it_changes_no_row_and_is_no_record_of_its_model(target, records):
    tags = [tag(number, f"tag {number}") for number in range(records)]
    target.accept(*tags[1:], digest(0), tags[0])
    assert target.rows(Tag).count() == records
    assert target.total("gallery.tag") == {"saved": records}
    assert target.file().last_processed_position == target.path.stat().st_size


def test_it_closes_no_dead_letter(target):
    target.apply(saved("tag", None, {"name": "a", "note": None}), tag(1, "a"))
    target.apply(digest(1))
    assert [letter.status for letter in target.letters()] == ["open"]


def test_one_that_an_earlier_version_set_aside_means_nothing_later(target):
    target.accept(tag(1, "a"))
    target.refuse(digest(1).replace(b"DIGEST", b"VACUUM"))
    letter = target.letters().get()
    raw = bytes(letter.raw).replace(b"VACUUM", b"DIGEST")
    DeadLetter.objects.using(target.database).update(raw=raw)
    call_command("ingest_deadletters", "retry", str(letter.pk), database=target.database)
    letter.refresh_from_db()
    assert letter.status == "applied"
    assert target.rows(Tag).count() == 1
    assert target.total("gallery.tag") == {"saved": 1}

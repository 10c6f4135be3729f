"""`manage.py ingest_verify`: verdicts for people and for programs, and keys for a resend."""

import json
from contextlib import nullcontext
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.project.gallery.models import Tag
from tests.support.digests import digest, rows_of
from tests.support.engine import ingest
from tests.support.target import saved

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres", "source"])


@pytest.fixture
def log(tmp_path, database):
    """Read to its end, in which the source names its rows."""
    for pk in (1, 2, 3):
        rows_of(Tag, "source").create(pk=pk, name=f"a \x1b[1m'{pk}")
    path = tmp_path / "oplog.log"
    fields = {"name": "a \x1b[1m'1", "note": ""}
    path.write_bytes(saved("tag", 1, fields) + b"".join(digest(Tag, rows=True)))
    rows_of(Tag, database).create(pk=3, name="another")
    rows_of(Tag, database).create(pk=4, name="surplus")
    ingest(path, database=database)
    return path


def told(*arguments, database, status=1):
    out = StringIO()
    with pytest.raises(SystemExit) if status else nullcontext() as ended:
        call_command("ingest_verify", *map(str, arguments), stdout=out, database=database)
    assert not status or ended.value.code == status
    return out.getvalue()


def test_what_helps(log, database):
    assert (
        told(database=database)
        == """\
gallery.tag: differs. 3 rows on both sides, of which some differ. 3 rows to be looked at.
  only at the source: 2
  different: 3
  only here: 4
  To repair it, at the source:
    printf '%s\\n' 2 3 | python manage.py record_changes --resend gallery.tag --keys -
  What is only here is yours to delete, or to keep.
  To prove it afterwards, at the source:
    python manage.py record_changes --verify gallery.tag
"""
    )


def test_keys_for_a_resend(log, database):
    assert told("gallery.Tag", "--keys", database=database) == "2\n3\n"


def test_everything_a_program_may_ask(log, database):
    [found] = json.loads(told("--json", "--file", log, database=database))
    assert found["log"] == str(log)
    assert (found["model"], found["state"], found["differing"]) == ("gallery.tag", "differs", 3)
    assert found["differing_rows"] == [
        {"kind": "only source", "key": "2"},
        {"kind": "different", "key": "3"},
        {"kind": "only here", "key": "4"},
    ]


def test_several_logs_are_told_apart(log, tmp_path, database):
    other = tmp_path / "other.log"
    other.write_bytes(b"".join(digest(Tag)))
    ingest(other, database=database)
    said = told(database=database)
    assert said.startswith(f"{log}\n")
    assert f"{other}\ngallery.tag: not comparable. Other logs write this model: {log}." in said
    with pytest.raises(CommandError, match="--keys is for one model of one log"):
        told("--keys", database=database)
    assert told("--file", other, database=database, status=0).startswith("gallery.tag: not")


def test_equal_rows_are_no_failure(log, database):
    rows_of(Tag, database).filter(pk=4).delete()
    with log.open("ab") as more:
        for pk in (2, 3):
            more.write(saved("tag", pk, {"name": f"a \x1b[1m'{pk}", "note": ""}))
        more.writelines(digest(Tag))
    ingest(log, database=database)
    assert told(database=database, status=0) == "gallery.tag: equal. 3 rows.\n"


def test_where_nothing_was_said(log, database):
    with pytest.raises(CommandError, match="No DIGEST was read"):
        told("gallery.work", database=database)

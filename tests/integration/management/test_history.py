"""`manage.py ingest_history`: one row over time, for a person and for a program."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.support.lines import choice, key, question
from tests.support.target import Target
from tui_ingest.ingest.history import Tracing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log(tmp_path):
    """A log that was applied: a choice that changed, and one that failed."""
    target = Target(tmp_path, "default")
    target.apply(
        question(1),
        choice(7, of=1),
        choice(8, of=99, text="\x1b[2J"),
        choice(7, of=1, votes=3),
    )
    with target.path.open("ab") as file:
        file.write(choice(7, of=1, operation="DELETE"))
    return target.path


def history(log, label, name, **options):
    out = StringIO()
    call_command("ingest_history", str(log), label, str(name), stdout=out, **options)
    return out.getvalue()


def test_for_a_person(log):
    lines = history(log, "polls.choice", 7).splitlines()
    heads = [line.partition("  ")[2] for line in lines if line.startswith("2023")]
    assert heads == [
        "SAVE polls.choice 7  the first record of it",
        "SAVE polls.choice 7  changes 1 field",
        "DELETE polls.choice 7  deletes it  (not applied yet)",
    ]
    assert "    votes: 0 → 3" in lines
    assert lines[-2].startswith("now  polls.choice is in the database, as the last record")
    assert lines[-1].startswith("3 records in ")


def test_for_a_program(log):
    found = json.loads(history(log, "polls.Choice", key(7), json=True))
    assert found["complete"] is True
    assert found["log"] == str(log)
    assert [record["operation"] for record in found["records"]] == ["SAVE", "SAVE", "DELETE"]
    assert [record["read"] for record in found["records"]] == [True, True, False]
    second = found["records"][1]
    assert second["changes"] == [{"field": "votes", "before": 0, "after": 3}]
    assert second["fields"]["votes"] == 3
    (row,) = found["rows"]
    assert (row["label"], row["is_here"], row["differs"]) == ("polls.choice", True, False)


def test_a_dead_letter_is_inert_and_the_row_that_is_not_here_is_said(log):
    text = history(log, "polls.choice", 8)
    assert "is open (missing_parent" in text
    assert "\x1b" not in text
    assert "now  polls.choice is not in the database; no record of it took effect." in text


def test_what_is_missing_is_status_1(log):
    log.with_name("oplog.log.3").write_bytes(question(5))
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("ingest_history", str(log), "polls.question", "1", stdout=out)
    assert ended.value.code == 1
    assert "incomplete: Gone from between the rotated files: oplog.log.1" in out.getvalue()


@pytest.mark.parametrize(("label", "name"), [("polls.choice", "x"), ("nonsense", "1")])
def test_what_names_no_row_is_status_2(log, label, name):
    with pytest.raises(CommandError) as refused:
        history(log, label, name)
    assert refused.value.returncode == 2


def test_an_interruption_leaves_what_was_found(log, monkeypatch):
    run = Tracing.run

    def interrupted(self):
        for steps in run(self):
            yield steps
            if steps:
                raise KeyboardInterrupt

    monkeypatch.setattr(Tracing, "run", interrupted)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("ingest_history", str(log), "polls.choice", "7", stdout=out)
    assert ended.value.code == 130
    assert "votes: 0 → 3" in out.getvalue()
    assert "incomplete: interrupted." in out.getvalue()

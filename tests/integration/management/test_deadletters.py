"""`manage.py ingest_deadletters`, as an operator or a script uses it."""

import io
import json
import sys

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections

from tests.project.gallery.models import Label, Tag, Work
from tests.support.lines import line
from tests.support.site import Site
from tests.support.target import Target, saved

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

ESCAPE = "\x1b]0;taken over\x07\u202e\x9b31m"


@pytest.fixture
def target(tmp_path, database):
    return Target(tmp_path, database)


@pytest.fixture
def command(target):
    def run(action, *arguments, status=0):
        output = io.StringIO()
        ended = 0
        try:
            call_command(
                "ingest_deadletters",
                action,
                *map(str, arguments),
                "--database",
                target.database,
                stdout=output,
            )
        except SystemExit as end:
            ended = end.code
        except CommandError as error:
            ended = error.returncode
            output.write(str(error))
        assert ended == status, output.getvalue()
        return output.getvalue()

    return run


def orphan(pk=1, tag=7, text="l"):
    return saved("label", pk, {"text": text, "tag": tag})


def bad(pk):
    return saved("tag", pk, {"name": None, "note": ""})


def ids(target):
    return list(target.letters().values_list("pk", flat=True))


def test_a_list_has_a_line_for_each(target, command):
    assert command("list") == ""
    target.apply(bad(1), orphan(), b"nonsense\n")
    lines = command("list").splitlines()
    assert len(lines) == 3
    assert "SAVE gallery.tag 1  bad_value" in lines[0]
    assert "missing_parent: gallery.label refers by its field tag" in lines[1]
    assert "(no record)  bad_line" in lines[2]
    for listed, letter in zip(lines, target.letters(), strict=True):
        assert listed.split()[:4] == [str(letter.pk), "open", "at", str(letter.position)]


def test_a_reason_that_does_not_exist_is_no_empty_list(target, command):
    target.apply(orphan())
    told = command("retry", "--all", "--reason", "missing_parents", status=1)
    assert "invalid choice: 'missing_parents'" in told
    assert "(choose from 'unknown_model', " in told
    assert "'torn', " in told


def test_a_log_that_nobody_has_read_is_no_empty_list(target, command):
    target.apply(orphan())
    for action in (["list"], ["retry", "--all"], ["export"]):
        told = command(*action, "--file", "elsewhere.log", status=2)
        assert "No session has read " in told
        assert "elsewhere.log" in told


def test_a_retry_that_succeeds_when_another_brings_its_parent_has_not_failed(target, command):
    work = {"title": "w", "artist": "rem"}
    target.apply(
        saved("artist", 1, {"code": "rem", "favourite": None}),
        saved("work", 3, {**work, "sequel_of": 2}),
        saved("work", 2, {**work, "sequel_of": 1}),
    )
    Work(pk=1, title="w", artist_id="rem").save(using=target.database)
    told = [line.partition(":")[2].split()[0] for line in command("retry", "--all").splitlines()]
    assert told == ["open:", "applied", "applied"]


def test_a_list_for_programs(target, command):
    line = bad(1)
    target.apply(line)
    (told,) = json.loads(command("list", "--json"))
    expected = {
        "id": target.letters().get().pk,
        "position": 0,
        "operation": "SAVE",
        "model": "gallery.tag",
        "pk": "1",
        "reason": "bad_value",
        "line": line.decode().rstrip("\n"),
        "status": "open",
        "file": str(target.path),
    }
    assert {name: told[name] for name in expected} == expected
    assert told["error"] == target.letters().get().error


def test_a_list_of_some(target, command):
    target.apply(bad(1), orphan(), bad(2))

    def found(*options):
        return [told["pk"] for told in json.loads(command("list", "--json", *options))]

    assert found("--reason", "missing_parent") == ["1"]
    assert found("--model", "gallery.Tag") == ["1", "2"]
    assert found("--file", target.path) == ["1", "1", "2"]
    command("discard", ids(target)[0], "--why", "A test.")
    assert found("--status", "open", "--model", "gallery.tag") == ["2"]
    assert found("--status", "discarded") == ["1"]


def test_one_is_shown_with_all_that_is_known(target, command):
    letter = target.refuse(orphan())
    text = command("show", letter.pk)
    for part in (
        "missing_parent",
        "waiting for   gallery.tag id=7\n",
        '"text": "l"',
        "attempts      1",
    ):
        assert part in text
    assert json.loads(command("show", letter.pk, "--json"))["reason"] == "missing_parent"
    assert "Traceback (most recent call last)" in command("show", target.refuse(bad(1)).pk)


@pytest.mark.parametrize("action", ["list", "show", "retry", "export"])
def test_nothing_of_a_record_acts_on_the_terminal(target, command, action):
    target.apply(
        saved("tag", ESCAPE, {"name": None, ESCAPE: 1}),
        line("SAVE", {"model": ESCAPE, "pk": ESCAPE, "fields": {}}),
        f"{ESCAPE}\n".encode(),
    )
    for letter in ids(target):
        options = ["--model", ESCAPE.lower()] if action == "list" else [letter]
        text = command(action, *options, status=1 if action == "retry" else 0)
        assert not set(text) & set(ESCAPE) - set("]0;taken over31m")
        assert all(line.isprintable() for line in text.splitlines())
    listed = command("list")
    assert "\\x1b" in listed
    assert listed.isprintable() or "\n" in listed


def test_a_retry_that_succeeds(target, command):
    letter = target.refuse(orphan())
    target.rows(Tag).create(pk=7, name="parent")
    assert command("retry", letter.pk) == f"{letter.pk}: applied\n"
    assert target.rows(Label).exists()


def test_a_retry_that_fails_ends_with_status_1(target, command):
    letter = target.refuse(bad(1))
    text = command("retry", letter.pk, status=1)
    assert text.startswith(f"{letter.pk}: open: ")
    (told,) = json.loads(command("retry", letter.pk, "--json", status=1))
    assert (told["id"], told["status"]) == (letter.pk, "open")
    assert told["error"]


def test_all_are_retried_in_log_order_and_all_are_tried(target, command):
    target.apply(orphan(1), bad(1), orphan(2, text="m"))
    first, second, third = ids(target)
    target.rows(Tag).create(pk=7, name="parent")
    text = command("retry", "--all", status=1)
    assert [line.split(":")[0] for line in text.splitlines()] == [
        str(number) for number in (first, second, third)
    ]
    assert list(target.letters().values_list("status", flat=True)) == ["applied", "open", "applied"]
    assert command("retry", "--all", "--reason", "missing_parent") == ""


def test_after_the_missing_migration_all_are_retried_in_log_order(target, command):
    with connections[target.database].cursor() as cursor:
        cursor.execute("ALTER TABLE gallery_loose RENAME TO gallery_not_yet")
    try:
        target.apply(*(saved("loose", pk % 3, {"tag": pk}) for pk in range(30)))
    finally:
        with connections[target.database].cursor() as cursor:
            cursor.execute("ALTER TABLE gallery_not_yet RENAME TO gallery_loose")
    assert set(target.letters().values_list("reason", flat=True)) == {"missing_table"}
    assert "manage.py migrate" in target.letters().first().error
    command("retry", "--all")
    assert target.total("gallery.loose") == {"saved": 30}


def test_one_is_edited_from_a_file_and_retried(target, command, tmp_path):
    letter = target.refuse(bad(1))
    (tmp_path / "line").write_bytes(saved("tag", 1, {"name": "a", "note": ""}))
    assert "Retry it now" in command("edit", letter.pk, "--from", tmp_path / "line")
    command("retry", letter.pk)
    assert target.row(Tag).name == "a"
    assert "is applied already" in command("edit", letter.pk, "--from", tmp_path / "line", status=2)


def test_one_is_edited_from_a_pipe(target, command, monkeypatch):
    letter = target.refuse(bad(1))

    def edit(line, **options):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line)))
        return command("edit", letter.pk, **options)

    assert "bad_line" in edit(b"nonsense", status=2)
    edit(saved("tag", 1, {"name": "a", "note": ""}))
    command("retry", letter.pk)
    assert target.row(Tag).name == "a"


def test_some_are_discarded_with_a_reason(target, command):
    target.apply(bad(1), orphan())
    assert command("discard", "--all", "--reason", "bad_value", "--why", "A test.") == (
        f"{ids(target)[0]}: discarded\n"
    )
    assert list(target.letters().values_list("status", "resolution")) == [
        ("discarded", "A test."),
        ("open", ""),
    ]
    assert "is discarded already" in command("discard", ids(target)[0], "--why", "Again.", status=2)


def test_programs_are_told_what_was_discarded_and_exported(target, command):
    target.apply(bad(1), bad(2))
    first, second = ids(target)
    discard = ("discard", "--json", "--why", "A test.")
    assert json.loads(command(*discard, first)) == [{"id": first, "status": "discarded"}]
    assert json.loads(command("export", second, "--json"))["id"] == second
    assert json.loads(command(*discard, "--all", "--model", "no.such")) == []


def test_an_export_has_all_of_them_or_some(target, command):
    target.apply(bad(1), orphan(), bad(2))
    assert [json.loads(line)["pk"] for line in command("export").splitlines()] == ["1", "1", "2"]
    (line,) = command("export", ids(target)[2]).splitlines()
    assert json.loads(line)["pk"] == "2"
    assert len(command("export", "--model", "gallery.label").splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("retry",), "Name dead letters by ID, or give --all"),
        (("discard", "1", "--all", "--why", "x"), "Name dead letters by ID, or give --all"),
        (("discard", "1"), "Say it with --why"),
        (("discard", "1", "--why", " "), "without a reason"),
        (("retry", "4711"), "There is no dead letter 4711"),
        (("show", 2**70), "There is no dead letter"),
        (("export", "4711"), "There is no dead letter 4711"),
        (("edit", "4711", "--from", "/nowhere/at/all"), "cannot be read"),
    ],
)
def test_a_mistake_in_the_arguments_ends_with_status_2(target, command, arguments, complaint):
    assert complaint in command(*arguments, status=2)


def test_a_database_that_is_not_there(capsys):
    with pytest.raises(CommandError, match="elsewhere") as refused:
        call_command("ingest_deadletters", "list", "--database", "elsewhere")
    assert refused.value.returncode == 2


def test_djangos_options_before_and_after_the_action(tmp_path):
    site = Site(tmp_path)
    site.migrate()
    (tmp_path / "other.py").write_text(
        'from mysite.settings import *\nDATABASES["default"]["NAME"] = ":memory:"\n'
    )
    options = ("--settings", "other", "--pythonpath", tmp_path, "-v", "2", "--no-color")
    for arguments in ((*options, "list"), ("list", *options)):
        done = site.manage("ingest_deadletters", *arguments)
        assert "Run: python manage.py migrate" in done.stderr, done  # the other database is empty
    assert site.manage("ingest_deadletters", "list", "--traceback").returncode == 0

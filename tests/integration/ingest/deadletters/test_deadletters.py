"""What is set aside is kept whole, gives way to newer data, and comes back when it can."""

import contextlib
import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, OperationalError, connections

from tests.project.gallery.models import (
    Exhibition,
    Label,
    Loose,
    Place,
    Rooted,
    Shop,
    Showing,
    Tag,
    Work,
)
from tests.support.lines import line, line_of_text
from tests.support.target import (
    Target,
    deleted,
    dumped,
    saved,
    without_pk,
)
from tui_ingest.conf import Settings
from tui_ingest.ingest import deadletters
from tui_ingest.ingest.deadletters import DeadLetterError, InvalidEditError
from tui_ingest.ingest.events import Counts
from tui_ingest.ingest.exact.database_errors import is_transient
from tui_ingest.models import DeadLetter, LogEvent

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])


def tag(pk, name, **more):
    return saved("tag", pk, {"name": name, "note": "", **more})


def bad(pk, name):
    return tag(pk, name, note=None)


@contextlib.contextmanager
def without_table(target, name):
    """A migration that was not run."""

    def rename(old, new):
        with connections[target.database].cursor() as cursor:
            cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")

    rename(name, f"{name}_gone")
    try:
        yield
    finally:
        rename(f"{name}_gone", name)


def retry(target, letter, **settings):
    chosen = Settings(**settings)
    return deadletters.retry(target.engine(chosen), letter.pk)


def edit(target, letter, line):
    deadletters.edit(target.engine(), letter.pk, line)


def statuses(target):
    return list(target.letters().values_list("status", flat=True))


def notes(target):
    return dict(target.rows(Tag).values_list("name", "note"))


# Keeping


def test_a_dead_letter_keeps_the_exact_bytes_and_where_they_were(target):
    good, wrong = tag(1, "a"), bad(2, "b")
    target.apply(good, wrong, tag(3, "c"))

    letter = target.letters().get()
    assert bytes(letter.raw) == wrong.rstrip(b"\n")
    assert (letter.position, letter.length) == (len(good), len(wrong))
    assert letter.generation == target.file().generation
    assert (letter.operation, letter.model, letter.pk_text) == ("SAVE", "gallery.tag", "2")
    assert (letter.status, letter.attempts) == ("open", 1)
    assert letter.record_time.timestamp() == pytest.approx(float(wrong.split()[0]))
    assert "Traceback" in letter.traceback
    assert sorted(notes(target)) == ["a", "c"]


def test_bytes_that_are_no_text_are_kept_as_they_are(target):
    line = b"1698395500.1 SAVE [{\xff\x00\xfe]\n"
    letter = target.refuse(line)
    assert letter.reason == "bad_encoding"
    assert (letter.model, letter.pk_text, letter.operation) == ("", "", "")


def test_an_operation_of_a_later_version_is_set_aside_and_nothing_happens_to_its_row(target):
    target.accept(tag(1, "a"))
    letter = target.refuse(tag(1, "b").replace(b" SAVE ", b" VACUUM "))
    assert letter.reason == "unknown_operation"
    assert "VACUUM" in letter.error
    assert sorted(notes(target)) == ["a"]
    assert retry(target, letter).status == "open"


def test_what_no_database_stores_is_kept_as_an_escape(target):
    letter = target.refuse(tag("\x00\ud800", "a"))
    assert letter.pk_text == r"\x00\ud800"
    letter = target.refuse(saved("tag", 1, {"name": "a", "co\x00lour": 1}))
    assert r"co\x00lour" in letter.error
    letter = target.refuse(line("SAVE", {"model": "x" * 300, "pk": "y" * 300, "fields": {}}))
    assert (len(letter.model), len(letter.pk_text)) == (255, 255)


def test_reading_the_log_again_leaves_one_open_dead_letter_of_a_line(target):
    target.apply(bad(1, "a"))
    file = target.file()
    file.last_processed_position, file.evidence = 0, ""
    file.save(using=target.database)
    target.apply()
    assert statuses(target) == ["superseded", "open"]
    assert target.total("gallery.tag") == {"failed": 2}


# Superseding


def test_a_later_record_of_the_row_supersedes(target):
    target.apply(bad(1, "a"), tag(1, "b"))
    assert statuses(target) == ["superseded"]
    letter = target.letters().get()
    assert letter.resolved
    assert "A later record" in letter.resolution


def test_a_later_deletion_supersedes_as_well(target):
    target.apply(tag(1, "a"), bad(1, "a"), deleted("tag", 1), bad(2, "b"), deleted("tag", 2))
    assert statuses(target) == ["superseded", "superseded"]


def test_earlier_records_and_those_of_other_rows_do_not_supersede(target):
    target.apply(tag(1, "a"), bad(1, "a"), tag(2, "b"), saved("place", 1, {"name": "p"}))
    assert statuses(target) == ["open"]


def test_a_later_record_that_fails_too_does_not_supersede(target):
    target.apply(bad(1, "a"), bad(1, "b"))
    assert statuses(target) == ["open", "open"]


def test_a_row_is_recognised_however_its_key_is_written(target):
    target.apply(bad("1", "a"), tag(1, "b"))
    first, second = str(uuid.UUID(int=5)), uuid.UUID(int=5).hex
    target.apply(saved("rooted", 1, {"uuid": first, "name": None}))
    target.apply(saved("rooted", 9, {"uuid": second, "name": "n"}))
    assert statuses(target) == ["superseded", "superseded"]


def test_a_row_is_recognised_by_its_uuid_and_not_by_its_number(target):
    keys = [str(uuid.UUID(int=number)) for number in (1, 2)]
    target.apply(saved("rooted", 1, {"uuid": keys[0], "name": None}))
    target.apply(saved("rooted", 1, {"uuid": keys[1], "name": "other"}))
    assert statuses(target) == ["open"]


def test_a_proxy_and_its_model_are_the_same_row(target):
    target.apply(saved("place", 1, {"name": "p"}), saved("stand", 1, {"sells": None}))
    target.apply(saved("shop", 1, {"sells": "tea"}))
    assert statuses(target) == ["superseded"]


def test_a_record_by_natural_key_is_recognised_too(target):
    target.apply(line("SAVE", without_pk("tag", {"name": "a", "note": None})))
    target.apply(line("SAVE", without_pk("tag", {"name": "b", "note": ""})))
    assert statuses(target) == ["open"]
    target.apply(line("SAVE", without_pk("tag", {"name": "a", "note": ""})))
    assert statuses(target) == ["superseded"]


def test_a_superseded_one_is_never_applied_over_newer_data(target):
    target.apply(bad(1, "old"), tag(1, "new"))
    letter = target.letters().get()
    result = retry(target, letter)
    assert (result.status, result.counts) == ("superseded", {})
    assert "would overwrite newer data" in result.error
    assert list(notes(target)) == ["new"]
    with pytest.raises(DeadLetterError, match="is superseded already"):
        edit(target, letter, tag(1, "old"))


def test_of_several_rows_only_those_without_newer_data_are_applied(target):
    both = line(
        "SAVE",
        dumped("tag", 1, {"name": "old", "note": ""}),
        dumped("place", 1, {"name": "old"}),
        dumped("label", 1, {"text": "l", "tag": 9}),
    )
    target.apply(both, saved("place", 1, {"name": "new"}))
    letter = target.letters().get()
    assert letter.status == "open"

    target.rows(Tag).create(pk=9, name="parent")
    result = retry(target, letter)

    assert result.applied
    assert target.row(Place).name == "new"
    assert target.row(Tag, pk=1).name == "old"
    assert result.counts["gallery.tag"] == Counts(failed=-1, saved=1)
    assert target.total("gallery.place") == {"saved": 1, "failed": 1}
    assert target.total("gallery.label") == {"saved": 1}


def test_an_edit_does_not_bring_back_what_was_overwritten_by_newer_data(target):
    tag_, place, label = (
        dumped("tag", 1, {"name": "old", "note": ""}),
        dumped("place", 1, {"name": "old"}),
        dumped("label", 1, {"text": "l", "tag": 9}),
    )
    target.apply(line("SAVE", tag_, place, label), saved("place", 1, {"name": "new"}))
    letter = target.letters().get()

    edit(target, letter, line("SAVE", tag_, place, dumped("label", 1, {"text": "l", "tag": 1})))

    assert retry(target, letter).applied
    assert target.row(Label).tag_id == 1
    assert target.row(Place).name == "new"
    letter.refresh_from_db()
    assert "Rows that later records have changed were left as they are." in letter.resolution


def test_an_edit_that_would_change_nothing_is_refused(target):
    place, label = dumped("place", 1, {"name": "old"}), dumped("label", 1, {"text": "l", "tag": 9})
    target.apply(line("SAVE", place, label), saved("place", 1, {"name": "new"}))
    letter = target.letters().get()
    with pytest.raises(InvalidEditError, match="it would change nothing"):
        edit(target, letter, line("SAVE", place))
    letter.refresh_from_db()
    assert (letter.status, letter.edited) == ("open", None)
    assert {row.model: row.superseded for row in letter.rows.all()} == {
        "gallery.place": True,
        "gallery.label": False,
    }


def test_what_identifies_a_row_is_looked_up_again_at_the_next_start(target):
    key = str(uuid.UUID(int=1))
    line = saved("rooted", 1, {"uuid": key, "name": None})
    target.apply(line, identity={"gallery.rooted": "pk"})
    assert target.letters().get().rows.get().key == "1"
    target.apply(saved("rooted", 2, {"uuid": key, "name": "newer"}))
    assert statuses(target) == ["superseded"]


def test_a_row_whose_model_is_installed_later_is_known_by_its_identity(target, monkeypatch):
    key = str(uuid.UUID(int=1))
    lines = [saved("rooted", pk, {"uuid": key, "name": name}) for pk, name in ((1, "a"), (2, "b"))]
    with monkeypatch.context() as meanwhile:
        meanwhile.delitem(apps.all_models["gallery"], "rooted")
        target.apply(*lines)
    older, newer = target.letters()
    assert (older.reason, newer.reason) == ("unknown_model", "unknown_model")

    assert retry(target, newer).superseded == (older.pk,)
    assert target.row(Rooted).name == "b"


# Retrying


def test_a_retry_applies_the_record_and_moves_the_totals(target):
    target.apply(saved("label", 1, {"text": "l", "tag": 7}))
    target.rows(Tag).create(pk=7, name="parent")
    letter = target.letters().get()

    result = retry(target, letter)

    assert (result.status, result.error) == ("applied", "")
    assert result.counts == {"gallery.label": Counts(failed=-1, saved=1)}
    assert target.total("gallery.label") == {"saved": 1}
    letter.refresh_from_db()
    assert (letter.status, letter.attempts) == ("applied", 2)
    assert letter.resolved
    event = LogEvent.objects.using(target.database).get(kind="dead_letter_retried")
    assert f"Dead letter {letter.pk}" in event.message


def test_a_retry_that_fails_again_says_why_now(target):
    letter = target.refuse(saved("label", 1, {"text": None, "tag": 7}))
    assert letter.reason == "bad_value"
    with without_table(target, "gallery_label"):
        result = retry(target, letter)

    letter.refresh_from_db()
    assert (result.status, letter.status, letter.reason) == ("open", "open", "missing_table")
    assert "manage.py migrate" in letter.error
    assert result.error == letter.error
    assert letter.attempts == 2
    assert letter.last_attempt > letter.created
    assert target.total("gallery.label") == {"failed": 1}


REMOVE_PARENT = {
    "sqlite": """
        CREATE TRIGGER remove_parent AFTER INSERT ON gallery_label BEGIN
            DELETE FROM gallery_tag;
        END
    """,
    "postgresql": """
        CREATE FUNCTION remove_parent() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            DELETE FROM gallery_tag;
            RETURN NEW;
        END $$;
        CREATE TRIGGER remove_parent AFTER INSERT ON gallery_label
            FOR EACH ROW EXECUTE FUNCTION remove_parent();
    """,
}
KEEP_PARENT = {
    "sqlite": "DROP TRIGGER remove_parent",
    "postgresql": "DROP TRIGGER remove_parent ON gallery_label; DROP FUNCTION remove_parent()",
}


def test_what_is_wrong_with_a_retry_is_found_as_late_as_at_its_commit(target):
    letter = target.refuse(saved("label", 1, {"text": "l", "tag": 7}))

    target.rows(Tag).create(pk=7, name="parent")
    connection = connections[target.database]
    with connection.cursor() as cursor:
        cursor.execute(REMOVE_PARENT[connection.vendor])
    try:
        result = retry(target, letter)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(KEEP_PARENT[connection.vendor])
    assert result.status == "open"
    assert not target.rows(Label).exists()
    assert target.rows(Tag).exists()
    assert target.total("gallery.label") == {"failed": 1}


REFUSE_LETTERS = {
    "sqlite": """
        CREATE TRIGGER no_letters BEFORE INSERT ON tui_ingest_deadletter BEGIN
            SELECT RAISE(ABORT, 'no letters');
        END
    """,
    "postgresql": """
        ALTER TABLE tui_ingest_deadletter ADD CONSTRAINT no_letters CHECK (id < 0) NOT VALID
    """,
}
TAKE_LETTERS = {
    "sqlite": "DROP TRIGGER no_letters",
    "postgresql": "ALTER TABLE tui_ingest_deadletter DROP CONSTRAINT no_letters",
}


@pytest.mark.parametrize("failing", [bad(1, "a"), b"no record\n"], ids=["record", "line"])
def test_a_database_that_takes_no_dead_letter_ends_the_session_and_loses_nothing(target, failing):
    connection = connections[target.database]
    with connection.cursor() as cursor:
        cursor.execute(REFUSE_LETTERS[connection.vendor])
    try:
        with pytest.raises(IntegrityError, match=r"no.letters"):
            target.apply(tag(2, "b"), failing)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(TAKE_LETTERS[connection.vendor])
    assert target.file().last_processed_position <= len(tag(2, "b"))
    assert target.apply().set_aside == 1
    assert target.row(Tag, pk=2).name == "b"


def test_numbers_given_here_stay_ahead_of_a_retried_one(target):
    letter = target.refuse(bad(88_000, "a"))
    edit(target, letter, tag(88_000, "a"))
    assert retry(target, letter).applied
    assert target.rows(Tag).create(name="new").pk == 88_001


def test_a_natural_key_that_cannot_be_looked_up_is_no_bad_value(target):
    named = line("SAVE", without_pk("label", {"text": "l", "tag": ["a"]}))
    with without_table(target, "gallery_tag"):
        letter = target.refuse(named)
    assert letter.reason == "missing_table"


def test_a_retry_is_applied_only_once(target):
    letter = target.refuse(saved("label", 1, {"text": "l", "tag": 7}))
    target.rows(Tag).create(pk=7, name="parent")
    retry(target, letter)
    again = retry(target, letter)
    assert (again.status, again.counts) == ("applied", {})
    assert "is applied already" in again.error
    assert target.total("gallery.label") == {"saved": 1}


def test_retries_at_the_same_time_apply_it_once(target):
    letter = target.refuse(saved("label", 1, {"text": "l", "tag": 7}))
    target.rows(Tag).create(pk=7, name="parent")
    together = threading.Barrier(4)

    def retry_now(_):
        try:
            together.wait()
            return retry(target, letter)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(retry_now, range(4)))
    assert [result.error for result in results].count("") == 1
    assert {result.status for result in results} == {"applied"}
    assert target.total("gallery.label") == {"saved": 1}


@contextlib.contextmanager
def busy(target):
    """Another session is in the middle of a batch of this log, for longer than one waits."""
    ours, other = connections["postgres"], connections["postgres"].copy()
    try:
        with ours.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT * FROM tui_ingest_processedfile FOR UPDATE")
        yield
    finally:
        other.close()
        with ours.cursor() as cursor:
            cursor.execute("RESET lock_timeout")


def test_a_database_that_is_busy_leaves_everything_as_it_was(tmp_path):
    target = Target(tmp_path, "postgres")
    letter = target.refuse(saved("label", 1, {"text": "l", "tag": 7}))
    target.rows(Tag).create(pk=7, name="parent")
    with busy(target):
        with pytest.raises(OperationalError) as failed:
            retry(target, letter)
        assert is_transient(failed.value)
        with pytest.raises(CommandError, match="cannot be used now") as refused:
            call_command("ingest_deadletters", "retry", str(letter.pk), "--database", "postgres")
        assert refused.value.returncode == 1
    letter.refresh_from_db()
    assert (letter.status, letter.attempts, letter.reason) == ("open", 1, "missing_parent")
    assert retry(target, letter).applied


def test_a_retried_deletion(target):
    target.accept(saved("exhibition", 1, {"title": "x"}), saved("artist", 1, {"code": "a"}))
    target.accept(saved("work", 1, {"title": "w", "artist": "a"}))
    target.accept(saved("showing", 1, {"work": 1, "exhibition": 1, "room": 1}))
    letter = target.refuse(deleted("exhibition", 1))
    target.rows(Showing).all().delete()
    result = retry(target, letter)
    assert result.counts == {"gallery.exhibition": Counts(failed=-1, deleted=1)}


def test_an_applied_retry_supersedes_older_dead_letters_of_the_row(target):
    missing = [saved("label", 1, {"text": text, "tag": 7}) for text in ("first", "second")]
    target.apply(*missing)
    first, second = target.letters()
    target.rows(Tag).create(pk=7, name="parent")

    result = retry(target, second)
    assert result.superseded == (first.pk,)
    assert statuses(target) == ["superseded", "applied"]
    assert retry(target, first).status == "superseded"
    assert target.row(Label).text == "second"


def test_retried_in_log_order_each_takes_effect(target):
    missing = [saved("label", 1, {"text": text, "tag": 7}) for text in ("first", "second")]
    target.apply(*missing)
    target.rows(Tag).create(pk=7, name="parent")
    backwards = [letter.pk for letter in reversed(target.letters())]
    results = list(deadletters.retry_all(target.engine(), backwards))
    assert [result.status for result in results] == ["applied", "applied"]
    assert target.row(Label).text == "second"


@pytest.mark.parametrize("line", [b"1698395500.1 SAVE [{}", b"nonsense"])
def test_a_fragment_cannot_be_retried_but_edited(target, line):
    glued = line + tag(1, "whole")
    target.apply(glued)
    letter = target.letters().get()
    assert letter.reason == "glued"
    assert list(notes(target)) == ["whole"]

    result = retry(target, letter)
    assert (result.status, letter.attempts) == ("open", 1)
    assert "only a part of a line" in result.error
    assert "Edit it" in result.error

    edit(target, letter, tag(2, "mended"))
    counts = {"": Counts(failed=-1), "gallery.tag": Counts(saved=1)}
    assert retry(target, letter).counts == counts
    assert target.total("gallery.tag") == {"saved": 2}


def test_a_line_that_is_no_record_fails_again_with_its_reason(target):
    letter = target.refuse(line_of_text("SAVE", "{"))
    result = retry(target, letter)
    assert (result.status, letter.reason) == ("open", "bad_json")


def test_there_is_no_such_dead_letter(target):
    target.apply()
    with pytest.raises(DeadLetterError, match="There is no dead letter 99"):
        deadletters.retry(target.engine(), 99)


def test_the_policy_holds_for_a_retry_as_well(target):
    letter = target.refuse(saved("label", 1, {"text": "l", "tag": 7}))
    target.rows(Tag).create(pk=7, name="parent")
    result = retry(target, letter, models=["polls"])
    letter.refresh_from_db()
    assert (result.status, letter.reason) == ("open", "not_allowed")
    assert retry(target, letter, exclude=["gallery"]).counts == {
        "gallery.label": Counts(failed=-1, skipped=1)
    }


# Coming back by themselves


def test_a_child_comes_back_when_its_parent_arrives(target):
    target.apply(saved("label", 1, {"text": "l", "tag": 7}))
    target.apply(tag(7, "parent"))
    assert statuses(target) == ["applied"]
    assert target.row(Label).tag_id == 7
    assert target.total("gallery.label") == {"saved": 1}


def test_a_family_comes_back_from_one_arrival(target):
    target.apply(saved("kiosk", 1, {"open_air": True}))
    target.apply(saved("shop", 1, {"sells": "tea"}))
    assert statuses(target) == ["open", "open"]
    target.apply(saved("place", 1, {"name": "p"}))
    assert statuses(target) == ["applied", "applied"]
    assert target.row(Shop).name == "p"


def test_a_child_waits_for_one_parent_after_the_other(target):
    target.apply(saved("work", 1, {"title": "w", "artist": "a", "sequel_of": 2}))
    target.apply(saved("artist", 1, {"code": "a"}))
    letter = target.letters().get()
    assert (letter.waiting_for_model, letter.waiting_for_key) == ("gallery.work", "id=2")
    assert letter.attempts == 1  # it was seen that something else is still missing
    target.apply(saved("work", 2, {"title": "v", "artist": "a"}))
    assert statuses(target) == ["applied"]
    assert target.row(Work, pk=1).sequel_of_id == 2


def test_a_parent_may_be_known_by_its_natural_key(target):
    target.apply(line("SAVE", without_pk("label", {"text": "l", "tag": ["a"]})))
    target.apply(tag(4, "a"))
    assert statuses(target) == ["applied"]
    assert target.row(Label).tag_id == 4


def test_a_parent_that_came_from_elsewhere_is_found_at_the_next_start(target):
    target.apply(saved("label", 1, {"text": "l", "tag": 7}))
    target.apply(saved("label", 2, {"text": "m", "tag": 8}))
    target.rows(Tag).create(pk=7, name="parent")
    target.apply()
    assert statuses(target) == ["applied", "open"]
    assert target.letters().last().attempts == 1  # it was seen that nothing had changed


def test_a_parent_in_the_same_record_is_not_waited_for(target):
    family = (
        dumped("tag", 5, {"name": "own", "note": ""}),
        dumped("label", 1, {"text": "l", "tag": 5}),
        dumped("label", 2, {"text": "m", "tag": 9}),
    )
    target.apply(line("SAVE", *family))
    assert target.letters().get().waiting_for_key == "id=9"
    target.rows(Tag).create(pk=9, name="elsewhere")
    target.apply()
    assert statuses(target) == ["applied"]


def test_only_the_child_without_its_parent_is_blamed(target):
    loose, orphan = saved("loose", 1, {"tag": 99}), saved("label", 1, {"text": "l", "tag": 99})
    target.apply(tag(1, "a"), loose, orphan, tag(2, "b"))
    assert target.letters().get().model == "gallery.label"
    assert target.rows(Loose).exists()
    assert target.rows(Tag).count() == 2


def test_a_parent_whose_table_is_not_there_is_still_waited_for(target):
    target.apply(saved("label", 1, {"text": "l", "tag": 7}))
    with without_table(target, "gallery_tag"):
        target.apply()
    assert statuses(target) == ["open"]


def test_a_child_that_was_superseded_does_not_come_back(target):
    target.apply(saved("label", 1, {"text": "old", "tag": 7}), tag(1, "x"))
    target.apply(saved("label", 1, {"text": "new", "tag": 1}), tag(7, "parent"))
    assert statuses(target) == ["superseded"]
    assert target.row(Label).text == "new"


# Editing, discarding


def test_an_edited_record_is_applied_and_the_original_kept(target):
    wrong = bad(1, "a")
    letter = target.refuse(wrong)
    edit(target, letter, tag(2, "b"))
    letter.refresh_from_db()
    assert (letter.pk_text, letter.status) == ("2", "open")

    assert retry(target, letter).applied
    letter.refresh_from_db()
    assert bytes(letter.raw) == wrong.rstrip(b"\n")
    assert bytes(letter.edited).endswith(b'"note": ""}}]')
    assert list(notes(target)) == ["b"]
    kinds = LogEvent.objects.using(target.database).values_list("kind", flat=True)
    assert "dead_letter_edited" in kinds


def test_an_edit_may_name_another_model(target):
    letter = target.refuse(line("SAVE", {"model": "gallery.tga", "pk": 1, "fields": {}}))
    edit(target, letter, tag(1, "a"))
    assert retry(target, letter).counts == {
        "gallery.tga": Counts(failed=-1),
        "gallery.tag": Counts(saved=1),
    }
    assert target.total("gallery.tga") == {}


def test_an_edited_record_gives_way_to_later_ones_of_its_new_row(target):
    letter = target.refuse(bad(1, "a"))
    edit(target, letter, tag(2, "old"))
    target.apply(tag(2, "new"))
    assert statuses(target) == ["superseded"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"", "bad_line"),
        (b"SAVE []", "bad_line"),
        (b"1698395500.1 SAVE {", "bad_json"),
        (b"1698395500.1 SAVE {}", "bad_objects"),
        (b"1698395500.1 SAVE []\n1698395500.1 SAVE []", "one line"),
        (b"1698395500.1 SAVE [{1698395500.1 SAVE []", "glued"),
        (b"1698395500.1 SAVE [\xff]", "bad_encoding"),
    ],
)
def test_an_edit_that_is_no_record_is_refused_with_the_reason(target, line, complaint):
    letter = target.refuse(bad(1, "a"))
    with pytest.raises(InvalidEditError, match=complaint):
        edit(target, letter, line)
    letter.refresh_from_db()
    assert letter.edited is None


def test_a_discarded_one_stays_visible_with_its_reason(target):
    letter = target.refuse(bad(1, "a"))
    deadletters.discard(target.engine(), letter.pk, why="A test row.")
    letter.refresh_from_db()
    assert (letter.status, letter.resolution) == ("discarded", "A test row.")
    assert target.total("gallery.tag") == {"failed": 1}
    assert "is discarded already" in retry(target, letter).error
    with pytest.raises(DeadLetterError, match="is discarded already"):
        deadletters.discard(target.engine(), letter.pk, why="again")
    with pytest.raises(DeadLetterError, match="without a reason: say why"):
        deadletters.discard(target.engine(), letter.pk, why=" ")
    event = LogEvent.objects.using(target.database).get(kind="dead_letter_discarded")
    assert "A test row." in event.message


# Searching, exporting


def test_dead_letters_are_found_in_log_order_by_what_they_are(target):
    target.apply(bad(1, "a"), saved("place", 1, {"name": None}), b"nonsense\n", bad(2, "b"))
    deadletters.discard(target.engine(), target.letters().last().pk, why="A test row.")

    def found(**by):
        letters = deadletters.search(target.engine(), target.file(), **by)
        return [letter.pk_text for letter in letters]

    assert found() == ["1", "1", "", "2"]
    assert found(status=DeadLetter.Status.OPEN) == ["1", "1", ""]
    assert found(reason="bad_line") == [""]
    assert found(model="gallery.tag") == ["1", "2"]
    assert found(model="gallery.tag", status="discarded") == ["2"]
    assert deadletters.search(target.engine()).count() == 4


def test_an_export_is_one_line_of_json_each_with_nothing_that_acts(target):
    target.apply(bad("\x1b[31m", "a"), b"\xff\x1b]0;title\x07\n")
    letters = deadletters.search(target.engine())
    lines = list(deadletters.export(letters))
    assert len(lines) == 2
    for exported, letter in zip(lines, letters, strict=True):
        assert exported.isascii()
        assert exported.isprintable()
        told = json.loads(exported)
        assert told["id"] == letter.pk
        assert told["file"] == str(target.path)
        assert told["position"] == letter.position
        assert told["reason"] == letter.reason
        assert told["line"] == bytes(letter.raw).decode(errors="backslashreplace")
    assert json.loads(lines[1])["raw"] == "/xtdMDt0aXRsZQc="


def test_a_deletion_comes_back_when_nothing_forbids_it_any_more(target):
    shown = {"work": 1, "exhibition": 1, "room": 1}
    target.accept(
        saved("artist", 1, {"code": "a"}),
        saved("work", 1, {"title": "w", "artist": "a"}),
        *(saved("exhibition", pk, {"title": "e"}) for pk in (1, 2)),
        saved("showing", 1, shown),
        saved("showing", 2, shown),
    )
    letter = target.refuse(deleted("exhibition", 1))
    assert (letter.reason, letter.waiting_for_model) == ("protected", "gallery.showing")
    target.apply(deleted("showing", 1))
    assert statuses(target) == ["open"]
    target.apply(saved("showing", 2, {**shown, "exhibition": 2}))
    assert statuses(target) == ["applied"]
    assert [row.pk for row in target.rows(Exhibition)] == [2]


class Replica:
    """Sends whoever asks to another database, where nothing of it is."""

    def __init__(self, database):
        self.database = database

    def db_for_read(self, model, **hints):
        return self.database


def test_where_routers_have_a_replica_read_it_is_not_asked(target, settings):
    target.apply(bad(1, "a"), saved("label", 1, {"text": "l", "tag": 7}))
    other = {"default": "postgres", "postgres": "default"}[target.database]
    settings.DATABASE_ROUTERS = [Replica(other)]
    target.accept(tag(7, "parent"))
    assert [letter.status for letter in target.letters()] == ["open", "applied"]
    assert [row.key for row in target.letters()[0].rows.all()] == ["1"]
    deadletters.edit(target.engine(), target.letters()[0].pk, tag(1, "mended").rstrip(b"\n"))
    (retried,) = deadletters.retry_all(target.engine(), [target.letters()[0].pk])
    assert retried.applied
    target.accept(tag(2, "and on"))
    assert [letter.status for letter in target.letters()] == ["applied", "applied"]
    assert sorted(target.rows(Tag).values_list("name", flat=True)) == ["and on", "mended", "parent"]

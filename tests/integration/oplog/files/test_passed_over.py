"""Files that look like the log's own, and are not read: each is named once."""

import pytest

from tests.support.engine import ingest
from tests.support.lines import question
from tests.support.rotation import lines_of
from tui_ingest.ingest.events import Noticed
from tui_ingest.models import LogEvent

A, B, C = (question(number) for number in range(3))


def told(reader):
    return [notice.message for notice in reader.notices if notice.kind == "passed_over"]


def test_names_that_are_not_known(files, reader):
    beside = ("oplog.log-2026W48", "oplog.log.bak", "oplog.log.1.zip", "oplog.2026W48.log.gz")
    for name in (*beside, "oplog.2026-11-26_03-00.log.tar.gz"):
        files.path.with_name(name).write_bytes(A)
    files.write(B)
    assert lines_of(reader.read()) == [B]
    (message,) = told(reader)
    assert "oplog.2026-11-26_03-00.log.tar.gz, oplog.2026W48.log.gz" in message
    assert "oplog.log-2026W48, oplog.log.1.zip, oplog.log.bak." in message
    files.rotate(C)
    reader.read()
    assert len(told(reader)) == 1
    files.path.with_name("oplog.log-2026W49").write_bytes(A)
    files.rotate(A)
    reader.read()
    assert len(told(reader)) == 2
    assert "oplog.log-2026W49." in told(reader)[1]
    assert "W48" not in told(reader)[1]


def test_not_more_than_twenty_names(files, reader):
    for number in range(1030):
        files.path.with_name(f"oplog.log.part{number:04}").write_bytes(A)
    files.write(B)
    reader.read()
    assert "oplog.log.part0019 and 1,010 more." in told(reader)[0]


def test_what_is_not_told(files, reader, tmp_path):
    for name in ("oplog-worker.log", ".oplog.log.swp", "other.log.1"):
        files.path.with_name(name).write_bytes(A)
    files.path.with_name("oplog.log.lock").touch()
    (tmp_path / "oplog.log.d").mkdir()
    for on_their_way in (".~tmp~", ".rsync-partial"):  # rsync's
        (tmp_path / on_their_way).mkdir()
        (tmp_path / on_their_way / "oplog.log.1").write_bytes(A)
    files.rotate(A)
    files.rotate(B)
    files.compress(1)
    reader.read()
    assert told(reader) == []


def test_a_link_and_what_it_links_to_are_the_log(files, open_reader):
    files.write(A)
    link = files.path.with_name("oplog.log.link")
    link.symlink_to(files.path)
    files.path.with_name("oplog.log.current").symlink_to(files.path)
    reader = open_reader(link)
    assert lines_of(reader.read()) == [A]
    assert len(told(reader)) == 1


def test_a_folder_beside_the_log_is_not_guessed_to_be_its_own(files, reader, tmp_path):
    for folder in ("old", "other"):
        (tmp_path / folder).mkdir()
    for number in (1, 2, 3):
        (tmp_path / "old" / f"oplog.log.{number}").write_bytes(A)
    (tmp_path / "other" / "oplog.log").write_bytes(A)
    files.write(B)
    assert lines_of(reader.read()) == [B]
    (message,) = told(reader)
    assert "set 'OLDDIR' in TUI_INGEST to 'old'" in message


@pytest.mark.parametrize("is_absolute", [False, True])
def test_rotated_files_in_a_folder_of_their_own(files, open_reader, tmp_path, is_absolute):
    old = tmp_path / "old"
    reader = open_reader(olddir=old if is_absolute else "old")
    files.write(A)
    reader.read()
    old.mkdir()
    files.path.rename(old / "oplog.log-20261126")
    files.write(B)
    reader.restart()
    assert lines_of(reader.read()) == [B]
    files.path.rename(old / "oplog.log-20261127")
    files.write(C)
    reader.restart()
    assert lines_of(reader.read()) == [C]
    assert set(reader.kinds()) == {"rotated"}


def test_a_first_start_with_such_a_folder(files, open_reader, tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "oplog.log.1").write_bytes(B)
    files.rank(2).write_bytes(A)
    files.write(C)
    reader = open_reader(olddir="old")
    assert lines_of(reader.read()) == [A, B, C]
    assert told(reader) == []


@pytest.mark.django_db(transaction=True)
def test_it_is_an_event_once_however_often_a_session_starts(files):
    files.path.with_name("oplog.log.bak").write_bytes(A)
    for name, line in (("_02-50", A), ("_02-10", B)):
        files.path.with_name(f"oplog.log.2026-10-25{name}").write_bytes(line)
    files.write(C)
    said = []
    for line in (A, B, C):
        result, events = ingest(files.path)
        assert result.error == ""
        said += [event.kind for event in events if isinstance(event, Noticed)]
        files.write(line)
    assert sorted(kind for kind in said if kind != "rotated") == ["passed_over", "reordered"]
    kinds = LogEvent.objects.exclude(kind="rotated").values_list("kind", flat=True)
    assert sorted(kinds) == ["passed_over", "reordered"]

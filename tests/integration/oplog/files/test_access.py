"""Files that cannot be opened for a while, and descriptors, of which none is left behind."""

from pathlib import Path

import pytest

from tests.support.lines import question
from tests.support.rotation import lines_of
from tui_ingest.oplog.log import LogUnavailableError

A, B, C = (question(number) for number in range(3))


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("which", ["active", "rotated"])
def test_a_file_that_cannot_be_opened_for_a_while(files, reader, which, after_a_while):
    """A link to itself cannot be opened by anyone, not even by root."""
    files.rotate(A)
    files.rotate(B)
    blocked = files.path if which == "active" else files.rank(1)
    aside = files.path.with_name("aside")
    blocked.rename(aside)
    blocked.symlink_to(blocked.name)
    for _ in range(2):
        with pytest.raises(LogUnavailableError, match=blocked.name):
            reader.read()
        after_a_while()
    blocked.unlink()
    aside.rename(blocked)
    assert lines_of(reader.read()) == [A, B]


def test_an_unreadable_successor_does_not_keep_what_is_readable(files, reader):
    files.write(A + B)
    reader.take(1)
    files.rotate(C)
    aside = files.path.with_name("aside")
    files.path.rename(aside)
    files.path.symlink_to(files.path.name)
    assert lines_of(reader.take()) == [B]
    with pytest.raises(LogUnavailableError):
        reader.take()
    files.path.unlink()
    aside.rename(files.path)
    assert lines_of(reader.read()) == [C]
    assert lines_of(reader.entries) == [A, B, C]


def test_a_folder_that_goes_and_returns(files, reader, tmp_path, after_a_while):
    folder = tmp_path / "mount"
    folder.mkdir()
    files.path = folder / "oplog.log"
    reader.path = files.path
    reader.restart()
    files.write(A)
    reader.read()
    folder.rename(tmp_path / "away")
    after_a_while()
    assert reader.read() == []
    (tmp_path / "away").rename(folder)
    files.write(B)
    after_a_while()
    assert lines_of(reader.read()) == [B]
    assert reader.notices == []


def test_no_descriptor_is_left_behind(files, reader):
    files.backups = 4
    for number in range(20):
        files.rotate(question(number))
        reader.read()
    before = open_files()
    for number in range(60):
        files.rotate(question(number) + A)
        if number % 3:
            reader.take(1)
        if number % 7 == 0:
            reader.log.backlog()
        if number % 5 == 0:
            files.rsync()
        if number % 11 == 0:
            files.copytruncate()
        if number % 13 == 0:
            files.compress(1)
        reader.read()
    assert open_files() <= before
    reader.close()
    assert open_files() <= before - 2
    assert reader.entries

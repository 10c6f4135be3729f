"""Generations that were compressed, and archives that are damaged."""

import gzip
import os
import random
import sys

import pytest

from tests.support.lines import question
from tests.support.rotation import lines_of
from tui_ingest.oplog.log import LogError, LogUnavailableError

A, B, C, D, E = (question(number) for number in range(5))

any_compression = pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])


@any_compression
@pytest.mark.parametrize("read_first", [0, 1, 2, 3])
def test_compressed_generations(files, reader, after_a_while, read_first, suffix):
    files.write(A + B)
    files.rotate(C + D)
    files.rotate(E)
    for _ in range(read_first):
        reader.take(1)
        after_a_while()
    files.compress(2, suffix)
    files.compress(1, suffix)
    after_a_while()
    reader.read()
    assert lines_of(reader.entries) == [A, B, C, D, E]
    assert "gap" not in reader.kinds()


@any_compression
def test_a_long_compressed_generation(files, reader, suffix):
    lines = [question(number, "x" * 3000) for number in range(1000)]
    files.write(b"".join(lines))
    files.rotate(A)
    files.compress(1, suffix)
    for _ in range(5):
        reader.take(150)
        reader.restart()
    reader.read()
    assert lines_of(reader.entries) == [*lines, A]


def test_compression_that_has_not_ended_yet(files, reader):
    files.write(A + B)
    files.rotate(C)
    whole = gzip.compress(A + B)
    twin = files.rank("1.gz")
    twin.write_bytes(whole[:20])
    assert lines_of(reader.read()) == [A, B, C]
    files.rank(1).unlink()
    files.rotate(D)
    with pytest.raises(LogUnavailableError, match=r"oplog\.log\.2\.gz"):
        reader.read()
    files.rank("2.gz").write_bytes(whole)
    assert lines_of(reader.read()) == [D]


def damage(file, how):
    """Leave an archive as it is found long after something went wrong."""
    whole = file.read_bytes()
    halfway = len(whole) // 2
    damaged = {
        "empty": b"",
        "garbage": b"garbage" * 20,
        "cut to its header": whole[:20],
        "cut": whole[:halfway],
        "altered": whole[:halfway] + bytes([whole[halfway] ^ 0x55]) * 3 + whole[halfway + 3 :],
        "wrong checksum": whole[:-8] + b"\0" * 4 + whole[-4:],
    }
    file.write_bytes(damaged[how])
    os.utime(file, (1, 1))


DAMAGES = ["empty", "garbage", "cut to its header", "cut", "altered", "wrong checksum"]
any_damage = pytest.mark.parametrize("how", DAMAGES)
LONG = [question(number, random.Random(number).randbytes(2000).hex()) for number in range(40)]


@any_damage
@any_compression
def test_a_damaged_archive_of_what_was_left(files, reader, after_a_while, how, suffix):
    files.write(b"".join(LONG))
    files.rotate(A)
    files.rotate(B)
    assert lines_of(reader.read()) == [*LONG, A, B]
    files.compress(2, suffix)
    damage(files.rank(f"2{suffix}"), how)
    after_a_while()
    assert reader.read() == []
    files.rotate(C)
    after_a_while()
    assert lines_of(reader.read()) == [C]
    assert "gap" not in reader.kinds()


@any_damage
@any_compression
def test_a_damaged_archive_that_was_not_read(files, reader, after_a_while, how, suffix):
    files.rotate(A)
    files.rotate(b"".join(LONG))
    files.rotate(B)
    reader.take(1)
    files.compress(2, suffix)
    files.compress(1, suffix)
    damage(files.rank(f"1{suffix}"), how)
    reader.restart()
    entries = lines_of(reader.read())
    assert entries[-1] == B
    read = [line for line in entries if line in LONG]
    assert read == [line for line in LONG if line in read]
    if suffix == ".gz":  # the others may need what is damaged for all that comes before
        assert bool(read) == (how in {"cut", "altered", "wrong checksum"})
    assert reader.kinds().count("gap") == 1
    assert f"oplog.log.1{suffix} is damaged" in next(
        n.message for n in reader.notices if n.kind == "gap"
    )
    files.rotate(C)
    reader.restart()
    assert lines_of(reader.read()) == [C]
    assert reader.kinds().count("gap") == 1


@any_damage
@any_compression
def test_a_damaged_archive_at_a_first_start(files, reader, how, suffix):
    files.rotate(b"".join(LONG))
    files.rotate(B)
    files.compress(1, suffix)
    damage(files.rank(f"1{suffix}"), how)
    assert lines_of(reader.read())[-1] == B
    assert reader.kinds().count("gap") == 1
    reader.restart()
    assert reader.read() == []
    assert reader.kinds().count("gap") == 1


@any_damage
@any_compression
def test_a_damaged_archive_of_the_generation_that_is_read(
    files, reader, after_a_while, how, suffix
):
    files.write(b"".join(LONG))
    reader.take(30)
    files.rotate(B)
    files.compress(1, suffix)
    damage(files.rank(f"1{suffix}"), how)
    after_a_while()
    reader.read()
    read = [line for line in lines_of(reader.entries) if line in LONG]
    assert lines_of(reader.entries)[-1] == B
    assert read == [line for line in LONG if line in read]
    assert read[:30] == LONG[:30]
    if after_a_while != reader.restart or (how, suffix) == ("wrong checksum", ".gz"):
        assert read == LONG
    assert reader.kinds().count("gap") <= 1
    if after_a_while == reader.restart:
        assert "gap" in reader.kinds()


def test_an_archive_that_was_read_whole_before_its_checksum_went_wrong(files, reader):
    files.write(A + B)
    reader.read()
    files.rotate(C)
    files.compress(1)
    damage(files.rank("1.gz"), "wrong checksum")
    reader.restart()
    assert lines_of(reader.read()) == [C]
    assert "gap" not in reader.kinds()


def test_an_archive_that_is_written_just_now_is_waited_for(files, reader):
    """As a handler does that compresses the active file before it removes that."""
    lines = b"".join(LONG)
    files.write(lines)
    reader.take(10)
    whole = gzip.compress(lines)
    for size in (0, 5, len(whole) // 2):
        files.rank("1.gz").write_bytes(whole[:size])
        reader.restart()
        with pytest.raises(LogUnavailableError, match=r"oplog\.log\.1\.gz"):
            reader.read()
    files.rank("1.gz").write_bytes(whole)
    files.path.unlink()
    files.write(A)
    reader.read()
    assert lines_of(reader.entries) == [*LONG, A]
    assert "gap" not in reader.kinds()


def test_what_unpacks_is_not_installed(files, reader, monkeypatch):
    files.write(A)
    files.rotate(B)
    files.compress(1, ".zst")
    package = "compression" if sys.version_info >= (3, 14) else "backports"
    monkeypatch.setitem(sys.modules, f"{package}.zstd", None)
    monkeypatch.delattr(sys.modules[package], "zstd")
    with pytest.raises(LogError, match=r"pip install 'tui-ingest\[zstd\]'") as refused:
        reader.read()
    assert not isinstance(refused.value, LogUnavailableError)

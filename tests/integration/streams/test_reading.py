"""A site's log through a stream: what comes out is what the file reader would have read."""

import random
from dataclasses import replace

import pytest

from tests.support.lines import question, questions
from tests.support.rotation import Reader, lines_of, reasons
from tests.support.sites import Site, client, make_stream
from tui_ingest.oplog.log import LogError

A, B, C, D, E, F = (question(number) for number in range(1, 7))
CRLF = B.replace(b"\n", b"\r\n")
ODD = (
    b"\xef\xbb\xbf" + A,  # after a mark that some editors write
    b"\n\n  \n" + B + b"\0\0\0" + C,
    A + CRLF + CRLF + C,
    A + b"no record at all\n" + B,
    A + B.replace(b"new", b"n\xe9w") + C,
    A + B[:40] + C + D,  # glued
    A + B[:-1] + C + D,  # two records in one line
    A + B.replace(b"SAVE", b"MERGE") + C,
)


def from_file(site, **options):
    """The entries as a reader of the file has them."""
    reader = Reader(site.path, poll_seconds=60, **options)
    try:
        return reader.read()
    finally:
        reader.close()


def test_records_with_their_places_in_the_sites_own_log(site, reader):
    site.write_and_forward(A + B + C)
    assert reader.read() == from_file(site)
    assert reader.notices == []


@pytest.mark.parametrize("content", ODD)
def test_odd_lines(site, reader, content):
    site.write_and_forward(content + E)
    entries = reader.read()
    assert entries == from_file(site)
    assert lines_of(entries)[-1] == E


def test_many_lines_of_every_length(site, reader):
    lengths = random.Random(1)
    lines = [
        question(number, "x" * lengths.choice([0, 50, 5_000, 70_000, 400_000]))
        for number in range(150)
    ]
    site.write_and_forward(b"".join(lines))
    assert lines_of(reader.read()) == lines


def test_a_record_that_no_message_holds_comes_in_parts(site, reader):
    long = question(2, "x" * 5_000_000)
    site.write_and_forward(A + long + B)
    assert lines_of(reader.read()) == [A, long, B]
    reader.restart()
    assert reader.read() == []
    site.write_and_forward(C)
    assert lines_of(reader.read()) == [C]
    assert reader.notices == []


def test_a_line_over_the_limit_is_known_by_its_beginning(site, open_reader):
    reader = open_reader(max_record_bytes=2_000)
    site.write_and_forward(A + question(2, "x" * 5_000) + B)
    entries = reader.read()
    assert reasons(entries) == ["record", "too_long", "record"]
    assert entries == from_file(site, max_record_bytes=2_000)


def test_a_torn_line_is_told_as_such(site, reader):
    site.write(A + B[:50])
    site.rotate(C)
    site.forward()
    entries = reader.read()
    assert reasons(entries) == ["record", "torn", "record"]
    assert entries == from_file(site)


def test_an_unfinished_line_waits_for_its_end(site, reader):
    site.write_and_forward(A + B[:50])
    assert lines_of(reader.read()) == [A]
    site.write_and_forward(B[50:])
    assert lines_of(reader.read()) == [B]


def test_rotation_at_the_site_is_followed_and_told(site, reader):
    site.write_and_forward(A)
    site.rotate(B)
    site.rotate(C)
    site.forward()
    assert lines_of(reader.read()) == [A, B, C]
    assert reader.kinds() == ["rotated", "rotated"]


def test_a_late_record_at_the_site_comes_late(site, reader):
    site.write_and_forward(A)
    site.rotate(B)
    site.forward()
    with site.rank(1).open("ab") as late_writer:
        late_writer.write(C)
    site.forward()
    assert lines_of(reader.read()) == [A, B, C]
    assert reader.kinds() == ["rotated", "late"]
    reader.restart()
    site.write_and_forward(D)
    assert lines_of(reader.read()) == [D]


def test_a_gap_at_the_site_is_told_with_what_is_missing(site, reader):
    site.write_and_forward(A)
    site.rotate(B)
    site.rotate(C)
    site.rank(1).unlink()
    site.rank(2).unlink()
    site.forward()
    assert lines_of(reader.read()) == [A, C]
    assert "gap" in reader.kinds()


@pytest.mark.parametrize("applied", range(6))
def test_a_restart_goes_on_after_any_entry_of_a_batch(site, reader, applied):
    site.write_and_forward(A + B + C)
    site.write_and_forward(D + E + F)
    entries = reader.take(6)
    assert lines_of(entries) == [A, B, C, D, E, F]
    reader.restart(reader.batch.position_after(applied + 1))
    assert lines_of(reader.read()) == [A, B, C, D, E, F][applied + 1 :]
    assert reader.notices == []


def test_a_restart_after_every_record_of_many_messages(site, reader):
    lines = [question(number) for number in range(60)]
    chance = random.Random(2)
    for at in range(0, 60, 7):
        site.write_and_forward(b"".join(lines[at : at + 7]))
    applied = []
    while entries := reader.take(chance.choice([1, 5, 20])):
        entries = entries[: chance.randint(1, len(entries))]
        applied += lines_of(entries)
        reader.restart(reader.batch.position_after(len(entries)))
    assert applied == lines
    assert reader.notices == []


def test_resuming_forgets_what_was_read_ahead(site, reader):
    site.write_and_forward(A + B)
    site.write_and_forward(C)
    reader.take(1)
    position = reader.position
    reader.read()
    reader.log.resume(position)
    assert lines_of(reader.read()) == [C]
    reader.log.resume(None)
    assert lines_of(reader.read()) == [A, B, C]


def test_sites_in_one_stream_do_not_know_of_each_other(site, open_reader, tmp_path):
    other = Site(tmp_path / "other", site.url.replace("site-a", "site-b"))
    for content in (A, B, C):
        site.write_and_forward(content)
        other.write_and_forward(content + D)
    assert lines_of(open_reader(site.url).read()) == [A, B, C]
    assert lines_of(open_reader(other.url).read()) == [A, D, B, D, C, D]


def test_a_stream_that_is_not_there_yet(server, open_reader, tmp_path):
    url = f"nats://{server.host}/LATER/later.site"
    reader = open_reader(url)
    assert reader.read() == []
    assert not reader.log.backlog().exists
    make_stream(url, subjects=["later.>"])
    Site(tmp_path / "site", url).write_and_forward(A)
    assert lines_of(reader.read()) == [A]


def test_how_far_behind(site, reader):
    site.write_and_forward(A + B)
    site.write_and_forward(C)
    behind = reader.log.backlog()
    assert behind.exists
    assert behind.readable
    assert behind.remaining_bytes == len(A + B + C)
    assert behind.generation_size == 2
    assert behind.heard_at is not None
    reader.take(1)
    assert reader.log.backlog().remaining_bytes == len(C)
    assert reader.log.backlog().remaining_messages == 1
    reader.read()
    assert reader.log.backlog().remaining_bytes == 0
    assert reader.log.backlog().remaining_messages == 0


def test_a_wait_ends_with_the_next_message(site, reader):
    site.write_and_forward(A)
    reader.read()
    site.write_and_forward(B)
    reader.log.wait(60)
    assert lines_of(reader.read()) == [B]


def test_a_wait_can_be_ended(site, reader):
    reader.read()
    reader.log.wake()
    reader.log.wait(60)


def test_a_line_is_read_again_by_its_place(site, reader):
    site.write_and_forward(A + B)
    site.write_and_forward(C)
    for entry in reader.read():
        assert reader.log.line_at(entry.location) == entry.raw
    assert reader.log.line_at(entry.location._replace(start=1)) is None


def test_what_was_read_lately(site, reader):
    for lines in (A + B, C, D + E + F):
        site.write_and_forward(lines)
    reader.take(6)
    batch, log = reader.batch, reader.log
    assert lines_of(log.recent(batch.position, 100)) == [A, B, C, D, E, F]
    assert lines_of(log.recent(batch.position, 2)) == [E, F]
    for since in range(1, 6):
        for upto in range(since + 1, 7):
            places = batch.position_after(upto), batch.position_after(since)
            between = log.recent(places[0], 100, since=places[1])
            assert lines_of(between) == [A, B, C, D, E, F][since:upto]
    other = replace(batch.position, generation="another stream")
    assert lines_of(log.recent(batch.position, 100, since=other)) == [A, B, C, D, E, F]


def test_what_was_read_lately_of_many_messages(site, reader):
    lines = [question(number) for number in range(120)]
    for line in lines:
        site.write_and_forward(line)
    reader.read()
    assert lines_of(reader.log.recent(reader.position, 100)) == lines[-100:]
    assert lines_of(reader.log.recent(reader.position, 500)) == lines


def test_a_message_of_somebody_else_is_not_passed_over(site, reader):
    site.write_and_forward(A)
    with client(site.url) as broker:
        broker.publish([({}, b"hello")])
    assert lines_of(reader.take(9)) == [A]
    with pytest.raises(LogError, match="neither by `tui-ingest-stream forward`"):
        reader.take()


def test_questions_by_the_thousand(site, reader):
    content = questions(range(5_000))
    site.write_and_forward(content)
    assert b"".join(lines_of(reader.read())) == content

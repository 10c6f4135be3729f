"""A stream searched once more, from its first message: what has the pattern, and what is gone."""

import re
from contextlib import closing

import pytest

from tests.support.lines import question, questions
from tests.support.sites import NOBODY, client
from tui_ingest.oplog.log import FromByte, LogError
from tui_ingest.streams.reading import StreamLog

SEVEN = (re.compile(rb'"pk": 7\b'),)


def search(url, position=None):
    with closing(StreamLog(url, access=NOBODY)) as log:
        return [*log.search(SEVEN, position)]


def test_entries_are_those_that_a_reader_has(site, reader, url):
    site.write_and_forward(questions(range(9)) + question(7, "two") + b'"pk": 7 no record\n')
    read_so_far = reader.read()
    position = reader.position
    site.rotate(question(7, "three") + question(8))
    site.forward()
    wanted = [entry for entry in read_so_far + reader.read() if SEVEN[0].search(entry.raw)]
    pieces = search(url, position)
    read = [entry for piece in pieces for entry in piece.entries]
    ahead = [entry for piece in pieces for entry in piece.ahead]
    assert read + ahead == wanted
    assert (len(read), len(ahead)) == (3, 1)
    assert pieces[-1].done == pieces[-1].total > 0
    assert [lack for piece in pieces for lack in piece.lacks] == []


def test_what_was_trimmed_is_said_to_be_missing(site, url):
    site.write_and_forward(question(7, "one"))
    size = len(question(7, "one"))
    site.write_and_forward(question(7, "two"))
    with client(url) as broker:
        broker.api(f"STREAM.PURGE.{broker.address.stream}", {"seq": 2})
    pieces = search(url)
    (entry,) = [entry for piece in pieces for entry in piece.ahead]
    assert b"two" in entry.raw
    (lack,) = [lack for piece in pieces for lack in piece.lacks]
    assert f"{size:,} bytes" in lack


def test_an_empty_stream_has_nothing(url):
    (piece,) = search(url)
    assert (piece.done, piece.total, piece.ahead) == (0, 0, ())


def test_what_was_found_is_gone_to_and_what_the_session_has_not_read_is_ahead(site, reader, url):
    site.write_and_forward(questions(range(9)))
    reader.read()
    site.rotate(question(6) + question(7, "two") + question(8))
    site.forward()
    pieces = search(url)
    found = [entry for piece in pieces for entry in piece.ahead]
    with closing(StreamLog(url, access=NOBODY)) as log:
        is_ahead = log.ahead_of(reader.position)
        assert [is_ahead(entry) for entry in found] == [False, True]
        for entry in found:
            log.resume(log.locate(FromByte(entry.location.generation, entry.location.start)))
            assert log.read(max_records=1, max_bytes=1).entries[0] == entry
        with pytest.raises(LogError, match="in the stream any more"):
            log.locate(FromByte("0" * 32, 0))

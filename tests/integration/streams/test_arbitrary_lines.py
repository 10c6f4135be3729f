"""Whatever a log holds, its lines come out of messages as the reader of the file has them."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.support.lines import question
from tests.support.rotation import Reader, RotatedLog
from tui_ingest.oplog.files.reading import FileLog
from tui_ingest.oplog.log import MAX_RECORD_BYTES
from tui_ingest.streams.messages import decode, encode, part_of
from tui_ingest.streams.progress import Progress
from tui_ingest.streams.publishing import envelopes

RECORDS = [question(number) for number in range(1, 6)]
PIECES = st.sampled_from(
    [
        *RECORDS,
        RECORDS[0][:-1],
        RECORDS[1][:40],
        RECORDS[2].replace(b"\n", b"\r\n"),
        RECORDS[3].replace(b"new", b"\xff\x00"),
        question(6, "x" * 9_000),
        b"\n",
        b"\0\0",
        b" \n",
        b"\r",
        b"nothing\n",
        b"1698395500.5 ",
        b"SAVE []",
        "\u2028é".encode(),
    ]
)
# Each list is one file of the log; the last one is written to.
LOGS = st.lists(st.lists(PIECES, max_size=8), min_size=1, max_size=3)


def sent(log, most, max_payload):
    """Headers and payload of each part of each message."""
    log.resume(None)
    position, total = None, 0
    while batch := log.read(max_records=most, max_bytes=1 << 20, final=True):
        for envelope in envelopes(batch, position, total):
            position, total = envelope.to, envelope.total
            yield from encode(envelope, max_payload=max_payload)


def received(parts):
    """The entries and the notices, as a reader of the stream has them."""
    progress, entries, notices, payload = Progress(), [], [], b""
    for headers, part in parts:
        assert all(text.isascii() and text.isprintable() for text in headers.values())
        payload += part
        number, of = part_of(headers)
        if number < of:
            continue
        message, payload = decode(headers, payload), b""
        meeting = progress.meet(message)
        assert meeting.gap is None
        entries += message.entries(max_record_bytes=MAX_RECORD_BYTES, after=meeting.after)
        notices += message.notices
        progress = Progress.parse(str(meeting.then(message)))
    return entries, notices


@given(files=LOGS, most=st.integers(1, 9), max_payload=st.sampled_from([4_000, 1 << 20]))
def test_lines_through_messages(files, most, max_payload):
    with tempfile.TemporaryDirectory() as folder:
        log = RotatedLog(Path(folder))
        for number, pieces in enumerate(files):
            # The first line of a file is what it is known by.
            log.rotate(question(100 + number) + b"".join(pieces))
        reader = Reader(log.path, poll_seconds=60)
        reader.read(final=True)
        source = FileLog(log.path, poll_seconds=60)
        entries, notices = received(sent(source, most, max_payload))
        assert entries == reader.entries
        assert [(n.kind, n.message) for n in notices] == [
            (n.kind, n.message) for n in reader.notices
        ]
        source.close()
        reader.close()

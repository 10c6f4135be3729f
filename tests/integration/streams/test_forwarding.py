"""From a file to a stream: nothing is lost, nothing comes twice, whoever else tries."""

import random

import pytest

from tests.support.brokers import Server
from tests.support.engine import eventually
from tests.support.lines import question, questions
from tests.support.rotation import lines_of
from tests.support.sites import NOBODY, Site, StreamReader, client, make_stream
from tui_ingest.oplog.files.reading import FileLog
from tui_ingest.oplog.log import LogUnavailableError, Position
from tui_ingest.streams.addresses import parse_address
from tui_ingest.streams.forwarding import Forwarder
from tui_ingest.streams.messages import Envelope, SitePlace
from tui_ingest.streams.publishing import FencedError, Publisher

A, B, C, D = (question(number) for number in range(1, 5))


def messages(url):
    with client(url) as broker:
        return broker.stream()["state"]["messages"]


def envelope(line):
    place = SitePlace("generation", 0)
    to = Position(generation="generation", offset=len(line))
    return Envelope(
        came_from=place,
        to=to,
        total=len(line),
        generation="generation",
        start=0,
        end=len(line),
        payload=line[:-1],
    )


def test_a_log_is_followed(site, reader):
    with site.forwarding():
        for number, content in enumerate((A, B, C), 1):
            site.write(content)
            assert lines_of(reader.read_until(number))[-1] == content
            site.rotate()


def test_a_site_may_be_called_as_people_call_it(tmp_path, url, open_reader):
    site = Site(tmp_path / "site", url.replace("site-a", "süd-ost.日本"))
    site.write_and_forward(A + B)
    assert lines_of(open_reader(site.url).read()) == [A, B]


def test_what_was_sent_is_not_sent_again(site, reader):
    site.write_and_forward(A + B)
    for _ in range(3):
        site.forward()
    assert messages(site.url) == 1
    assert lines_of(reader.read()) == [A, B]


def test_who_has_not_seen_the_end_appends_nothing(site, server):
    with client(site.url) as broker:
        late = Publisher(broker)
        site.write_and_forward(A)
        with pytest.raises(FencedError, match="Somebody else publishes oplog"):
            late.append(envelope(B))
        long = question(9, "x" * 3_000_000)
        with pytest.raises(FencedError):
            late.append(envelope(long))
    assert messages(site.url) == 1


def test_of_a_long_record_all_parts_are_there_or_none(site, reader):
    """As for a forwarder that dies between two parts."""
    site.write_and_forward(A)
    with client(site.url) as broker:
        headers = {"Nats-Batch-Id": "b", "Nats-Batch-Sequence": "1"}
        assert broker._client.request(broker.address.subject, b"part", headers) == b""
    assert lines_of(reader.read()) == [A]
    site.write_and_forward(question(2, "x" * 3_000_000) + B)
    assert lines_of(reader.read())[-1] == B


def test_two_forwarders_of_one_log(site, reader):
    """One was believed dead. Each may send; what comes out is the log."""
    lines = [question(number) for number in range(2_000)]
    chance = random.Random(3)
    with site.forwarding(), site.forwarding():
        at = 0
        while at < len(lines):
            some = chance.randint(1, 200)
            site.write(b"".join(lines[at : at + some]))
            at += some
            if chance.random() < 0.2:
                site.rotate()
            reader.take(100)
        reader.read_until(len(lines))
    assert lines_of(reader.entries) == lines
    assert set(reader.kinds()) <= {"rotated"}


def test_a_stream_that_is_full_stops_the_forwarder_and_loses_nothing(server, tmp_path):
    url = f"nats://{server.host}/FULL/full.site"
    make_stream(url, subjects=["full.>"], max_bytes=400_000)
    site, reader = Site(tmp_path / "site", url), StreamReader(url)
    content = questions(range(5_000))
    with site.forwarding():
        site.write(content)
        eventually(lambda: any("maximum bytes" in text for text in site.said), what="it is full")
        with client(url) as broker:
            settings = broker.stream()["config"]
            broker.api("STREAM.UPDATE.FULL", {**settings, "max_bytes": -1})
        reader.read_until(5_000)
    assert b"".join(lines_of(reader.entries)) == content
    assert "It goes on." in site.said
    reader.close()


def test_a_broker_without_room_stops_the_forwarder_and_loses_nothing(tmp_path):
    server = Server(tmp_path, "small", store="500KB")
    server.start()
    server.wait_until_ready()
    url = f"nats://{server.host}/OPLOG/oplog.site-a"
    make_stream(url)
    site, reader = Site(tmp_path / "site", url), StreamReader(url)
    content = questions(range(5_000))
    with site.forwarding():
        site.write(content)
        eventually(lambda: any("resources" in text for text in site.said), what="no room")
        server.kill()
        server.configure(store="1GB")
        server.start()
        reader.read_until(5_000)
    assert b"".join(lines_of(reader.entries)) == content
    reader.close()
    server.close()


def test_a_stream_that_is_missing_is_asked_for_and_waited_for(server, tmp_path):
    url = f"nats://{server.host}/MISSING/missing.site"
    site, reader = Site(tmp_path / "site", url), StreamReader(url)
    site.write(A)
    with site.forwarding():
        eventually(lambda: site.said, what="it says what is missing")
        assert "tui-ingest-stream create nats://" in site.said[0]
        make_stream(url, subjects=["missing.>"])
        assert lines_of(reader.read_until(1)) == [A]
    reader.close()


def test_a_quiet_site_gives_a_sign_of_life(site, reader, monkeypatch):
    monkeypatch.setattr("tui_ingest.streams.forwarding.BEAT_SECONDS", 0)
    monkeypatch.setattr("tui_ingest.streams.forwarding.IDLE_SECONDS", 0.01)
    site.write(A)
    with site.forwarding():
        eventually(lambda: messages(site.url) > 3, what="signs of life")
    assert lines_of(reader.read()) == [A]
    assert reader.log.backlog().heard_at is not None
    assert reader.log.backlog().remaining_bytes == 0


def test_signs_of_life_leave_nobody_behind(site, reader, monkeypatch):
    """Somebody who looks with the checkpoint, which only records take along."""
    monkeypatch.setattr("tui_ingest.streams.forwarding.BEAT_SECONDS", 0)
    monkeypatch.setattr("tui_ingest.streams.forwarding.IDLE_SECONDS", 0.01)
    site.write_and_forward(A)
    assert lines_of(reader.read()) == [A]
    with site.forwarding():
        eventually(lambda: messages(site.url) > 3, what="signs of life")
    reader.restart()
    seen = reader.log.backlog()
    assert seen.generation_size == reader.position.offset
    assert (seen.remaining_bytes, seen.remaining_messages) == (0, 0)
    site.write_and_forward(B)
    reader.restart()
    seen = reader.log.backlog()
    assert (seen.remaining_bytes, seen.remaining_messages > 3) == (len(B), True)


def test_who_is_fenced_for_good_stops_when_told_to(site):
    """Waiting between two tries never holds up a service that is to end."""
    unreachable = parse_address("nats://127.0.0.1:4/S/a.b")
    said = []
    forwarder = Forwarder(FileLog(site.path), unreachable, NOBODY, say=said.append)
    forwarder.stop()
    forwarder.run()
    assert said == []


def test_a_doubt_is_settled_by_what_the_leader_has(site, reader):
    """The answer was lost, the message was not: it is not sent again."""
    site.write(A + B)

    class Deaf(Publisher):
        def append(self, envelope):
            super().append(envelope)
            raise LogUnavailableError("no answer")

    forwarder = site.forwarder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tui_ingest.streams.forwarding.Publisher", Deaf)
        forwarder._say = lambda _: forwarder.stop()
        forwarder.run()
    site.forward()
    assert messages(site.url) == 1
    assert lines_of(reader.read()) == [A, B]

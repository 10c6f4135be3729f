"""A project whose relay publishes to a stream itself: nothing lost, nothing older after newer."""

import pytest

from tests.support.brokers import Server
from tests.support.lines import question
from tests.support.relays import RelayLog
from tests.support.rotation import lines_of
from tests.support.shop import SOURCE_SETTINGS, TARGET_SETTINGS, ShopSite
from tests.support.sites import NOBODY, StreamReader, client, make_stream
from tui_ingest.oplog.log import LogUnavailableError
from tui_ingest.streams.publishing import FencedError, Publisher
from tui_ingest.streams.sink import StreamSink

A, B, C, D, E = (question(number) for number in range(1, 6))

CHANGES = """
apple = Product.objects.create(name="apple", photo=b"\\xff")
pear = Product.objects.create(name="pear")
record()
shop = Shop.objects.create(name="corner", floor=2)
shop.sells.add(apple, pear)
apple.tags.set([Tag.objects.create(name="ripe")])
record()
Product.objects.filter(name="pear").update(stock=7)
Tag.objects.all().delete()
"""


@pytest.fixture
def sink(url):
    sink = StreamSink(url, NOBODY)
    yield sink
    sink.close()


def messages(url):
    with client(url) as broker:
        return broker.stream()["state"]["messages"]


def test_from_one_project_to_another(url, tmp_path, reader):
    source = ShopSite(tmp_path / "source", SOURCE_SETTINGS)
    source.add_settings(f"TUI_INGEST_RECORDER['LOG'] = {url!r}\n")
    source.migrate()
    source.do(CHANGES)
    target = ShopSite(tmp_path / "target", TARGET_SETTINGS)
    target.add_settings("TUI_INGEST = {'MODELS': ['shop']}\n")
    target.migrate()
    finished = target.tui_ingest(url, "--headless", "--once", "--settings", "mysite.settings")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert target.tables() == source.tables()
    assert reader.read()
    assert reader.notices == []


def test_a_broker_that_is_away_is_waited_for(tmp_path):
    server = Server(tmp_path, "own")
    url = f"nats://{server.host}/OPLOG/oplog.site-a"
    source = ShopSite(tmp_path / "source", SOURCE_SETTINGS)
    source.migrate()
    log = RelayLog(source, "away", LOG=url)
    source.execute("INSERT INTO shop_tag (name) VALUES ('kept')")
    reader = StreamReader(url)
    try:
        with log.relay() as relay:
            relay.says("waiting: log: No broker of nats://127.0.0.1")
            server.start()
            server.wait_until_ready()
            make_stream(url)
            (record,) = reader.read_until(1)
            relay.stop()
        assert record.objects[0]["fields"]["name"] == "kept"
    finally:
        reader.close()
        server.close()


def test_lines_that_go_on_where_the_last_process_ended(sink, url, reader):
    sink.append([A, B])
    other = StreamSink(url, NOBODY)
    other.append([C])
    other.close()
    entries = reader.read()
    assert lines_of(entries) == [A, B, C]
    assert [entry.location.start for entry in entries] == [0, len(A), len(A + B)]
    assert reader.notices == []


def test_long_appends_are_many_messages(sink, url, reader):
    lines = [question(number) for number in range(4_000)]
    sink.append(lines)
    assert messages(url) > 4
    assert lines_of(reader.read()) == lines


class Deaf(Publisher):
    """Appends, and does not hear the answer: once, after so many messages."""

    left = 2

    def append(self, envelope):
        super().append(envelope)
        Deaf.left -= 1
        if Deaf.left == 0:
            raise LogUnavailableError("no answer")


def test_a_doubt_is_settled_by_what_the_leader_has(sink, reader, monkeypatch):
    monkeypatch.setattr("tui_ingest.streams.sink.Publisher", Deaf)
    lines = [question(number) for number in range(4_000)]
    Deaf.left = 2
    with pytest.raises(LogUnavailableError, match="no answer"):
        sink.append(lines)
    assert sink.resume()
    sink.append([A])
    assert lines_of(reader.read()) == [*lines, A]


def test_what_another_one_may_have_overtaken_is_dropped_and_said_once(sink, url, reader):
    sink.append([A])
    other = StreamSink(url, NOBODY)
    other.append([B])
    with pytest.raises(FencedError):
        sink.append([C, D])
    assert not sink.resume()
    assert sink.resume()
    sink.append([E])
    assert lines_of(reader.read()) == [A, B, E]
    assert reader.notices == []
    other.close()


def test_what_another_one_may_have_overtaken_during_a_doubt_is_dropped(
    sink, url, reader, monkeypatch
):
    monkeypatch.setattr("tui_ingest.streams.sink.Publisher", Deaf)
    lines = [question(number) for number in range(4_000)]
    Deaf.left = 2
    with pytest.raises(LogUnavailableError, match="no answer"):
        sink.append(lines)
    other = StreamSink(url, NOBODY)
    other.append([B])
    other.close()
    assert not sink.resume()
    sink.append([E])
    came = lines_of(reader.read())
    assert came[-2:] == [B, E]
    assert came[:-2] == lines[: len(came) - 2]


def test_a_quiet_source_gives_signs_of_life(sink, url, reader, monkeypatch):
    monkeypatch.setattr("tui_ingest.streams.sink.BEAT_SECONDS", 0)
    assert sink.resume()
    assert sink.resume()
    assert messages(url) == 2
    assert reader.read() == []
    sink.append([A])
    sink.append([B])
    assert lines_of(reader.read()) == [A, B]


def test_a_purged_subject_is_told_and_more_can_be_appended(sink, url, caplog):
    sink.append([question(1)])
    with client(url) as broker:
        broker.api(f"STREAM.PURGE.{broker.address.stream}", {})
    with pytest.raises(FencedError, match="it was purged, or its stream was made anew"):
        sink.append([question(2)])
    assert sink.resume() is False, "its writer begins anew"
    sink.append([question(3)])
    assert "was purged" not in caplog.text, "it was said"
    with client(url) as broker:
        broker.api(f"STREAM.PURGE.{broker.address.stream}", {})
    sink.close()  # as after trouble with a broker
    sink.append([question(4)])
    assert caplog.text.count("was purged") == 1

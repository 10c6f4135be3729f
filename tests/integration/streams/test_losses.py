"""What is lost in a stream is told with what is known of it; what comes again is left out."""

import shutil

import pytest

from tests.support.brokers import Server
from tests.support.engine import eventually
from tests.support.lines import question
from tests.support.rotation import lines_of
from tests.support.sites import Site, StreamReader, client, make_stream
from tui_ingest.streams.publishing import Publisher

A, B, C, D, E, F = (question(number) for number in range(1, 7))


@pytest.fixture
def own_server(tmp_path):
    """A server that a test may stop, and whose data it may exchange."""
    server = Server(tmp_path / "broker", "own")
    server.start()
    server.wait_until_ready()
    yield server
    server.close()


def url_of(server):
    return f"nats://{server.host}/OPLOG/oplog.site-a"


def remake(url):
    """Delete the stream and make it anew."""
    with client(url) as broker:
        subjects = broker.stream()["config"]["subjects"]
        broker.api(f"STREAM.DELETE.{broker.address.stream}")
    make_stream(url, subjects=subjects)


def purge(url, **which):
    with client(url) as broker:
        broker.api(f"STREAM.PURGE.{broker.address.stream}", which)


def test_a_stream_that_was_made_anew_is_filled_by_the_site_and_nothing_comes_twice(site, reader):
    for content in (A, B, C):
        site.write_and_forward(content)
    assert lines_of(reader.take(2)) == [A, B]
    remake(site.url)
    reader.restart()
    site.write_and_forward(D)
    assert lines_of(reader.read()) == [C, D]
    assert reader.kinds() == ["replaced"]


def test_nothing_comes_twice_when_the_site_has_rotated_since_then(site, reader):
    site.write_and_forward(A)
    site.rotate(B)
    site.write_and_forward(C)
    reader.read()
    site.rotate(D)
    remake(site.url)
    site.forward()
    reader.restart()
    assert lines_of(reader.read()) == [D]
    reader.restart()
    site.write_and_forward(E)
    assert lines_of(reader.read()) == [E]


def test_old_files_that_nobody_remembers_are_left_out(site, reader, monkeypatch):
    monkeypatch.setattr("tui_ingest.streams.progress.MOST_KNOWN", 2)
    for content in (A, B, C, D):
        site.rotate(content)
        site.forward()
    reader.read()
    remake(site.url)
    site.rotate(E)
    site.forward()
    reader.restart()
    assert lines_of(reader.read()) == [E]
    assert "gap" not in reader.kinds()


def test_what_the_site_does_not_have_any_more_is_a_gap(site, reader):
    site.write_and_forward(A)
    reader.read()
    remake(site.url)
    site.rotate(B)
    site.rotate(C)
    site.rank(1).unlink()
    site.rank(2).unlink()
    site.forward()
    reader.restart()
    assert lines_of(reader.read()) == [C]
    assert reader.kinds() == ["replaced", "gap"]


def test_a_running_reader_believes_no_gap_before_it_has_looked_at_the_stream(site, reader):
    for content in (A, B):
        site.write_and_forward(content)
    assert lines_of(reader.read()) == [A, B]
    remake(site.url)
    site.write_and_forward(C)  # in one message with what was there
    site.write_and_forward(D)
    site.write_and_forward(E)  # the third one, as the next one would have been
    assert lines_of(reader.read()) == [C, D, E]
    assert reader.kinds() == ["replaced"]


def test_what_was_removed_before_it_was_read_is_a_gap_of_so_many_bytes(site, reader):
    for content in (A, B, C, D):
        site.write_and_forward(content)
    assert lines_of(reader.take(1)) == [A]
    purge(site.url, seq=4)
    reader.restart()
    assert lines_of(reader.read()) == [D]
    (gap,) = reader.notices
    assert (gap.kind, gap.missing_bytes) == ("gap", len(B + C))


def test_all_that_was_removed_is_missed_with_the_next_sign_of_life(site, reader):
    site.write_and_forward(A)
    reader.read()
    site.write_and_forward(B)
    with client(site.url) as broker:
        publisher = Publisher(broker)
        publisher.beat()
    purge(site.url, seq=3)
    reader.restart()
    assert reader.read() == []
    (gap,) = reader.notices
    assert (gap.kind, gap.missing_bytes) == ("gap", len(B))


def beat(url):
    """A sign of life of a forwarder that knows what the last message says."""
    with client(url) as broker:
        Publisher(broker).beat()


@pytest.mark.parametrize("is_made_anew", [True, False])
def test_a_site_that_begins_with_signs_of_life_is_no_loss(site, reader, monkeypatch, is_made_anew):
    monkeypatch.setattr("tui_ingest.streams.progress.MOST_KNOWN", 2)
    for content in (A, B, C):
        site.rotate(content)
        site.forward()
    reader.read()
    if is_made_anew:
        remake(site.url)
    else:
        purge(site.url)
    beat(site.url)
    reader.restart()
    assert reader.read() == []
    site.forward()
    beat(site.url)
    site.write_and_forward(D)
    assert lines_of(reader.read()) == [D]
    assert set(reader.kinds()) <= {"rotated", "replaced"}


def test_what_was_removed_after_it_was_read_is_not_missed(site, reader):
    for content in (A, B, C):
        site.write_and_forward(content)
    assert lines_of(reader.read()) == [A, B, C]
    purge(site.url, keep=1)
    reader.restart()
    site.write_and_forward(D)
    purge(site.url, keep=1)
    assert lines_of(reader.read()) == [D]
    assert reader.notices == []


def test_a_new_reader_begins_with_what_is_there(site, reader):
    for content in (A, B, C):
        site.write_and_forward(content)
    purge(site.url, seq=2)
    assert lines_of(reader.read()) == [B, C]
    assert reader.notices == []


@pytest.mark.parametrize("is_read_first", [True, False])
def test_a_hole_in_the_middle_is_a_gap(site, reader, server, is_read_first):
    """As a bit error leaves one: the numbers go on, the site's lines do not."""
    for content in (A, B, C, D):
        site.write_and_forward(content)
    damaged = f"nats://{server.host}/DAMAGED{is_read_first:d}/damaged{is_read_first:d}.site-a"
    make_stream(damaged, subjects=[f"damaged{is_read_first:d}.>"])
    with client(site.url) as source, client(damaged) as copy:
        stored = [source.at(number) for number in range(1, 5)]
        for number, message in enumerate(stored):
            headers = {k: v for k, v in message.headers.items() if k.startswith("Oplog-")}
            if number != 1:
                copy.publish([(headers, message.payload)])
    reader = StreamReader(damaged)
    if is_read_first:
        assert lines_of(reader.take(1)) == [A]
    assert lines_of(reader.read()) == ([C, D] if is_read_first else [A, C, D])
    (gap,) = reader.notices
    assert (gap.kind, gap.missing_bytes) == ("gap", len(B))
    reader.close()


@pytest.mark.parametrize("is_read_again", [False, True])
def test_a_stream_that_lost_its_end_is_written_again_and_nothing_comes_twice(
    own_server, tmp_path, is_read_again
):
    """As brokers do that had not written to the disk what they acknowledged."""
    url = url_of(own_server)
    make_stream(url)
    site = Site(tmp_path / "site", url)
    reader = StreamReader(url)
    site.write_and_forward(A + B)
    own_server.kill()
    shutil.copytree(own_server.folder / "data", tmp_path / "before")
    own_server.start()
    own_server.wait_until_ready()
    site.write_and_forward(C)
    site.write_and_forward(D)
    assert lines_of(reader.read()) == [A, B, C, D]
    own_server.kill()
    shutil.rmtree(own_server.folder / "data")
    shutil.copytree(tmp_path / "before", own_server.folder / "data")
    own_server.start()
    own_server.wait_until_ready()
    reader.restart()
    if is_read_again:
        assert reader.read() == []
    site.write_and_forward(E)
    assert lines_of(reader.read()) == [E]
    assert reader.kinds() == ["truncated"]
    reader.restart()
    site.write_and_forward(F)
    assert lines_of(reader.read()) == [F]
    assert reader.kinds() == ["truncated"]
    reader.close()


def test_a_forwarder_says_that_its_subject_was_purged_and_sends_what_the_file_has(site, reader):
    site.write(A + B)
    with site.forwarding():
        assert lines_of(reader.read_until(2)) == [A, B]
        purge(site.url)
        site.write(C)
        assert lines_of(reader.read_until(3))[-1] == C
        eventually(lambda: "It goes on." in site.said, what="it is over")
    said = [one for one in site.said if "was purged" in one]
    assert len(said) == 1
    assert "oplog" in said[0]
    assert "is sent again" in said[0]


def test_one_that_was_away_when_it_was_purged_says_so_too(site):
    site.write(A)
    forwarder = site.forwarder()
    forwarder._forward(once=True)
    purge(site.url)
    forwarder.run(once=True)
    assert len([one for one in site.said if "was purged" in one]) == 1


def test_one_that_starts_later_says_that_nothing_is_there(site, reader):
    site.write(A)
    site.forwarder().run(once=True)
    assert lines_of(reader.read()) == [A]
    begun = [one for one in site.said if "has no message: it begins with the oldest file" in one]
    site.forwarder().run(once=True)
    assert len(begun) == 1
    assert len(site.said) == 1
    purge(site.url)
    site.write(B)
    site.forwarder().run(once=True)
    assert site.said == begun * 2
    assert lines_of(reader.read()) == [B]

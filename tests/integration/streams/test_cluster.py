"""Three brokers, and what happens to them while a site writes and an ingester reads."""

import contextlib
import random

import pytest

from tests.support.engine import eventually
from tests.support.lines import question
from tests.support.rotation import lines_of
from tests.support.sites import Site, StreamReader, client

LINES = [question(number) for number in range(600)]


@pytest.fixture(autouse=True)
def impatience(monkeypatch):
    """What is asked while brokers elect a leader is never answered: give up on it sooner."""
    monkeypatch.setattr("tui_ingest.streams.client.ANSWER_SECONDS", 1.0)


@pytest.fixture
def site(cluster, tmp_path):
    return Site(tmp_path / "site", cluster.url("oplog.site-a"))


@pytest.fixture
def reader(site):
    reader = StreamReader(site.url)
    yield reader
    reader.close()


def write_some(site, lines):
    """Write lines in a few pieces, so that there are several messages."""
    for at in range(0, len(lines), 20):
        site.write(b"".join(lines[at : at + 20]))


@contextlib.contextmanager
def forwarded_meanwhile(site, reader, lines, *, during=0):
    """What is written before, during (so many lines) and after trouble comes whole and once."""
    half = len(lines) // 2
    with site.forwarding():
        write_some(site, lines[:half])
        reader.read_until(half // 2)
        yield
        write_some(site, lines[half + during :])
        reader.read_until(len(lines))
    assert lines_of(reader.entries) == lines
    assert reader.notices == []


def test_the_leader_is_killed(cluster, site, reader):
    with forwarded_meanwhile(site, reader, LINES):
        leader = cluster.leader()
        leader.kill()


def test_all_are_killed(cluster, site, reader):
    with forwarded_meanwhile(site, reader, LINES, during=20):
        for server in cluster.servers:
            server.kill()
        write_some(site, LINES[300:320])
        eventually(lambda: any("Waiting" in one for one in site.said), what="the forwarder waits")
        cluster.start()
    assert "It goes on." in site.said


def test_no_majority(cluster, site, reader):
    """Nothing is acknowledged; what was sent may be there later all the same, and only once."""
    with forwarded_meanwhile(site, reader, LINES, during=40):
        frozen = cluster.servers[:2]
        for server in frozen:
            server.freeze()
        write_some(site, LINES[300:340])
        eventually(lambda: any("Waiting" in one for one in site.said), what="the forwarder waits")
        for server in frozen:
            server.thaw()


@pytest.mark.thorough
def test_a_zombie_with_its_own_client_while_leaders_change(cluster, site, reader):
    """Two forwarders, of which neither knows of the other, and a leader that dies every time."""
    chance = random.Random(5)
    lines = [question(number) for number in range(800)]
    with site.forwarding(), site.forwarding():
        for number in range(2):
            for at in range(number * 400, number * 400 + 400, 20):
                site.write(b"".join(lines[at : at + 20]))
                if chance.random() < 0.2:
                    site.rotate()
            leader = cluster.leader()
            leader.kill()
            reader.read_until(number * 400 + 200)
            leader.start()
            leader.wait_until_ready()
        reader.read_until(len(lines))
    assert lines_of(reader.entries) == lines
    assert set(reader.kinds()) <= {"rotated"}


def test_a_replica_that_lags_is_no_loss(cluster, site, reader):
    """Reads may come to a broker that was away: it has a beginning, and never a hole."""
    away = next(server for server in cluster.servers if server is not cluster.leader())
    away.kill()
    site.write_and_forward(b"".join(LINES[:300]))
    away.start()
    assert lines_of(reader.read_until(300)) == LINES[:300]
    site.write_and_forward(b"".join(LINES[300:]))
    assert lines_of(reader.read_until(600)) == LINES
    assert reader.notices == []


def test_two_replicas_are_refused(cluster, tmp_path):
    url = cluster.url("two.site", stream="TWO")
    with client(url) as broker:
        broker.api(
            "STREAM.CREATE.TWO",
            {
                "name": "TWO",
                "subjects": ["two.>"],
                "num_replicas": 2,
                "discard": "new",
                "deny_delete": True,
                "allow_direct": True,
                "allow_atomic": True,
            },
        )
    site = Site(tmp_path / "two", url)
    site.write(LINES[0])
    with pytest.raises(Exception, match="2 replicas"):
        site.forward()

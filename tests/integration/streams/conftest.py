"""Streams on real servers."""

import itertools

import pytest

from tests.support.brokers import Cluster, Server
from tests.support.sites import Site, StreamReader, make_stream

_numbers = itertools.count(1)


@pytest.fixture(scope="package")
def server(tmp_path_factory):
    """One server for all tests that leave it alive; each has a stream of its own there."""
    server = Server(tmp_path_factory.mktemp("broker"), "alone")
    server.start()
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.close()


@pytest.fixture
def url(server):
    """The address of a log in a new stream."""
    number = next(_numbers)
    url = f"nats://{server.host}/S{number}/oplog{number}.site-a"
    make_stream(url, subjects=[f"oplog{number}.>"])
    return url


@pytest.fixture
def site(tmp_path, url):
    return Site(tmp_path / "site", url)


@pytest.fixture
def open_reader(url):
    """Open readers of the stream; they are closed at the end."""
    opened = []

    def open_reader(at=url, **options):
        opened.append(StreamReader(at, **options))
        return opened[-1]

    yield open_reader
    for reader in opened:
        reader.close()


@pytest.fixture
def reader(open_reader):
    return open_reader()


@pytest.fixture
def cluster(tmp_path):
    """Three servers with a stream of three replicas."""
    with Cluster(tmp_path / "brokers") as cluster:
        make_stream(cluster.url("oplog.site-a"), replicas=3)
        yield cluster

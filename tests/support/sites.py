"""A site that writes a log, the stream that it is forwarded to, and a reader of it."""

import contextlib
import threading
import time

from tests.support.engine import DEADLINE_SECONDS, eventually
from tests.support.rotation import RotatedLog
from tui_ingest.oplog.files.reading import FileLog
from tui_ingest.oplog.log import LogUnavailableError
from tui_ingest.streams.addresses import Access, parse_address
from tui_ingest.streams.broker import Broker
from tui_ingest.streams.forwarding import Forwarder
from tui_ingest.streams.reading import StreamLog
from tui_ingest.streams.upkeep import create

NOBODY = Access()


@contextlib.contextmanager
def client(url):
    """A client of the brokers, as soon as one of them answers."""
    broker = persist(lambda: Broker(parse_address(url), NOBODY))
    try:
        yield broker
    finally:
        broker.close()


def persist(action):
    """Do what a broker may refuse for a moment; the result."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            return action()
        except LogUnavailableError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def make_stream(url, *, subjects=("oplog.>",), replicas=1, max_bytes=None):
    """Make the stream of an address; wait until it answers."""

    def make():
        with client(url) as broker:
            if broker.stream() is None:
                create(broker, list(subjects), replicas=replicas, max_bytes=max_bytes)
            broker.last()

    persist(make)


class Site(RotatedLog):
    """A log, and what forwards it."""

    def __init__(self, folder, url, **options):
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, **options)
        self.url = url
        self.said = []

    def forwarder(self):
        log = FileLog(self.path, poll_seconds=0.02)
        return Forwarder(log, parse_address(self.url), NOBODY, say=self.said.append)

    def forward(self):
        """Send everything that is there."""
        self.forwarder().run(once=True)

    @contextlib.contextmanager
    def forwarding(self):
        """Follow the log in a thread, as the command does in a process of its own."""
        forwarder, errors = self.forwarder(), []

        def run():
            try:
                forwarder.run()
            except Exception as error:
                errors.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield forwarder
        finally:
            forwarder.stop()
            thread.join(DEADLINE_SECONDS)
        assert not thread.is_alive(), "the forwarder does not stop"
        assert not errors

    def write_and_forward(self, content):
        self.write(content)
        self.forward()


class StreamReader:
    """Keeps what a session would: the entries, the notices, the position."""

    def __init__(self, url, **options):
        self.url = url
        self.options = options
        self.position = None
        self.batch = None
        self.entries = []
        self.notices = []
        self.log = self._open()

    def _open(self):
        log = StreamLog(self.url, access=NOBODY, poll_seconds=0.01, **self.options)
        log.resume(self.position)
        return log

    def take(self, most=1):
        """One batch that is there; its entries."""
        self.batch = self.log.read(max_records=most, max_bytes=1 << 24, final=True)
        if self.batch is None:
            return []
        self.position = self.batch.position
        self.entries += self.batch.entries
        self.notices += self.batch.notices
        return list(self.batch.entries)

    def read(self):
        """Everything that is there; the entries."""
        before = len(self.entries)
        while self.take() or self.batch is not None:
            pass
        return self.entries[before:]

    def read_until(self, count):
        """Read, however often that fails, until so many entries came; then all that is there."""

        def came():
            try:
                self.read()
            except LogUnavailableError:
                self.log.wait(0.1)
            return len(self.entries) >= count

        eventually(came, what=f"{count} entries; {len(self.entries)} came")
        return self.entries

    def restart(self, position=None):
        """As a new process does."""
        self.close()
        self.position = position or self.position
        self.log = self._open()

    def kinds(self):
        return [notice.kind.value for notice in self.notices]

    def close(self):
        self.log.close()

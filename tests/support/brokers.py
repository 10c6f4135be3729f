"""Real NATS servers: one, or a cluster of three, to be killed, stopped and started again."""

import contextlib
import json
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.support.patience import DEADLINE_SECONDS

SERVER = shutil.which("nats-server", path=str(Path(sys.executable).parent))

CONFIGURATION = """
server_name: {name}
listen: 127.0.0.1:{port}
http: 127.0.0.1:{monitor}
jetstream {{
  store_dir: "{folder}"
  sync_interval: {sync}
  max_file_store: {store}
}}
{cluster}
{more}
"""
CLUSTER = """
cluster {{
  name: test
  listen: 127.0.0.1:{port}
  routes: [{routes}]
}}
"""


class Server:
    """One server, whose data outlive it."""

    def __init__(self, folder, name, *, cluster="", more="", sync="always", store="4GB"):
        self.folder = Path(folder) / name
        self.port, self.monitor = free_port(), free_port()
        self.folder.mkdir(parents=True)
        self.name = name
        self._configuration = self.folder / "nats.conf"
        self._settings = {"cluster": cluster, "more": more, "sync": sync, "store": store}
        self._process = None
        self.configure()

    def configure(self, **settings):
        """Write its configuration, which is read when it starts."""
        self._settings |= settings
        self._configuration.write_text(
            CONFIGURATION.format(
                name=self.name,
                port=self.port,
                monitor=self.monitor,
                folder=self.folder / "data",
                **self._settings,
            )
        )

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    @property
    def monitor_url(self):
        return f"http://127.0.0.1:{self.monitor}"

    def start(self):
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [SERVER, "-c", self._configuration], stdout=log, stderr=log
            )

    def wait_until_ready(self):
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self.ask("/healthz")
                return
            except urllib.error.HTTPError as not_yet:
                not_yet.close()
            except OSError:
                pass  # it does not listen yet
            time.sleep(0.02)
        raise AssertionError((self.folder / "log").read_text()[-2000:])

    def ask(self, path):
        with urllib.request.urlopen(f"{self.monitor_url}{path}", timeout=5) as answer:
            return json.load(answer)

    def kill(self):
        """End it as a power failure would, but for what the kernel still has."""
        self._process.kill()
        self._process.wait(DEADLINE_SECONDS)

    def freeze(self):
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)

    def close(self):
        if self._process is not None and self._process.poll() is None:
            self.kill()


class Cluster:
    """Three servers. A context manager; every one is ready when it begins."""

    def __init__(self, folder, **options):
        ports = [free_port() for _ in range(3)]
        routes = ", ".join(f"nats-route://127.0.0.1:{port}" for port in ports)
        self.servers = [
            Server(
                folder, f"n{number}", cluster=CLUSTER.format(port=port, routes=routes), **options
            )
            for number, port in enumerate(ports, 1)
        ]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.close()

    def start(self):
        for server in self.servers:
            server.start()
        for server in self.servers:
            server.wait_until_ready()

    def url(self, subject, stream="OPLOG"):
        hosts = ",".join(server.host for server in self.servers)
        return f"nats://{hosts}/{stream}/{subject}"

    def leader(self, stream="OPLOG"):
        """The server that leads a stream."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            for server in self.servers:
                with contextlib.suppress(OSError):
                    name = _leader_of(server.ask("/jsz?streams=1"), stream)
                    if name:
                        return next(found for found in self.servers if found.name == name)
            time.sleep(0.05)
        raise AssertionError(f"no leader of {stream}")


def _leader_of(answer, stream):
    for account in answer.get("account_details", ()):
        for found in account.get("stream_detail", ()):
            if found["name"] == stream:
                return found.get("cluster", {}).get("leader", "")
    return ""


_given = set()  # ports that this process was given: who asked may not listen there yet


def free_port():
    """A port that nobody listens on, and that no outgoing connection is given meanwhile."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _given:
                _given.add(port)
                return port

"""What is refused, and how it is said: in one line, with the reason, without a password."""

import subprocess
import sys

import nkeys
import pytest

from tests.support.brokers import Server
from tests.support.lines import question
from tests.support.patience import DEADLINE_SECONDS
from tests.support.rotation import lines_of
from tests.support.sites import NOBODY, Site, StreamReader, client, make_stream
from tui_ingest.opening import open_log
from tui_ingest.oplog.files.reading import FileLog
from tui_ingest.oplog.log import LogError, LogUnavailableError
from tui_ingest.streams.addresses import Access, parse_address
from tui_ingest.streams.client import Client
from tui_ingest.streams.forwarding import Forwarder
from tui_ingest.streams.reading import StreamLog

A = question(1)
WITHOUT_NATS = """
import sys
sys.modules["nats"] = None
from {module} import main
sys.exit(main({arguments!r}))
"""


@pytest.fixture
def unfit_url(server, request):
    """A stream with settings that lose what was acknowledged, or serve nobody."""
    number = abs(hash(request.node.name)) % 10_000_000
    url = f"nats://{server.host}/U{number}/u{number}.site-a"
    settings = {"name": f"U{number}", "subjects": [f"u{number}.>"], "storage": "file"}
    with client(url) as broker:
        broker.api(f"STREAM.CREATE.U{number}", {**settings, **request.param})
    return url


@pytest.mark.parametrize(
    ("unfit_url", "said"),
    [
        ({"discard": "old", "allow_direct": True}, 'discard is "old"'),
        ({"storage": "memory"}, 'storage is "memory"'),
        ({"max_msgs": 5}, "max_msgs is 5"),
        ({"max_age": 10**12}, "max_age is"),
        ({}, "allow_direct is "),
        ({}, "deny_delete is "),
    ],
    indirect=["unfit_url"],
)
def test_a_stream_that_may_lose_something(unfit_url, said, tmp_path):
    reader = StreamReader(unfit_url)
    with pytest.raises(LogError, match=said):
        reader.read()
    site = Site(tmp_path / "site", unfit_url)
    site.write(A)
    with pytest.raises(LogError, match=said):
        site.forward()


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("tui_ingest.cli", ["nats://127.0.0.1:4/S/a.b", "--headless", "--once"]),
        ("tui_ingest.streams.cli", ["check", "nats://127.0.0.1:4/S/a.b"]),
    ],
)
def test_without_nats_py_it_is_said_what_to_install(tmp_path, module, arguments):
    script = WITHOUT_NATS.format(module=module, arguments=arguments)
    finished = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        cwd=tmp_path,
        env={"TUI_INGEST_DEMO_DB": str(tmp_path / "demo.sqlite3")},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    assert finished.returncode == 1
    assert "pip install 'tui-ingest[nats]'" in finished.stderr + finished.stdout
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize("command", ["tui_ingest", "tui_ingest.streams.cli"])
def test_a_password_in_the_address_is_refused_and_not_repeated(tmp_path, command):
    action = [] if command == "tui_ingest" else ["check"]
    finished = subprocess.run(
        [sys.executable, "-m", command, *action, "nats://me:s3cret@host/S/a.b"],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    said = finished.stdout + finished.stderr
    assert finished.returncode
    assert "NATS_CREDS" in said
    assert "s3cret" not in said


def test_no_broker_answers(open_reader):
    reader = open_reader("nats://127.0.0.1:4/S/a.b")
    with pytest.raises(LogUnavailableError, match=r"127\.0\.0\.1:4: .*refused"):
        reader.take()
    assert not reader.log.backlog().readable


@pytest.mark.parametrize(
    "address",
    ["nats://host", "nats://host/S", "nats://host/S/a.*", "nats://host/S/a/b", "nats://host/S/.a"],
)
def test_what_is_no_address(address):
    with pytest.raises(LogError, match="nats://host:4222"):
        open_log(address)


def test_brokers_may_be_named_elsewhere(site, open_reader, server):
    site.write_and_forward(A)
    address = site.url.replace(server.host, "")
    log = StreamLog(address, access=Access.of({"SERVERS": f"nats://{server.host}"}))
    log.resume(None)
    assert lines_of(log.read(max_records=9, max_bytes=999).entries) == [A]
    log.close()
    with pytest.raises(LogError, match="NATS_URL"):
        Client(log._address, NOBODY)


class Guarded:
    """A server with two users, each known by a key."""

    def __init__(self, folder):
        self.keys = {name: folder / f"{name}.nk" for name in ("admin", "guest", "nobody")}
        public = {}
        for number, (name, path) in enumerate(self.keys.items()):
            seed = nkeys.encode_seed(bytes([number] * 32), nkeys.PREFIX_BYTE_USER)
            path.write_bytes(seed)
            public[name] = nkeys.from_seed(seed).public_key.decode()
        users = f"""
        authorization {{ users: [
          {{ nkey: {public["admin"]} }}
          {{ nkey: {public["guest"]}, permissions: {{
             publish: ["$JS.API.STREAM.INFO.OPLOG"], subscribe: ["_INBOX.>"] }} }}
        ] }}
        """
        self.server = Server(folder, "guarded", more=users)

    def access(self, name):
        return Access.of({"CREDENTIALS": str(self.keys[name])})


@pytest.fixture
def guarded(tmp_path, monkeypatch):
    guarded = Guarded(tmp_path)
    guarded.server.start()
    guarded.server.wait_until_ready()
    monkeypatch.setattr("tests.support.sites.NOBODY", guarded.access("admin"))
    guarded.url = f"nats://{guarded.server.host}/OPLOG/oplog.site-a"
    make_stream(guarded.url)
    yield guarded
    guarded.server.close()


def test_who_has_the_key_is_let_in(guarded, tmp_path):
    Site(tmp_path / "site", guarded.url).write_and_forward(A)
    reader = StreamReader(guarded.url)
    assert lines_of(reader.read()) == [A]
    reader.close()


def test_who_is_unknown_hears_why(guarded):
    log = StreamLog(guarded.url, access=guarded.access("nobody"))
    log.resume(None)
    with pytest.raises(LogUnavailableError, match="Authorization Violation"):
        log.read(max_records=1, max_bytes=1)


def test_what_a_user_may_not_do_is_the_reason_and_not_a_timeout(guarded, tmp_path):
    Site(tmp_path / "site", guarded.url).write_and_forward(A)
    log = StreamLog(guarded.url, access=guarded.access("guest"))
    log.resume(None)
    with pytest.raises(LogUnavailableError, match=r"permissions violation .*direct\.get"):
        log.read(max_records=1, max_bytes=1)
    log.close()


def test_what_a_forwarder_may_not_do_is_said(guarded, tmp_path):
    path, said = tmp_path / "oplog.log", []
    path.write_bytes(A)

    def hear(text):
        said.append(text)
        forwarder.stop()

    guest = guarded.access("guest")
    forwarder = Forwarder(FileLog(path), parse_address(guarded.url), guest, say=hear)
    forwarder.run()
    assert "permissions violation" in said[0]


TLS = """
tls {{
  cert_file: "{folder}/cert.pem"
  key_file: "{folder}/key.pem"
}}
"""


@pytest.fixture
def tls_server(tmp_path):
    """A server that speaks nothing but TLS, with a certificate that nobody else has signed."""
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem"
    subject = ["-subj", "/CN=broker", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = [*command.split(), *subject]
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True, timeout=DEADLINE_SECONDS)
    server = Server(tmp_path, "tls", more=TLS.format(folder=tmp_path))
    server.start()
    server.wait_until_ready()
    yield server
    server.close()


def test_an_encrypted_connection(tls_server, tmp_path, monkeypatch):
    url = f"tls://{tls_server.host}/OPLOG/oplog.site-a"
    trusting = Access.of({"CA": str(tmp_path / "cert.pem")})
    monkeypatch.setattr("tests.support.sites.NOBODY", trusting)
    make_stream(url)
    Site(tmp_path / "site", url).write_and_forward(A)
    reader = StreamReader(url)
    assert lines_of(reader.read()) == [A]
    reader.close()
    log = StreamLog(url, access=Access())
    log.resume(None)
    with pytest.raises(LogUnavailableError, match="certificate"):
        log.read(max_records=1, max_bytes=1)
    log = StreamLog(url, access=Access.of({"CA": str(tmp_path / "nothing.pem")}))
    log.resume(None)
    with pytest.raises(LogError, match=r"nothing\.pem cannot be used"):
        log.read(max_records=1, max_bytes=1)

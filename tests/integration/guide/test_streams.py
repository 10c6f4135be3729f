"""What the guide writes of three sites, three brokers and two ingesters works as it is written."""

import contextlib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import nkeys
import pytest

import tui_ingest
from tests.support.brokers import SERVER, free_port
from tests.support.databases import Databases
from tests.support.engine import DEADLINE_SECONDS, eventually
from tests.support.lines import questions
from tests.support.site import SETTINGS, Site, clean

PAGE = Path(tui_ingest.__file__).parent / "guide" / "streams.md"
BROKERS = ("b1", "b2", "b3")
SITES = ("site-a", "site-b", "site-c")
USERS = ("ADMIN", "SITE-A", "SITE-B", "SITE-C", "CENTRE", "TRIM")
EACH = 500  # records of a site

STATE = """
import json
from tui_ingest.demo.polls.models import Question
from tui_ingest.models import ProcessedFile
print(json.dumps([Question.objects.count(),
                  dict(ProcessedFile.objects.values_list("file_path", "owner_pid"))]))
"""


def block(first):
    """The indented lines after one of the page's, without their indentation."""
    text = PAGE.read_text(encoding="utf-8")
    start = text.index(f"    {first}\n")
    lines = []
    for line in text[start:].splitlines():
        if line and not line.startswith("    "):
            break
        lines.append(line[4:])
    return "\n".join(lines)


class Installation:
    """All machines of the page, on this one: other ports and folders, and nothing else changed."""

    def __init__(self, folder, project):
        self.folder = folder
        self.project = project
        self._ports = {
            f"{broker}:{port}": free_port() for broker in BROKERS for port in (4222, 6222, 8222)
        }
        self._running = []
        self._public = {}
        for number, user in enumerate(USERS):
            seed = nkeys.encode_seed(bytes([number + 1] * 32), nkeys.PREFIX_BYTE_USER)
            self.key(user).write_bytes(seed)
            self._public[user] = nkeys.from_seed(seed).public_key.decode()

    def key(self, user):
        return self.folder / f"{user}.nk"

    def here(self, text, *, machine=""):
        """What a file or a command says, with the places of this machine."""
        for user, public in self._public.items():
            text = text.replace(f"nkey: U-{user} ", f"nkey: {public} ")
            text = text.replace(f"nkey: U-{user},", f"nkey: {public},")
        for name, port in self._ports.items():
            text = text.replace(name, f"127.0.0.1:{port}")
        for port in (4222, 6222, 8222):
            own = self._ports.get(f"{machine}:{port}")
            text = text.replace(f"0.0.0.0:{port}", f"127.0.0.1:{own}")
        return text.replace("/var/lib/nats", str(self.folder / machine))

    def start_broker(self, name):
        folder = self.folder / name
        folder.mkdir()
        text = block("# nats.conf").replace("server_name: b1", f"server_name: {name}")
        (folder / "nats.conf").write_text(self.here(text, machine=name))
        (folder / "users.conf").write_text(self.here(block("# users.conf")))
        self._start([SERVER, "-c", folder / "nats.conf"], {})

    def environment(self, user):
        lines = self.here(block("# nats.env")).splitlines()[1:]
        found = dict(line.split("=", 1) for line in lines)
        assert found["NATS_CREDS"] == "/etc/tui-ingest/user.nk"
        return clean() | found | {"NATS_CREDS": str(self.key(user))}

    def command(self, text):
        """A command of the page, as the programs of this test run."""
        words = shlex.split(text)
        programs = {
            "tui-ingest-stream": [sys.executable, "-m", "tui_ingest.streams.cli"],
            "python": [sys.executable],
        }
        return [*programs[Path(words[0]).name], *words[1:]]

    def run(self, text, user):
        return subprocess.run(
            self.command(text),
            env=self.environment(user),
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=False,
        )

    def start_service(self, unit, user, *, instance="", replace=()):
        text = block(f"# {unit}").replace("\\\n", " ").replace("%i", instance)
        for old, new in replace:
            assert old in text
            text = text.replace(old, new)
        [command] = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
        return self._start(self.command(command), self.environment(user))

    def _start(self, command, environment):
        with (self.folder / f"{len(self._running)}.txt").open("wb") as output:
            process = subprocess.Popen(
                [*map(str, command)],
                env=environment or None,
                cwd=self.project.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._running.append(process)
        return process

    def close(self):
        for process in self._running:
            process.kill()
            process.wait(DEADLINE_SECONDS)


@pytest.fixture
def project(tmp_path, request):
    settings = SETTINGS + Databases("postgresql", request).new()
    made = Site(tmp_path / "centre", settings + block('TUI_INGEST = {"MODELS": ["polls"]}'))
    made.migrate()
    return made


def test_three_sites_three_brokers_two_ingesters(project, tmp_path):
    with contextlib.closing(Installation(tmp_path, project)) as all_machines:
        for name in BROKERS:
            all_machines.start_broker(name)
        create = block("tui-ingest-stream create nats:///OPLOG/oplog.site-a")
        eventually(lambda: all_machines.run(create, "ADMIN").returncode == 0, what="the stream")
        check = create.replace("create", "check")
        checked = all_machines.run(check, "ADMIN")
        assert (checked.returncode, checked.stdout) == (0, "nothing is wrong\n")
        assert "not verified" not in checked.stderr
        for number, site in enumerate(SITES):
            log = tmp_path / f"{site}.log"
            log.write_bytes(questions(range(1 + number * EACH, 1 + (number + 1) * EACH)))
            places = [("/var/log/site/oplog.log", str(log)), ("oplog.site-a", f"oplog.{site}")]
            all_machines.start_service("oplog-forward.service", site.upper(), replace=places)
        machines = [
            [all_machines.start_service("ingest@.service", "CENTRE", instance=s) for s in SITES]
            for _ in range(2)
        ]

        def state():
            rows, owners = json.loads(project.shell(STATE))
            return rows, set(owners.values()) - {None}

        eventually(lambda: state()[0] == 3 * EACH, what="all sites' rows")
        for process in machines[0]:
            process.kill()
        others = {process.pid for process in machines[1]}
        eventually(lambda: state()[1] == others, what="the other machine has all sites")
        for number, site in enumerate(SITES):
            with (tmp_path / f"{site}.log").open("ab") as log:
                log.write(questions([10_000 + number]))
        eventually(lambda: state()[0] == 3 * EACH + 3, what="work goes on")

        other_site = all_machines.run(
            f"tui-ingest-stream forward --once {tmp_path / 'site-a.log'} nats:///OPLOG/oplog.new",
            "ADMIN",
        )
        assert other_site.returncode == 0, other_site.stderr
        status = project.manage("ingest_status", "--json").stdout
        (tmp_path / "status.json").write_text(status)
        trim = f"tui-ingest-stream trim --reserve 0 --status {tmp_path / 'status.json'}"
        url = "nats:///OPLOG/oplog.site-a"
        refused = all_machines.run(f"{trim} {url}", "SITE-A")
        assert "permissions violation" in refused.stderr.lower()
        trimmed = all_machines.run(f"{trim} {url}", "TRIM")
        assert "messages removed" in trimmed.stdout, trimmed.stderr

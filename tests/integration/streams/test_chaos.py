"""Everything is killed at random, and the target holds the union of what the sites wrote."""

import contextlib
import json
import os
import random
import subprocess
import sys
from functools import partial
from pathlib import Path

import psycopg
import pytest

from tests.support.databases import Databases
from tests.support.engine import DEADLINE_SECONDS, eventually
from tests.support.lines import question
from tests.support.site import SETTINGS, clean
from tests.support.site import Site as Project
from tests.support.sites import Site

FORWARD = Path(sys.executable).with_name("tui-ingest-stream")
LINES_A_ROUND = 150  # of each site
ROWS = 60  # of each site, each changed many times

STATE = """
import json
from tui_ingest.demo.polls.models import Question
from tui_ingest.models import DeadLetter, LogEvent, ModelTotal
totals = {}
for one in ModelTotal.objects.select_related("file"):
    totals[one.file.file_path] = one.saved + one.deleted + one.missing
print(json.dumps({
    "rows": dict(Question.objects.values_list("pk", "question_text")),
    "totals": totals,
    "letters": DeadLetter.objects.count(),
    "events": sorted(set(LogEvent.objects.values_list("kind", flat=True))),
}))
"""


class Life:
    """What a site writes, and the rows that it has in the end."""

    def __init__(self, site, first, chance):
        self.site = site
        self.rows = {}
        self.written = 0
        self._first = first
        self._chance = chance

    def go_on(self):
        lines = []
        for _ in range(LINES_A_ROUND):
            number = self._first + self._chance.randrange(ROWS)
            self.written += 1
            if number in self.rows and self._chance.random() < 0.2:
                del self.rows[number]
                lines.append(question(number, operation="DELETE"))
            else:
                self.rows[number] = f"version {self.written}"
                lines.append(question(number, self.rows[number]))
        for at in range(0, len(lines), 10):
            self.site.write(b"".join(lines[at : at + 10]))
        if self._chance.random() < 0.5:
            self.site.rotate()


class Processes:
    """Services that somebody starts again as soon as they have ended."""

    def __init__(self, folder):
        self._folder = folder
        self._commands = {}
        self._running = {}

    def start(self, name, *command, **options):
        self._commands[name] = command, options
        with (self._folder / f"{name}.txt").open("ab") as output:
            self._running[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options
            )

    def names(self):
        return sorted(self._running)

    def kill(self, name):
        self._running[name].kill()
        self._running[name].wait(DEADLINE_SECONDS)

    def start_again(self, name):
        command, options = self._commands[name]
        self.start(name, *command, **options)

    def close(self):
        for name in self._running:
            self.kill(name)

    def said(self):
        return {name: (self._folder / f"{name}.txt").read_text()[-1500:] for name in self.names()}


class Target:
    """A project on PostgreSQL, and what its database says."""

    def __init__(self, folder, database):
        self.project = Project(folder, SETTINGS + database.settings)
        self.project.migrate()
        self._uri = database.uri

    def records(self):
        """How many records were applied, of all logs."""
        with psycopg.connect(self._uri) as connection:
            [[number]] = connection.execute(
                "SELECT coalesce(sum(saved + deleted + missing), 0) FROM tui_ingest_modeltotal"
            )
        return number

    def state(self):
        return json.loads(self.project.shell(STATE))


@pytest.fixture
def target(tmp_path, request):
    return Target(tmp_path / "target", Databases("postgresql", request).named())


def start_services(processes, lives, target):
    """Of each site two forwarders, one a zombie to the other, and two ingesters."""
    for life in lives:
        name = life.site.path.parent.name
        forward = [FORWARD, "forward", "--poll", "0.05", life.site.path, life.site.url]
        ingest = [sys.executable, "manage.py", "ingest_objects", life.site.url]
        for copy in (1, 2):
            processes.start(f"forward {name} {copy}", *map(str, forward), env=dict(os.environ))
            folder = target.project.folder
            processes.start(f"ingest {name} {copy}", *ingest, cwd=folder, env=clean())


def kill_some(processes, cluster, chance):
    """Kill two of the services and brokers; return what starts them again."""
    victims = chance.sample([*processes.names(), *cluster.servers], 2)
    for victim in victims:
        if isinstance(victim, str):
            processes.kill(victim)
        else:
            victim.kill()
    return [
        partial(processes.start_again, victim) if isinstance(victim, str) else victim.start
        for victim in victims
    ]


def write_and_see_work(lives, target):
    """Write more, and return in the middle of the work on it."""
    before = target.records()
    for life in lives:
        life.go_on()
    eventually(lambda: target.records() > before, what="work")


@pytest.mark.parametrize(
    "rounds", [pytest.param(3, id="short"), pytest.param(25, id="long", marks=pytest.mark.thorough)]
)
def test_the_target_is_the_union_of_the_sites(cluster, target, tmp_path, rounds):
    chance = random.Random(rounds)
    lives = [
        Life(Site(tmp_path / name, cluster.url(f"oplog.{name}")), first, chance)
        for name, first in (("site-a", 1), ("site-b", 1 + ROWS))
    ]
    processes = Processes(tmp_path)
    with contextlib.closing(processes):
        start_services(processes, lives, target)
        for _ in range(rounds):
            write_and_see_work(lives, target)
            start_again = kill_some(processes, cluster, chance)
            for life in lives:
                life.go_on()
            for start in start_again:
                start()
        written = sum(life.written for life in lives)
        try:
            eventually(lambda: target.records() >= written, what="every record is applied")
        except AssertionError as error:
            raise AssertionError(f"{target.state()} {processes.said()}") from error
    state = target.state()
    rows = lives[0].rows | lives[1].rows
    assert state["rows"] == {str(number): text for number, text in rows.items()}
    assert state["totals"] == {life.site.url: life.written for life in lives}
    assert state["letters"] == 0
    assert "gap" not in state["events"]

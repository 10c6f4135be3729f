"""Writers, relay and ingester are killed at random: in the end both ends have the same rows.

All the while the rows are summed up and compared, and nothing ever says that they differ.
"""

import contextlib
import random
import shutil
from pathlib import Path

import pytest

from tests.support import storm
from tests.support.engine import eventually
from tests.support.nursery import Nursery
from tests.support.recorded import parsed
from tests.support.relays import RelayLog
from tests.support.shop import SOURCE_SETTINGS, TARGET_SETTINGS, ShopSite

WRITERS = 4
GROWTH_BYTES = 20_000  # of the log, between two kills
ROTATED = "TUI_INGEST_RECORDER |= {'MAX_BYTES': 100_000, 'BACKUPS': 10_000}\n"
TOTALS = """
from tui_ingest.models import DeadLetter, ModelTotal
outcomes = ("saved", "deleted", "missing", "failed", "skipped")
counted = sum(getattr(total, name) for total in ModelTotal.objects.all() for name in outcomes)
print(counted, DeadLetter.objects.filter(status=DeadLetter.Status.OPEN).count())
"""


@pytest.mark.parametrize("kills", [4, pytest.param(100, marks=pytest.mark.thorough)])
def test_nothing_is_lost_whoever_is_killed_when(tmp_path, databases, kills):
    source = ShopSite(tmp_path / "source", SOURCE_SETTINGS + ROTATED + databases.new())
    target = ShopSite(tmp_path / "target", TARGET_SETTINGS + databases.new())
    shutil.copy(storm.__file__, source.folder / "storm.py")
    source.shell("from storm import prepare; prepare()")
    rage(source, target, random.Random(kills), kills)

    assert source.manage("record_changes", "--verify").returncode == 0
    log = RelayLog(source, "oplog", MAX_BYTES=100_000, BACKUPS=10_000)
    log.drain()
    applied = target.manage("ingest_objects", log.path, "--once")
    assert applied.returncode in (0, 3), applied.stderr  # 3: there were dead letters
    found = target.tables()
    for table, rows in source.tables().items():
        assert found[table] == rows, table
    assert verdicts(target) == {"equal"}
    counted, open_letters = map(int, target.shell(TOTALS).split())
    assert open_letters == 0
    named = [
        {found["model"] for found in objects}
        for operation, objects in parsed(log.lines())
        if operation != "DIGEST"
    ]
    assert counted == sum(map(len, named)), "each record once, under each model that it names"
    hot = [row for row in found["shop_product"] if "'hot " in row]
    assert len(hot) == storm.HOT


VERDICTS = """
from tui_ingest.models import LogEvent, ModelVerification
told = LogEvent.objects.filter(kind__in=["differs", "not_comparable"])
states = ModelVerification.objects.values_list("state", flat=True)
print(*[f"{event.kind}: {event.message}" for event in told], *set(states), sep="\\n")
"""


def verdicts(target):
    """How the rows of all models were judged last, and what was ever held against any."""
    return set(target.shell(VERDICTS).splitlines())


def rage(source, target, rng, kills):
    """Have everybody at work, and kill somebody each time that the log has grown."""
    roles = [("storm", number) for number in range(WRITERS)]
    roles += [("record_changes",), ("ingest_objects", source.log)]
    with Nursery(source) as at_source, Nursery(target) as at_target:
        nurseries = {
            role: at_target if role[0] == "ingest_objects" else at_source for role in roles
        }
        running = {role: nurseries[role].start(*role) for role in roles}
        for _ in range(kills):
            at_source.start("record_changes", "--verify")
            grown = written(source) + GROWTH_BYTES
            eventually(lambda size=grown: written(source) >= size, what="the log grows")
            for role in rng.sample(roles, rng.choice([1, 1, 2, len(roles)])):
                nurseries[role].kill(running[role])
                running[role] = nurseries[role].start(*role)
        at_source.start("record_changes", "--verify")
        before = digests(source)
        eventually(lambda: digests(source) > before, what="rows are summed up meanwhile")


def digests(source):
    """How often rows were summed up."""
    return sum(text.count(b" DIGEST ") for text in _of_files(source, Path.read_bytes))


def written(source):
    """Bytes in the log, all of its files together."""
    return sum(_of_files(source, lambda path: path.stat().st_size))


def _of_files(source, ask):
    for path in source.folder.glob("oplog.log*"):
        with contextlib.suppress(FileNotFoundError):  # renamed meanwhile
            yield ask(path)

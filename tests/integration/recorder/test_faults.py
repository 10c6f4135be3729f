"""Writers, relay and ingester are killed at random: in the end both ends have the same rows."""

import random
import shutil

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


@pytest.mark.parametrize("kills", [pytest.param(12), pytest.param(100, marks=pytest.mark.thorough)])
def test_nothing_is_lost_whoever_is_killed_when(tmp_path, databases, kills):
    source = ShopSite(tmp_path / "source", SOURCE_SETTINGS + ROTATED + databases.new())
    target = ShopSite(tmp_path / "target", TARGET_SETTINGS + databases.new())
    shutil.copy(storm.__file__, source.folder / "storm.py")
    source.shell("from storm import prepare; prepare()")
    rage(source, target, random.Random(kills), kills)

    log = RelayLog(source, "oplog", MAX_BYTES=100_000, BACKUPS=10_000)
    log.drain()
    applied = target.manage("ingest_objects", log.path, "--once")
    assert applied.returncode in (0, 3), applied.stderr  # 3: there were dead letters
    found = target.tables()
    for table, rows in source.tables().items():
        assert found[table] == rows, table
    counted, open_letters = map(int, target.shell(TOTALS).split())
    assert open_letters == 0
    named = [{found["model"] for found in objects} for _, objects in parsed(log.lines())]
    assert counted == sum(map(len, named)), "each record once, under each model that it names"
    hot = [row for row in found["shop_product"] if "'hot " in row]
    assert len(hot) == storm.HOT


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
            grown = written(source) + GROWTH_BYTES
            eventually(lambda size=grown: written(source) >= size, what="the log grows")
            for role in rng.sample(roles, rng.choice([1, 1, 2, len(roles)])):
                nurseries[role].kill(running[role])
                running[role] = nurseries[role].start(*role)


def written(source):
    """Bytes in the log, all of its files together."""
    sizes = 0
    for path in source.folder.glob("oplog.log*"):
        try:
            sizes += path.stat().st_size
        except FileNotFoundError:  # renamed meanwhile
            continue
    return sizes

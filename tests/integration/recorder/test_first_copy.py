"""A new target gets a first copy under live writes and kills; a row that differs is repaired."""

import shutil

import pytest

from tests.support import storm
from tests.support.engine import eventually
from tests.support.nursery import Nursery
from tests.support.relays import RelayLog
from tests.support.shop import SOURCE_SETTINGS, TARGET_SETTINGS, ShopSite

OLD_ROWS = """
from tui_ingest.recorder import suspended
from storm import prepare
with suspended():
    prepare()
    for start in range(0, {rows}, 10_000):
        some = range(start + 1, min(start + 10_000, {rows}) + 1)
        Keyword.objects.bulk_create(Keyword(pk=n, shelf=f"old {{n}}") for n in some)
    shop = Shop.objects.create(name="old")
    tag = Tag.objects.create(name="old")
    shop.tags.add(tag)
"""


@pytest.mark.parametrize("rows", [12_000, pytest.param(200_000, marks=pytest.mark.thorough)])
def test_a_first_copy_under_live_writes_survives_kills_and_a_row_is_repaired(
    tmp_path, databases, rows
):
    whole = "TUI_INGEST_RECORDER['MAX_BYTES'] = 0\n"
    source = ShopSite(tmp_path / "source", SOURCE_SETTINGS + whole + databases.new())
    target = ShopSite(tmp_path / "target", TARGET_SETTINGS + databases.new())
    shutil.copy(storm.__file__, source.folder / "storm.py")
    assert source.do(OLD_ROWS.format(rows=rows)) == []
    with Nursery(source) as at_source, Nursery(target) as at_target:
        for number in range(2):
            at_source.start("storm", number)
        relay = at_source.start("record_changes")
        ingester = at_target.start("ingest_objects", source.log)
        eventually(lambda: size(source) > 10_000, what="live changes are written")
        for _ in range(20):  # on a busy machine it may be done before it is killed
            before = size(source)
            assert source.manage("record_changes", "--resend", "--all").returncode == 0
            eventually(
                lambda before=before: b'"old ' in source.log.read_bytes()[before:],
                what="old rows are written",
            )
            at_source.kill(relay)
            is_begun = "waiting" in source.manage("record_changes", "--status").stdout
            relay = at_source.start("record_changes")
            if is_begun:
                break
        assert is_begun
        at_target.kill(ingester)
        at_target.start("ingest_objects", source.log)
        last = f'"old {rows}"'.encode()
        eventually(lambda: last in source.log.read_bytes(), what="the last old row is written")

    log = RelayLog(source, "oplog", MAX_BYTES=0)
    assert_equal_after(log, source, target)
    states = {one["state"] for one in log.status()["resends"]}
    assert states == {"done"}

    keyword = "SELECT id FROM shop_keyword WHERE shelf = 'tampered with'"
    last = target.shell(f"{KEYS}print(*keys('SELECT max(id) FROM shop_keyword'))").strip()
    target.execute(f"UPDATE shop_keyword SET shelf = 'tampered with' WHERE id = {last}")
    assert target.shell(f"{KEYS}print(keys({keyword!r}))").split() == [f"[{last}]"]
    repaired = source.manage("record_changes", "--resend", "shop.keyword", "--where", f"id={last}")
    assert repaired.returncode == 0
    assert_equal_after(log, source, target)


KEYS = """
from django.db import connection
def keys(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [row[0] for row in cursor.fetchall()]
"""


def size(source):
    return source.log.stat().st_size if source.log.exists() else 0


def assert_equal_after(log, source, target):
    log.drain()
    applied = target.manage("ingest_objects", log.path, "--once")
    assert applied.returncode in (0, 3), applied.stderr  # 3: rows came before those they refer to
    found = target.tables()
    for table, rows in source.tables().items():
        assert found[table] == rows, table

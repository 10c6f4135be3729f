"""Both ends: what a source says of its rows, and what its target makes of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.recorder.test_replay import CHANGES, LIFE, ODD_LIFE, ingest
from tests.support.databases import Databases
from tests.support.oddities import SETTINGS as ODD_SETTINGS
from tests.support.oddities import TARGET_SETTINGS as ODD_TARGET_SETTINGS
from tests.support.oddities import OddSite
from tests.support.patience import DEADLINE_SECONDS
from tests.support.recorded import parsed
from tests.support.shop import SOURCE_SETTINGS, TARGET_SETTINGS, ShopSite
from tests.support.site import clean
from tui_ingest.recorder.relaying.relay import MOST_ENTRIES

LONG = 200_000  # rows
MOST_MEGABYTES = 128  # of a process, whatever it has to read
PAIRS = [("sqlite", "sqlite"), ("postgresql", "postgresql"), ("sqlite", "postgresql")]
MARIADB_PAIRS = [
    pytest.param(pair, marks=pytest.mark.mariadb)
    for pair in (("mariadb", "mariadb"), ("mariadb", "postgresql"), ("sqlite", "mariadb"))
]


@pytest.fixture(params=[*PAIRS, *MARIADB_PAIRS], ids=" to ".join)
def kinds(request):
    """Makers of databases for the source and for the target."""
    return [Databases(kind, request) for kind in request.param]


@pytest.fixture
def shops(tmp_path, kinds):
    at_source, at_target = kinds
    source = ShopSite(tmp_path / "source", SOURCE_SETTINGS + at_source.new())
    return source, ShopSite(tmp_path / "target", TARGET_SETTINGS + at_target.new())


VERIFY = """
from django.core.management import call_command
record()
call_command("record_changes", "--verify")
"""


def verified(target, source):
    """The verdicts about all models, once the target has read what there is."""
    ingest(target, source.log)
    status = target.manage("ingest_status", source.log, "--json")
    return json.loads(status.stdout)["verified"]


def typed(site, command):
    """What a command prints that an operator pastes into a shell of a project, and its status."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        shell=True,
        cwd=site.folder,
        env=clean() | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout, done.returncode


ALL_PERMISSIONS = """
from django.contrib.auth.models import Permission
Sticker.objects.create(row="all").needs.set(Permission.objects.all())
"""


@pytest.mark.parametrize("kinds", [PAIRS[-1]], indirect=True, ids=" to ".join)
def test_who_has_all_permissions_has_them_there_but_for_those_on_our_tables(shops):
    source, target = shops
    lines = source.do(ALL_PERMISSIONS + VERIFY)
    [[sticker]] = [o for _, o in parsed(lines) if o[0]["model"] == "shop.sticker" and o[0]["pk"]]
    there = {app for _, app, _ in sticker["fields"]["needs"]}
    assert there == {"auth", "contenttypes", "shop"}
    assert verified(target, source)["shop.sticker"]["state"] == "equal"


def told(target, *arguments):
    """What `ingest_verify` says: its lines, and the commands that it gives."""
    said, status = typed(target, f"python manage.py ingest_verify {' '.join(arguments)}")
    lines = said.splitlines()
    return said, status, [line.strip() for line in lines if line.startswith("    ")]


def test_rows_are_equal_after_every_kind_of_write(shops):
    source, target = shops
    source.do(LIFE.format(seed=5, changes=CHANGES // 2) + VERIFY)
    verdicts = verified(target, source)
    assert {verdict["state"] for verdict in verdicts.values()} == {"equal"}, verdicts
    assert len(verdicts) == 8
    assert all(verdict["rows"] for verdict in verdicts.values())


@pytest.mark.parametrize("kinds", [*PAIRS[2:], MARIADB_PAIRS[0]], ids=" to ".join, indirect=True)
def test_rows_of_odd_tables_are_equal(tmp_path, kinds):
    at_source, at_target = kinds
    source = OddSite(tmp_path / "source", ODD_SETTINGS, at_source)
    target = OddSite(tmp_path / "target", ODD_TARGET_SETTINGS, at_target)
    source.do(ODD_LIFE + VERIFY)
    verdicts = verified(target, source)
    assert {verdict["state"] for verdict in verdicts.values()} == {"equal"}, verdicts
    assert sum(verdict["rows"] for verdict in verdicts.values()) > 200


@pytest.mark.parametrize(
    "kinds",
    [pytest.param(PAIRS[0], marks=pytest.mark.thorough), *PAIRS[1:], *MARIADB_PAIRS[:2]],
    ids=" to ".join,
    indirect=True,
)
def test_rows_that_were_tampered_with_are_found_named_repaired_and_proved(shops):
    source, target = shops
    source.do(f"""
Tag.objects.bulk_create([Tag(pk=n, name=f"tag {{n}}") for n in range(1, 61)])
{VERIFY}
""")
    assert verified(target, source)["shop.tag"]["state"] == "equal"
    target.shell("""
from shop.models import Tag
Tag.objects.filter(pk=3).update(name="tampered")
Tag.objects.filter(pk=5).delete()
Tag.objects.create(pk=99, name="surplus")
""")

    source.do(VERIFY)
    ingest(target, source.log)
    said, status, commands = told(target)
    assert (status, len(commands)) == (1, 1)
    assert "shop.tag: differs. 60 rows on both sides, of which some differ." in said

    typed(source, commands[0])  # has the rows named
    source.do("")
    ingest(target, source.log)
    said, status, commands = told(target, "shop.tag")
    assert status == 1
    assert "only at the source: 5\n" in said
    assert "different: 3\n" in said
    assert "only here: 99\n" in said

    for command in commands:  # resends what is to be repaired, then has it proved
        typed(source, command)
    source.do("")
    assert verified(target, source)["shop.tag"]["rows"] == 61
    said, status, _ = told(target)
    assert "shop.tag: differs. 61 rows here, 60 at the source." in said

    target.shell("from shop.models import Tag; Tag.objects.filter(pk=99).delete()")
    source.do(VERIFY)
    assert verified(target, source)["shop.tag"]["state"] == "equal"
    said, status, commands = told(target, "shop.tag")
    assert (said, status, commands) == ("shop.tag: equal. 60 rows.\n", 0, [])
    assert source.tables()["shop_tag"] == target.tables()["shop_tag"]


@pytest.mark.parametrize("kinds", PAIRS[2:], ids=" to ".join, indirect=True)
def test_many_keys_go_by_a_file(shops):
    source, target = shops
    source.do("""
Tag.objects.bulk_create([Tag(pk=n, name=f"tag {n}") for n in range(1, 61)])
record()
from django.core.management import call_command
call_command("record_changes", "--verify", "shop.tag", "--rows")
""")
    source_lines = source.lines()
    target.shell("from shop.models import Tag; Tag.objects.create(pk=30, name='tampered')")
    source.log.write_bytes(b"".join(source_lines[-1:]))  # a log whose records are lost
    ingest(target, source.log)
    said, status, (keys, resend, _) = told(target, "shop.tag")
    assert status == 1
    assert "only at the source: 1, 2, 3" in said
    assert "and 39 more" in said
    typed(target, keys)
    (target.folder / "keys.txt").rename(source.folder / "keys.txt")
    typed(source, resend)
    source.do(VERIFY)
    assert verified(target, source)["shop.tag"]["state"] == "equal"


# `VmHWM` and not `ru_maxrss`, which an `exec` hands on: this process may be larger by far.
PEAK = """
import re
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) // 1024)
"""


@pytest.mark.thorough
@pytest.mark.parametrize("kinds", PAIRS[:2], ids=" to ".join, indirect=True)
def test_a_long_table_is_compared_part_by_part_in_little_memory(shops):
    source, target = shops
    for site in shops:  # a copy that no log has brought
        site.shell(f"""
from shop.models import Tag
from tui_ingest.recorder import suspended
for start in range(0, {LONG}, 10_000):
    with suspended():
        numbers = range(start + 1, start + 10_001)
        Tag.objects.bulk_create(Tag(pk=n, name=f"tag {{n}}") for n in numbers)
""")
    source.manage("record_changes", "--verify", "shop.tag")
    peak = source.shell(f"""
from tui_ingest.recorder.conf import get_settings
from tui_ingest.recorder.relaying.relay import Relay
Relay(get_settings(), "default").drain()
{PEAK}""")
    parts = [found for operation, found in parsed(source.lines())]
    counts = [part["fields"]["count"] for [part] in parts]
    assert sum(counts) == LONG
    assert max(counts) <= MOST_ENTRIES
    assert int(peak) < MOST_MEGABYTES
    peak = target.shell(f"""
from django.core.management import call_command
try:
    call_command("ingest_objects", {str(source.log)!r}, "--once")
except SystemExit as ended:
    assert not ended.code
{PEAK}""")
    assert int(peak.splitlines()[-1]) < MOST_MEGABYTES
    verdict = verified(target, source)["shop.tag"]
    assert (verdict["state"], verdict["rows"]) == ("equal", LONG)

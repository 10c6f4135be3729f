"""Killed at any moment and started again: the same rows and totals as without."""

import shutil

import pytest

from tests.benchmarks import polls_log
from tests.support.demo import Demo
from tests.support.engine import eventually
from tests.support.site import watched

RECORDS = 6_000

# Ends its own process, as SIGKILL does, at one point in the life of a batch in mid-log.
DIE_AT = """
import os, signal, sys
from django.db import connection, transaction
from django.db.models.signals import post_save
from tui_ingest.ingest.events import BatchApplied
from tui_ingest.ingest.session import Session
from tui_ingest.models import ModelTotal
from tui_ingest.oplog.files.reading import FileLog

path, point, calls_before = sys.argv[1], sys.argv[2], int(sys.argv[3])

def die_at(this_point):
    global calls_before
    if this_point == point:
        calls_before -= 1
        if calls_before < 0:
            os.kill(os.getpid(), signal.SIGKILL)

class Log(FileLog):
    def read(self, **limits):
        batch = super().read(**limits)
        die_at("after read")
        return batch

def around_statement(execute, sql, params, many, context):
    result = execute(sql, params, many, context)
    if sql.startswith("UPDATE") and 'SET "last_processed_position"' in sql:
        # The first one of a transaction claims the checkpoint, the last one corrects it.
        die_at("after claim")
    if ModelTotal._meta.db_table in sql and not sql.startswith("SELECT"):
        die_at("after apply")
    return result

on_commit = transaction.on_commit
def committed(hook, using=None, robust=False):
    on_commit(hook, using=using, robust=robust)
    on_commit(lambda: die_at("after commit"), using=using)
transaction.on_commit = committed

with connection.execute_wrapper(around_statement):
    Session(Log(path), once=True).run()
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A log, what the database holds after it was applied in peace, and an empty one."""
    folder = tmp_path_factory.mktemp("undisturbed")
    log = polls_log.write(folder / "oplog.log", RECORDS, poison=True)
    demo = Demo(folder)
    demo.script("from django.core.management import call_command; call_command('migrate')")
    empty = shutil.copy(demo.database, folder / "empty.sqlite3")
    finished = demo.run(log, "--once")
    assert finished.returncode == 3, finished.stdout
    return log, demo.contents(), empty


@pytest.mark.parametrize("kills", [6, pytest.param(40, marks=pytest.mark.thorough)])
def test_killed_again_and_again_while_the_log_grows(undisturbed, tmp_path, kills):
    whole, expected, _ = undisturbed
    lines = whole.read_bytes().splitlines(keepends=True)
    portion = len(lines) // (kills + 1)
    demo, log = Demo(tmp_path), tmp_path / "oplog.log"
    for number in range(kills):
        with log.open("ab") as more:
            more.writelines(lines[number * portion : (number + 1) * portion])
        before = demo.position()
        with watched(demo.start(log)):
            eventually(lambda here=before: demo.position() > here, what=f"work beyond {before}")
    with log.open("ab") as more:
        more.writelines(lines[kills * portion :])

    finished = demo.run(log, "--once")

    assert finished.returncode in {0, 3}, finished.stdout
    assert demo.contents() == expected


@pytest.mark.parametrize("calls_before", [1, 4])
@pytest.mark.parametrize("point", ["after read", "after claim", "after apply", "after commit"])
def test_killed_at_a_point_in_the_life_of_a_batch(undisturbed, tmp_path, point, calls_before):
    log, expected, empty = undisturbed
    demo = Demo(tmp_path)
    shutil.copy(empty, demo.database)

    died = demo.script(DIE_AT, log, point, calls_before)

    assert died.returncode == -9, died.stderr
    assert demo.position() < log.stat().st_size
    demo.run(log, "--once")
    assert demo.contents() == expected

"""Killed at any moment and started again: the same rows and totals as without."""

import pytest

from tests.benchmarks import polls_log
from tests.support.demo import Demo
from tests.support.engine import eventually
from tests.support.site import watched

KILLS = 20
RECORDS = 20_000

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
    """A log, and what the database holds after it was applied in peace."""
    folder = tmp_path_factory.mktemp("undisturbed")
    log = polls_log.write(folder / "oplog.log", RECORDS, poison=True)
    demo = Demo(folder)
    finished = demo.run(log, "--once")
    assert finished.returncode == 3, finished.stdout
    return log, demo.contents()


def test_killed_twenty_times_in_the_middle_of_a_log(undisturbed, tmp_path):
    log, expected = undisturbed
    demo = Demo(tmp_path)
    size = log.stat().st_size
    for _ in range(KILLS):
        before = demo.position()
        with watched(demo.start(log)):
            eventually(lambda here=before: demo.position() > here, what=f"work beyond {before}")
    assert demo.position() < size, "the last kill came after the end of the log"

    finished = demo.run(log, "--once")

    assert finished.returncode in {0, 3}, finished.stdout
    assert demo.contents() == expected


@pytest.mark.parametrize("calls_before", [1, 4])
@pytest.mark.parametrize("point", ["after read", "after claim", "after apply", "after commit"])
def test_killed_at_a_point_in_the_life_of_a_batch(undisturbed, tmp_path, point, calls_before):
    log, expected = undisturbed
    demo = Demo(tmp_path)
    demo.script("from django.core.management import call_command; call_command('migrate')")

    died = demo.script(DIE_AT, log, point, calls_before)

    assert died.returncode == -9, died.stderr
    assert demo.position() < log.stat().st_size
    demo.run(log, "--once")
    assert demo.contents() == expected

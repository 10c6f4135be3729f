"""A real writer at full speed, all its backups in use, and a reader that is killed at random."""

import random

from tests.support.demo import Demo
from tests.support.engine import DEADLINE_SECONDS, eventually
from tests.support.site import Site, start, watched

KILLS = 6
# So much that a reader which waits for the processor for seconds has not missed a file.
MAX_BYTES = 64 * 1024
BACKUPS = 30

# The article's source: rows and records as its signals make them, one commit each, and a file
# handler that renames thirty files and reuses the inode of the oldest with every rollover.
SOURCE_SETTINGS = f"""
from tui_ingest.demo.settings import *
from pathlib import Path

DATABASES["default"]["NAME"] = Path(__file__).parent.parent / "demo.sqlite3"
DATABASES["default"]["OPTIONS"]["init_command"] = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
)
LOGGING = {{
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {{"oplog": {{"format": "%(created)f %(message)s"}}}},
    "handlers": {{
        "oplog": {{
            "class": "logging.handlers.RotatingFileHandler",
            "filename": Path(__file__).parent.parent / "oplog.log",
            "maxBytes": {MAX_BYTES},
            "backupCount": {BACKUPS},
            "encoding": "utf-8",
            "formatter": "oplog",
        }},
    }},
    "loggers": {{"oplogger": {{"handlers": ["oplog"], "level": "INFO"}}}},
}}
"""

WRITER = """
import logging, random, sys
from pathlib import Path
import django; django.setup()
from django.core import serializers
from django.db.models import signals
from django.utils import timezone
from tui_ingest.demo.polls.models import Choice, Question

def log(operation, row):
    if operation == "SAVE":
        row.refresh_from_db()
    text = serializers.serialize("json", [row])
    logging.getLogger("oplogger").info("%s %s", operation, text)

signals.post_save.connect(lambda instance, **_: log("SAVE", instance), weak=False)
signals.post_delete.connect(lambda instance, **_: log("DELETE", instance), weak=False)
rng = random.Random(7)
stop = Path(sys.argv[1])
questions, choices, records = [], [], 0
while not stop.exists():
    dice = rng.random()
    if dice < 0.15 or not questions:
        moment = timezone.now().replace(microsecond=0)  # Django's encoder cuts to milliseconds
        question = Question.objects.create(question_text=f"Q{records}", pub_date=moment)
        questions.append(question)
    elif dice < 0.60 or not choices:
        choices.append(rng.choice(questions).choice_set.create(choice_text=f"C{records}"))
    elif dice < 0.90:
        choice = rng.choice(choices)
        choice.votes += 1
        choice.save()
    else:
        choices.pop(rng.randrange(len(choices))).delete()
    records += 1
print(records)
"""


def test_a_reader_killed_at_random_under_a_rotating_writer_ends_with_the_sources_rows(tmp_path):
    source = Site(tmp_path / "source", SOURCE_SETTINGS)
    source.migrate()
    target = Demo(tmp_path)
    log, stop = source.folder / "oplog.log", tmp_path / "stop"
    oldest = log.with_name(f"oplog.log.{BACKUPS}")  # once it exists, all backups are in use
    rng = random.Random(15)
    environment = {"DJANGO_SETTINGS_MODULE": "mysite.settings"}
    with watched(start("-c", WRITER, stop, folder=source.folder, **environment)) as writer:
        kills = 0
        while (kills < KILLS or not oldest.exists()) and writer.poll() is None:
            before = applied(target)
            with watched(target.start(log)):
                # At least one record, at most a few thousand: anywhere in the life of a session.
                enough = before + rng.choice([1, 100, 2_000])
                eventually(
                    lambda to=enough: applied(target) >= to or writer.poll() is not None,
                    what=f"{enough} records are applied",
                )
            kills += 1
        stop.touch()
        written, errors = writer.communicate(timeout=DEADLINE_SECONDS)
    assert writer.returncode == 0, errors

    finished = target.run(log, "--once")

    assert finished.returncode == 0, finished.stdout
    assert target.query("SELECT * FROM tui_ingest_logevent WHERE kind = 'gap'") == []
    expected = Demo(source.folder).contents()
    for table in ("polls_question", "polls_choice"):
        assert target.contents()[table] == expected[table]
    assert applied(target) == int(written)


def applied(demo):
    """How many records of the log have taken effect."""
    rows = demo.query("SELECT SUM(saved + deleted + missing) FROM tui_ingest_modeltotal")
    return rows[0][0] or 0 if rows else 0

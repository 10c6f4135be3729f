"""The target's process: `python -m tests.real_projects.harness.target '[COMMAND, ARGUMENT…]'`.

prepare               make the project's tables, with numbers of its own for content types
grow LOG COPY SEED    let a copy of the log grow in portions, and apply what is there after each
compare STATE         print as JSON what differs from the source, and the open dead letters
"""

import json
import random
import sys
from io import StringIO
from pathlib import Path

import django

SHIFT = 1_000  # far enough from what the source numbers
PORTIONS = (1, 2, 5, 20, 50)  # records


def prepare():
    """Make the tables; number what each database numbers by itself otherwise than the source."""
    from django.contrib.auth.models import Permission
    from django.contrib.contenttypes.models import ContentType
    from django.core.management import call_command
    from django.db import transaction
    from django.db.models import F
    from django.db.models.query import QuerySet

    call_command("migrate", run_syncdb=True, verbosity=0)
    with transaction.atomic():
        QuerySet(ContentType).update(id=F("id") + SHIFT)
        QuerySet(Permission).update(id=F("id") + SHIFT, content_type=F("content_type_id") + SHIFT)


def grow(log, copy, seed):
    """Apply a log that grows while nobody reads it, a session after each portion."""
    from tui_ingest.ingest.session import Session
    from tui_ingest.opening import open_log

    dice = random.Random(seed)
    lines = Path(log).read_bytes().splitlines(keepends=True)
    while lines:
        records = dice.choice(PORTIONS)
        with Path(copy).open("ab") as growing:
            growing.writelines(lines[:records])
        del lines[:records]
        ended = Session(open_log(copy), once=True).run()
        assert not ended.error, ended.error


def compare(state):
    """Print differences and open dead letters."""
    from django.core.management import call_command

    from tests.real_projects.harness import tables

    output = StringIO()
    call_command("ingest_deadletters", "list", "--json", stdout=output)
    letters = [one for one in json.loads(output.getvalue()) if one["status"] == "open"]
    source = json.loads(Path(state).read_text())
    found = {
        "differences": list(tables.differences(source, tables.comparable())),
        "letters": ["{operation} {model} {pk} {reason}: {error}".format(**one) for one in letters],
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    django.setup()
    command, *arguments = json.loads(sys.argv[1])
    {"prepare": prepare, "grow": grow, "compare": compare}[command](*arguments)

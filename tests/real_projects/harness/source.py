"""The source's process: `python -m tests.real_projects.harness.source FOLDER`.

Makes the project's tables, runs its scenario and leaves behind one log for each order of records,
and `state.json`, all rows as they are at the end.
"""

import importlib
import json
import os
import sys
from pathlib import Path

import django


def main(folder):
    django.setup()
    from django.core.management import call_command

    from tests.real_projects.harness import tables
    from tests.real_projects.harness.oplog_writer import OplogWriter, Order

    call_command("migrate", run_syncdb=True, verbosity=0)
    project = os.environ["DJANGO_SETTINGS_MODULE"].rpartition(".")[0]
    scenario = importlib.import_module(f"{project}.scenario")
    writers = [OplogWriter(folder / f"{order.value}.log", order) for order in Order]
    before = tables.state()
    assert not any(before.values()), "the source begins empty, as the target does"
    for _ in scenario.calls():
        after = tables.state()
        for writer in writers:
            writer.write(before, after)
        before = after
    (folder / "state.json").write_text(json.dumps(tables.comparable(), indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

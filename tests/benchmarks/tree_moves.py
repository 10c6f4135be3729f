"""Two halves of a tree change places: the paths of all of its pages are exchanged.

No order of their records is right, and a batch or a run may end between any two of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.processes import python
from tests.benchmarks.targets import Target

SETTINGS = "tests.benchmarks.settings_tree"
CHECK = """
from tests.project.office.models import Page
from tui_ingest.models import DeadLetter

found = [int(path) for path in Page.objects.order_by("pk").values_list("path", flat=True)]
assert found == [(place + {pages} // 2) % {pages} for place in range({pages})], found
assert not DeadLetter.objects.filter(status="open").exists()
"""


def seconds(folder: Path, target: Target, pages: int, *, runs: int) -> float:
    """Return how long the processes take that apply the move of a tree.

    Raises:
        RuntimeError: one of them failed, or the pages are not where they should be.
    """
    env = {**target.env, "DJANGO_SETTINGS_MODULE": SETTINGS}
    python("-m", "django", "migrate", "--run-syncdb", "--verbosity", "0", env=env)
    log = folder / f"{pages}-{runs}-{target.kind}.log"
    log.write_bytes(b"".join(_lines(pages, moved=False)))
    _apply(log, env)
    lines = [*_lines(pages, moved=True)]
    spent = 0.0
    for run in range(runs):
        with log.open("ab") as more:
            more.writelines(lines[run * pages // runs : (run + 1) * pages // runs])
        spent += _apply(log, env)
    python("-m", "django", "shell", "--no-imports", "-c", CHECK.format(pages=pages), env=env)
    return spent


def _apply(log: Path, env: dict[str, str]) -> float:
    options = ("--headless", "--once", "--settings", SETTINGS)
    return python("-m", "tui_ingest", str(log), *options, env=env, expected=(0, 3)).seconds


def _lines(pages: int, *, moved: bool) -> Iterator[bytes]:
    for number in range(pages):
        place = (number + pages // 2) % pages if moved else number
        fields = {"path": f"{place:08}", "title": f"Page {number}"}
        objects = json.dumps([{"model": "office.page", "pk": number + 1, "fields": fields}])
        yield f"{1_700_000_000 + number}.000000 SAVE {objects}\n".encode()

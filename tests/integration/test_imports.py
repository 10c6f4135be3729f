"""What a process loads while it works: contracts see no import that is made late or by name."""

import subprocess
import sys

import grimp
import pytest

from tests.support.lines import question
from tests.support.patience import DEADLINE_SECONDS
from tests.support.site import clean

READ = """
from tui_ingest.oplog.files.reading import FileLog
log = FileLog("oplog.log")
log.resume(None)
assert log.read(max_records=9, max_bytes=9999).entries
log.wait(0.01)
log.close()
"""
SET_UP = """
from tui_ingest.running.bootstrap import set_up
set_up()
"""
APPLY = """
from tui_ingest.ingest.session import Session
from tui_ingest.oplog.files.reading import FileLog
assert not Session(FileLog("oplog.log"), once=True).run().error
"""
HEADLESS = """
from tui_ingest.cli import main
assert main(["oplog.log", "--headless", "--once"]) == 0
"""


@pytest.mark.parametrize(
    ("work", "unwanted"),
    [
        (READ, {"django", "rich", "textual"}),
        (SET_UP + APPLY, {"rich", "textual"}),
        (HEADLESS, {"textual"}),
    ],
    ids=["reading", "applying", "headless"],
)
def test_work_is_done_without(tmp_path, work, unwanted):
    (tmp_path / "oplog.log").write_bytes(question(1))
    script = f"{work}\nimport sys; print('loaded', *sorted({unwanted!r} & set(sys.modules)))"
    finished = subprocess.run(  # no fork, which would have loaded much before
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=clean() | {"TUI_INGEST_DEMO_DB": str(tmp_path / "demo.sqlite3")},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.splitlines()[-1] == "loaded"


def test_no_modules_import_each_other_in_a_circle():
    graph = grimp.build_graph("tui_ingest", cache_dir=None)
    left = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    while removable := [module for module, imported in left.items() if not imported & left.keys()]:
        for module in removable:
            del left[module]
    # Left are circles and what leads to them; imports for type checkers count, too.
    assert not left

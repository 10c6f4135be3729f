"""The guide's first page: what it shows of a script and of a log is so."""

import re
from pathlib import Path

import tui_ingest
from tests.support.demo import Demo
from tests.support.lines import question
from tui_ingest.oplog.parsing import parse_line
from tui_ingest.oplog.records import Record, RecordLocation

START = (Path(tui_ingest.__file__).parent / "guide" / "start.md").read_text(encoding="utf-8")


def code_under(heading):
    """The indented lines of a section."""
    section = START.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^(?:    (.*))?$", section, re.MULTILINE)


def test_the_script(tmp_path):
    demo = Demo(tmp_path)
    log = tmp_path / "oplog.log"
    first = question(1)
    log.write_bytes(first)
    assert demo.run(log, "--once").returncode == 0
    log.write_bytes(first + question(2))

    done = demo.script("\n".join(code_under("In a script")))

    assert done.returncode == 0, done.stderr
    assert "BatchApplied" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("finished  {'polls.question': Counts(saved=1")


def test_the_lines_of_a_log():
    lines = [line.replace("…}", '"fields": {}}') for line in code_under("The source") if line]
    assert len(lines) == 2
    for line in lines:
        raw = line.encode()
        (record,) = parse_line(raw, RecordLocation("g", 0, len(raw)))
        assert isinstance(record, Record)

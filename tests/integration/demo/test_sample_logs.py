"""The sample logs are what their script makes, and show what their README says."""

import filecmp
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.demo import Demo

SAMPLES = Path(__file__).parents[3] / "sample_logs"
LOGS = ("article.log", "polls-day.log", "bad-records.log", "rotated.log")


def readme_table(heading):
    """The rows of the table under a heading, as lists of cells without their markup."""
    text = (SAMPLES / "README.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [row.strip("|").split("|") for row in text.splitlines() if row.startswith("|")]
    return [[cell.strip(" `") for cell in row] for row in rows[2:]]


def test_the_logs_are_made_by_their_script(tmp_path):
    subprocess.run([sys.executable, SAMPLES / "make.py", tmp_path], check=True)
    made = sorted(path.name for path in tmp_path.iterdir())
    assert made == sorted(path.name for path in SAMPLES.glob("*.log*"))
    assert filecmp.cmpfiles(SAMPLES, tmp_path, made, shallow=False)[0] == made


@pytest.fixture(scope="module", params=LOGS)
def applied(request, tmp_path_factory):
    """A log's name, the exit status of applying it, and the demo's database afterwards."""
    demo = Demo(tmp_path_factory.mktemp("samples"))
    finished = demo.run(SAMPLES / request.param, "--once")
    return request.param, finished, demo


def test_the_totals_are_those_of_the_readme(applied):
    name, finished, demo = applied
    expected = [row[1:] for row in readme_table("What to expect") if row[0] == name]
    columns = "model, saved, deleted, missing, failed, skipped"
    totals = demo.query(f"SELECT {columns} FROM tui_ingest_modeltotal ORDER BY model")
    found = [[label or "(no model)", *map(str, counts)] for label, *counts in totals]
    assert found == expected, finished.stdout


def test_the_dead_letters_are_those_of_the_readme(applied):
    name, finished, demo = applied
    expected = [row[1:4] for row in readme_table("Dead letters") if row[0] == name]
    letters = demo.query(
        "SELECT position, reason, status FROM tui_ingest_deadletter ORDER BY position"
    )
    assert [list(map(str, row)) for row in letters] == expected, finished.stdout
    assert finished.returncode == (3 if expected else 0)


def test_each_dead_letter_keeps_the_bytes_at_its_position(applied):
    name, _, demo = applied
    generations = [path.read_bytes() for path in sorted(SAMPLES.glob(f"{name}*"))]
    for position, raw in demo.query("SELECT position, raw FROM tui_ingest_deadletter"):
        assert any(content[position:].startswith(bytes(raw)) for content in generations)


def test_the_articles_five_lines_leave_one_question_and_two_choices(tmp_path):
    demo = Demo(tmp_path)
    for start in ("--from-position=0", "--from-start"):
        assert demo.run(SAMPLES / "article.log", "--once", start).returncode == 0
        assert demo.query("SELECT question_text FROM polls_question") == [("What's new?",)]
        assert demo.query("SELECT choice_text, votes FROM polls_choice ORDER BY 1") == [
            ("Nothing", 0),
            ("sky", 0),
        ]

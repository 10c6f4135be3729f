"""What an operator does most, key by key in a real terminal: none takes more than a few.

A text that is typed counts as one key. The terminal is shared: each test appends what it needs
under keys of its own, and leaves the main screen as it found it.
"""

import json
import sqlite3
from contextlib import closing
from uuid import UUID

import pytest

from tests.support.lines import choice, key, question, questions
from tests.tui.terminal import Terminal

ENTER, ESCAPE, UP, F2 = "\r", "\x1b", "\x1b[A", "\x1bOQ"
EPOCH = 1_698_395_500  # 2023-10-27 08:31:40 UTC


class Console:
    """The program on a log that grows, and a count of the keys that a repair takes."""

    def __init__(self, terminal, log, folder):
        self.terminal, self.log, self.folder = terminal, log, folder
        self.until = terminal.until
        self._unique = 100

    def append(self, *lines):
        with self.log.open("ab") as log:
            log.writelines(lines)

    def new(self, number=1):
        """Keys that no other test has."""
        self._unique += number
        return range(self._unique - number, self._unique)

    def keys(self, *steps, most):
        """Press a key, or type a text, and wait for what it shows, step by step."""
        for pressed, *shown in steps:
            self.terminal.press(pressed)
            self.until(*shown)
        assert len(steps) <= most

    def back(self, times=1):
        """Go back to the main screen; escape and a key right behind it are another key."""
        for _ in range(times):
            self.terminal.press(ESCAPE)
            self.until(gone=["esc Back · "])
        self.until("d Dead letters")

    def query(self, statement):
        path = self.terminal.database
        with closing(sqlite3.connect(path, timeout=20)) as database:
            return database.execute(statement).fetchall()


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repairs")
    log = folder / "oplog.log"
    log.write_bytes(questions(range(1, 9)))
    with Terminal(folder, log, size=(120, 36)) as terminal:
        terminal.until("✓ CAUGHT UP", "polls.question 8")
        yield Console(terminal, log, folder)


def bad_votes(number):
    return choice(number, of=1).replace(b'"votes": 0', b'"votes": "many"')


def votes(console, number):
    return console.query(f"SELECT votes FROM polls_choice WHERE pkid = {number}")


def test_a_missing_parent_takes_no_key(console):
    (child,), (parent,) = console.new(), console.new()
    console.append(choice(child, of=parent))
    console.until("✗ 1 dead letter", f"polls.choice {child}")
    console.append(question(parent))
    console.keys(most=0)
    console.until("0 dead letters", "✓ applied")
    assert votes(console, child) == [(0,)]


def test_to_edit_and_retry(console):
    (number,) = console.new()
    console.append(bad_votes(number))
    console.until("✗ 1 dead letter", f"polls.choice {number}")
    console.keys(
        ("e", "FROZEN"),
        (ENTER, f"SAVE polls.choice {number}", "is open"),
        ("i", "✓ a record of 1 object"),
        ("42", '"votes": "42"'),
        (F2, "is applied"),
        most=6,
    )
    console.back(2)
    console.until("following", "0 dead letters")
    assert votes(console, number) == [(42,)]


def test_to_retry_all_of_one_reason(console):
    orphans, (parent,), (bad,) = console.new(3), console.new(), console.new()
    console.append(bad_votes(bad), *(choice(number, of=parent) for number in orphans))
    console.until("✗ 4 dead letters")
    # As if the parent had come another way than by the log.
    with closing(sqlite3.connect(console.terminal.database, timeout=20)) as database:
        database.execute(
            "INSERT INTO polls_question (pkid, id, question_text, pub_date)"
            f" VALUES ({parent}, '{UUID(key(parent)).hex}', 'x', '2023-01-01')"
        )
        database.commit()
    console.keys(
        ("d", "2 causes"),
        ("1", "2 causes"),
        ("R", "Retry 3 dead letters: missing_parent of polls.choice?"),
        (ENTER, "dead letters applied."),
        most=4,
    )
    console.back()
    give_up(console, bad)


def give_up(console, number):
    console.terminal.press("d")
    console.until("Dead letters ·", f"polls.choice {number}")
    console.keys(("x", "Discard 1 dead letter?"), ("spam", "spam"), (ENTER, "0 of 0"), most=4)
    console.back()
    console.until("0 dead letters")


def test_to_discard(console):
    (number,) = console.new()
    console.append(bad_votes(number))
    console.until("✗ 1 dead letter")
    console.keys(
        ("d", "1 of 1"),
        ("x", "Discard 1 dead letter?"),
        ("no such thing", "no such thing"),
        (ENTER, "Nothing needs repair"),
        most=4,
    )
    console.back()
    found = console.query("SELECT status, resolution FROM tui_ingest_deadletter ORDER BY id DESC")
    assert found[0] == ("discarded", "no such thing")


def test_to_export(console):
    (number,) = console.new()
    console.append(bad_votes(number))
    console.until("✗ 1 dead letter")
    console.keys(
        ("d", "1 of 1"), ("w", "Write 1 dead letter"), (ENTER, "Wrote 1 dead letter to"), most=3
    )
    (file,) = console.folder.glob("dead-letters-*.jsonl")
    assert json.loads(file.read_text())["pk"] == str(number)
    console.back()
    give_up(console, number)


def test_to_go_to_a_time(console):
    console.keys(
        (" ", "‖ PAUSED"),
        ("o", "Continue from another place"),
        (f"@{EPOCH + 10**6}", f"@{EPOCH + 10**6}"),
        (ENTER, "That is where the session stands."),
        (ENTER, "‖ PAUSED", "sought"),
        (" ", "✓ CAUGHT UP"),
        most=6,
    )


def test_to_look_at_a_time(console):
    console.keys(
        ("@", "nothing is applied"),
        ("2023-10-27T08:00Z", "2023-10-27T08:00Z"),
        (ENTER, "Looking · 2023-10-27", "polls.question 1", "· earlier"),
        most=3,
    )
    console.back()


def test_to_set_aside(console):
    (number,) = console.new()
    console.terminal.press("b")
    console.until("stop on error")
    console.append(bad_votes(number))
    console.until("✗ STOPPED ON ERROR", "Set aside (a)")
    console.keys(("a", "✗ 1 dead letter"), most=1)
    console.until("✓ CAUGHT UP")
    console.terminal.press("b")
    console.until(gone=["stop on error"])
    give_up(console, number)


def test_to_see_the_records_of_one_object(console):
    (number,) = console.new()
    console.append(question(number, "first"), question(number, "second"))
    console.until(f"polls.question {number}")
    console.keys(
        ("/", "text  op:"),
        (f"pk:{number}", f"/pk:{number}/ 2 of"),
        (ENTER, f"/pk:{number}/ 2 of", "e Next error"),
        most=3,
    )
    console.back()


def test_to_see_why_a_row_differs(console):
    (number,) = console.new()
    console.append(question(number, "first"), question(number, "second"))
    console.until(f"polls.question {number}")
    console.keys(
        (UP, "FROZEN"),
        (ENTER, "in the database now", "≠ question_text", '"second"'),
        most=4,
    )
    console.back(2)


def test_to_copy_a_record_or_write_it_to_a_file(console):
    (number,) = console.new()
    console.append(question(number))
    console.until(f"polls.question {number}")
    console.keys((UP, "FROZEN"), ("c", "clipboard (OSC 52)"), most=2)
    console.terminal.press("f")
    console.until("following")
    console.keys((UP, "FROZEN"), ("Y", "Wrote the record to"), most=2)
    assert list(console.folder.glob("record-*.log"))
    console.back()

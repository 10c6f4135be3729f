"""Terminals that take in less than is drawn: what a key brings comes soon, counted in bytes."""

import pytest

from tests.support.engine import eventually
from tests.support.lines import question
from tests.tui.terminal import Terminal
from tests.tui.test_terminal import rows

SYSTEM_BYTES = 20_000  # that the system takes for a terminal, about
PIECE_BYTES = 18_000  # that are under way at the most, unanswered
SCREEN_BYTES = 8_000  # to draw another screen of this size, with what else is new
SIZE = 120, 36


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "oplog.log"
    path.write_bytes(b"".join(question(number) for number in range(1, 21)))
    return path


def turn_over(terminal, meanwhile=lambda: True):
    """Have a dozen screens drawn one after another, then pause; come back when that is stored."""
    events = rows(terminal, "tui_ingest_logevent")
    terminal.press(*("v", "q") * 12, " ")
    eventually(
        lambda: meanwhile() and rows(terminal, "tui_ingest_logevent") > events,
        what="all keys are obeyed",
    )


def test_a_key_is_answered_behind_no_more_than_the_system_holds(log, tmp_path):
    """Nobody reads for a while; nor is the terminal one that answers."""
    with Terminal(tmp_path, log, size=SIZE, answers=False) as terminal:
        terminal.until("✓ CAUGHT UP")
        turn_over(terminal)
        before = len(terminal.received)
        terminal.press("?")
        while "turn pages" not in "\n".join(terminal.screen.display):
            terminal.show(terminal.read(100))
        assert len(terminal.received) - before < SYSTEM_BYTES + SCREEN_BYTES


def test_a_line_that_takes_in_everything_is_not_given_everything(log, tmp_path):
    """What it has taken in and not handed on comes before the answer to a key."""
    with Terminal(tmp_path, log, size=SIZE) as terminal:
        terminal.until("✓ CAUGHT UP")
        on_the_way = bytearray()

        def meanwhile():
            on_the_way.extend(terminal.read(65536))
            return True

        turn_over(terminal, meanwhile)
        assert len(on_the_way) < PIECE_BYTES
        terminal.press("?")
        before = len(terminal.received)
        while "turn pages" not in "\n".join(terminal.screen.display):
            meanwhile()
            terminal.show(bytes(on_the_way[:1000]))
            del on_the_way[:1000]
        assert len(terminal.received) - before < PIECE_BYTES + SCREEN_BYTES

"""Keys that arrive in one piece, as pastes and slow lines deliver them, in a real terminal."""

import pytest

from tests.support.lines import choice, question
from tests.tui.terminal import Terminal

LINES = question(1) + question(2) + choice(9, of=1).replace(b'"votes": 0', b'"votes": "many"')


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ("/polls.question\r", ["/polls.question/ 2 of", "following"]),
        ("/quit", ["/quit/ 0 of", "esc Clear it"]),
        ("/polls.question\rf/", ["/polls.question/ 2 of", "FROZEN", "enter Keep this filter"]),
        ("d/reason:bad q\r", ["0 of 1 · /reason:bad q/"]),
        ("v/quit\r", ["Events · /quit/ 0 of"]),
        ("dxqueer\r", ["Nothing needs repair"]),
        ("dw", ["Write 1 dead letter"]),
        ("poq", ["Continue from another place", "q   "]),
        ("?q", ["✓ CAUGHT UP", "following"]),
    ],
)
def test_keys_in_one_piece_act_on_what_the_first_has_opened(tmp_path, keys, shown):
    log = tmp_path / "oplog.log"
    log.write_bytes(LINES)
    with Terminal(tmp_path, log, size=(100, 30)) as terminal:
        terminal.until("✓ CAUGHT UP", "✗ 1 dead letter")
        terminal.press(keys)
        terminal.until(*shown)
        assert terminal.process.isalive()

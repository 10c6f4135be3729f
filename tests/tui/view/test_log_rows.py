"""What is said of all logs together, and of each in the list."""

import pytest

from tui_ingest.ingest.events import State
from tui_ingest.ingest.status import SessionStatus
from tui_ingest.oplog.log import Backlog
from tui_ingest.tui.view.filtering import Filter
from tui_ingest.tui.view.log_rows import VOCABULARY, overall, row_of, tally
from tui_ingest.tui.view.rates import Pace, sparkline

NOW = 1_700_000_000.0


def row(state, *, unread=0, lag=1.0, **facts):
    said = {name: facts.pop(name) for name in ("error", "falls_behind") if name in facts}
    status = SessionStatus(
        path=facts.pop("path", "/srv/a.log"),
        state=state,
        backlog=Backlog(exists=True, remaining_bytes=unread),
        last_record_time=NOW - lag,
        **facts,
    )
    return row_of(status, Pace(), NOW, **said)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "… STARTING"),
        ([row(State.CAUGHT_UP), row(State.FINISHED)], "✓ CAUGHT UP"),
        ([row(State.FINISHED)], "■ FINISHED"),
        ([row(State.CAUGHT_UP, dead_letters=2)], "✓ CAUGHT UP · 2 open"),
        ([row(State.CAUGHT_UP), row(State.RUNNING)], "● 1 RUNNING"),
        ([row(State.RUNNING), row(State.NO_FILE_YET)], "○ 1 NO FILE YET"),
        ([row(State.NO_FILE_YET), row(State.STANDING_BY)], "◇ 1 STANDING BY"),
        ([row(State.STANDING_BY), row(State.PAUSED, paused=True)], "‖ 1 PAUSED"),
        ([row(State.PAUSED, paused=True), row(State.STOPPED)], "■ 1 STOPPED"),
        ([row(State.STOPPED), row(State.RUNNING, unread=9, lag=60)], "● 1 LATE"),
        ([row(State.RUNNING, unread=9, lag=90_000), row(State.CAUGHT_UP)], "● 1 RUNNING"),
        ([row(State.RUNNING, unread=9, lag=90_000, falls_behind=True)], "● 1 LATE"),
        ([row(State.RUNNING, unread=9, lag=60), row(State.WAITING)], "◌ 1 WAITING"),
        ([row(State.WAITING), row(State.NOT_RUNNING)], "□ 1 NOT RUNNING"),
        ([row(State.NOT_RUNNING), row(State.STOPPED_ON_ERROR)], "✗ 1 STOPPED"),
        ([row(State.STOPPED, error="No such file.")], "✗ 1 STOPPED"),
    ],
)
def test_all_together_are_called_by_what_is_worst(rows, said):
    assert overall(rows).text == said


def test_logs_are_counted_by_state():
    rows = [row(State.CAUGHT_UP), row(State.NOT_RUNNING), row(State.CAUGHT_UP)]
    assert tally(rows, in_short=False) == ["1 not running", "2 caught up"]
    assert tally(rows, in_short=True) == ["□ 1", "✓ 2"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("berlin", True),
        ("state:stopped_on", True),
        ("state:running", False),
        ("on:web-1", True),
        ("on:here", False),
        ("failed", True),
        ("late", True),
        ("gaps", False),
        ("paused", False),
        ("-late", False),
    ],
)
def test_what_can_be_asked_of_a_log(typed, found):
    asked = row(
        State.STOPPED_ON_ERROR,
        path="/srv/berlin/oplog.log",
        unread=10,
        lag=60,
        dead_letters=1,
        runs_on="pid 812 on web-1",
    )
    assert Filter.parse(typed, VOCABULARY).matches(asked) is found


def test_a_path_and_a_reason_are_inert():
    made = row(State.STOPPED, path="/srv/\x1b[2J.log", error="Bad \x9b file.")
    assert "\x1b" not in made.name
    assert "\x9b" not in made.reason


def test_a_pace_is_per_second_however_late_a_look_is():
    pace = Pace()
    for second, records in ((0.0, 100), (1.0, 200), (3.0, 400), (4.0, 300)):
        pace.sample(second, records)
    assert list(pace.bars) == [100, 100, 0]  # a counter that was set back is no rate
    assert pace.now == 67
    assert sparkline([0, 50, 100], 5, 100) == "  ▁▄█"
    assert sparkline([0, 50, 100], 2, 100) == "▄█"
    assert sparkline([], 3, 0) == "   "

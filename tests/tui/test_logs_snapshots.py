"""Pictures of the screen of all logs at three sizes, and one in a light theme."""

import threading
from dataclasses import replace

import pytest

from tests.tui.scripted import NOW, text_of, until
from tests.tui.test_snapshots import utc  # noqa: F401  # a fixture
from tui_ingest.ingest.events import SessionEnded, State, Verified, VerifiedState
from tui_ingest.ingest.status import SessionStatus
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.log import Backlog
from tui_ingest.tui.app import ConsoleApp
from tui_ingest.tui.view.all_logs import AllLogs
from tui_ingest.tui.view.log_rows import row_of
from tui_ingest.tui.view.log_view import LogAccess
from tui_ingest.tui.view.rates import Pace
from tui_ingest.tui.widgets.logs_table import LogsTable

MIB = 2**20
WEB_1, WEB_2 = "pid 812 on web-1", "pid 4194304 on web-2.example"


class FixedPace(Pace):
    """Traffic that never changes."""

    def __init__(self, *bars):
        super().__init__()
        self.bars.extend(bars)


def verdict(state, differing=None):
    return Verified(
        state=state,
        rows=10,
        source_rows=10,
        differing=differing,
        at=NOW - 600,
        position=0,
        reason="",
    )


def status(path, state, *, unread=0, lag=2.0, **facts):
    return SessionStatus(
        path=path,
        state=state,
        backlog=None if unread is None else Backlog(exists=True, remaining_bytes=unread),
        last_record_time=None if lag is None else NOW - lag,
        **facts,
    )


def all_rows():
    """Logs in every state, and what an operator has to find among them."""
    stopped = "Stopped on the record at position 396: bad_value: The field votes does not take 'x'."
    differs = {"polls.choice": verdict(VerifiedState.DIFFERS, differing=3)}
    equal = {"polls.choice": verdict(VerifiedState.EQUAL)}
    known = [
        status(
            "/srv/sites/berlin/oplog.log",
            State.STOPPED_ON_ERROR,
            reason=stopped,
            runs_on=WEB_1,
            unread=38 * MIB,
            lag=7_500.0,
            dead_letters=14,
        ),
        status("/srv/sites/bern/oplog.log", State.NOT_RUNNING, unread=2 * MIB, lag=90_000.0),
        status(
            "/srv/sites/brno/oplog.log",
            State.WAITING,
            runs_on=WEB_2,
            unread=None,
            lag=400.0,
            reason="database: database is locked",
        ),
        status(
            "/srv/sites/graz/oplog.log",
            State.RUNNING,
            runs_on=WEB_2,
            unread=512 * MIB,
            lag=192.0,
            gaps=2,
            verified=differs,
        ),
        status(
            "/srv/sites/linz/oplog.log",
            State.PAUSED,
            runs_on=WEB_1,
            unread=900,
            lag=70.0,
            paused=True,
        ),
        status("nats://10.0.0.7:4222/OPLOG/oplog.site-a", State.RUNNING, runs_here=True, unread=99),
        status(
            "/srv/sites/wien/oplog.log",
            State.CAUGHT_UP,
            runs_here=True,
            dead_letters=1_204,
            verified=equal,
        ),
        status("/srv/sites/wels/oplog.log", State.CAUGHT_UP, runs_here=True, verified=equal),
        status("/srv/sites/zug/oplog.log", State.NO_FILE_YET, runs_here=True, lag=None),
    ]
    paces = [FixedPace(0, 0, 0)] * 3 + [FixedPace(300, 700, 1100, 1612, 900, 1300, 1240)] * 3
    paces += [FixedPace(10, 0, 35, 12)] * 3
    return [row_of(one, pace, NOW) for one, pace in zip(known, paces, strict=True)]


def console():
    access = LogAccess(
        path="",
        target=Target("default"),
        project="shop.settings · default postgresql",
        open_log=None,
        read_again=None,
    )
    logs = AllLogs(access, ["/srv/sites/*/oplog.log"], None, clock=lambda: NOW)
    logs.rows = all_rows()

    def wait(_):
        pause = threading.Event()
        while not logs.stopping:
            pause.wait(0.02)
        return SessionEnded(at=NOW, state=State.STOPPED)

    return ConsoleApp(logs, wait)


@pytest.mark.parametrize("size", ["80x24", "120x36", "200x50"])
def test_all_logs(snap_compare, size, utc):  # noqa: F811
    assert same(snap_compare, size)


def test_all_logs_in_a_light_theme(snap_compare, utc):  # noqa: F811
    assert same(snap_compare, "120x36", theme="textual-light")


async def test_in_the_smallest_terminal_failures_and_what_stands_still_are_to_be_seen(utc):  # noqa: F811
    app = console()
    async with app.run_test(size=(40, 10)) as pilot:
        await until(pilot, lambda: "1,218" in text_of(app))
        lines = text_of(app).splitlines()
        assert [line for line in lines if "berlin/oplog.log" in line and " 14 " in line]
        assert [line for line in lines if "9 logs" in line and "1,218" in line]
        assert [line for line in lines if line.startswith(" ✗ ON ERROR · applied by pid 812")]
        assert "? Help q Quit" in lines[-1]
        app.view.stop()


def same(snap_compare, size, theme=None):
    app = console()

    async def prepare(pilot):
        if theme:
            app.theme = theme
        await until(pilot, lambda: "✗ 1 STOPPED" in text_of(app))

    return snap_compare(app, terminal_size=tuple(map(int, size.split("x"))), run_before=prepare)


async def test_a_key_draws_the_two_rows_that_it_changes(monkeypatch, utc):  # noqa: F811
    app = console()
    drawn = set()
    draw = LogsTable.render_line

    def noting(table, y):
        drawn.add(y)
        return draw(table, y)

    monkeypatch.setattr(LogsTable, "render_line", noting)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: len(drawn) > len(app.view.rows))
        await pilot.pause()
        await pilot.press("end")  # from here on there is a line to be said of each
        await pilot.pause()
        for key in ("up", "up", "down"):
            table = app.screen.table
            before = table.cursor
            drawn.clear()
            await pilot.press(key)
            await until(pilot, lambda: len(drawn) == 2)
            await pilot.pause()
            assert drawn == {1 + before, 1 + table.cursor}, "below the heading"
        drawn.clear()
        app.view.rows = [replace(app.view.rows[0], dead_letters=15), *app.view.rows[1:]]
        app.look()
        await until(pilot, lambda: len(drawn) == 2)
        await pilot.pause()
        assert drawn == {1, 1 + len(app.view.rows)}, "the row that is another, and the sum"
        assert "1,219" in text_of(app)
        app.view.stop()

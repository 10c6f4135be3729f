"""The main screen: what it says, and what its keys do."""

import time
from datetime import datetime

import pytest

from tests.tui.scripted import NOW, ScriptedSession, console, record, until
from tui_ingest.ingest.events import (
    Counts,
    DeadLetterResolved,
    Noticed,
    Outcome,
    State,
    StoppedOnError,
    Verified,
    VerifiedState,
)
from tui_ingest.ingest.session.control import Control, StepTo
from tui_ingest.oplog.records import Malformed, Operation, RecordLocation
from tui_ingest.tui import app
from tui_ingest.tui.app import ConsoleApp, FirstFailure
from tui_ingest.tui.screens.inspector import InspectorScreen
from tui_ingest.tui.widgets.log_pane import LogPane
from tui_ingest.tui.widgets.models_table import ModelsTable
from tui_ingest.tui.widgets.throttle import Throttle


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_nothing_important_is_cut_off(desk, size):
    async with desk(size=size) as d:
        d.session.apply(*(record(n, at=NOW - 192) for n in range(20)), failing=(3,))
        d.session.apply(record(20, model="polls.choice", operation=Operation.DELETE, at=NOW - 192))
        d.session.progress(
            offset=10_231_402,
            generation_size=50_112_000,
            remaining_bytes=38 * 2**20,
            older_generations=2,
            oldest_rank=27,
            highest_rank=30,
        )
        await d.shows(
            "shop.settings · default sqlite",
            "oplog.log",
            "● RUNNING",
            "polls.choice 20",
            "polls.question",
            "saved",
            "deleted",
            "failed",
            "2 models, total",
            "now ·",
            "offset 10,231,402 / 50,112,000  20 %",
            "2 older files to go",
            "behind 3m12s",
            "38.0 MiB",
            "✗ 1 dead letter",
            "0 gaps",
            "oldest unread 27 of 30",
            "last error: polls.question 3 bad_value",
            "space Pause",
            "Dead letters",
            "? Help",
            "q Quit",
        )


async def test_a_record_is_on_the_screen_without_waiting_for_the_next_look(desk, monkeypatch):
    monkeypatch.setattr("tui_ingest.tui.app.LOOK_SECONDS", 3600.0)
    async with desk() as d:
        d.app.look()  # nothing new: the next report wakes the screen
        d.session.apply(record(7))
        await d.shows("polls.question 7")


async def test_many_reports_are_one_message():
    session, arrived = ScriptedSession(), []
    app = console(session, Control())

    def count(message):
        if isinstance(message, ConsoleApp.News):
            arrived.append(message)

    async with app.run_test(message_hook=count) as pilot:
        await until(pilot, session.started.is_set)
        arrived.clear()
        for number in range(500):
            session.apply(record(number))
        await until(pilot, lambda: app.view.status.records == 500)
        assert len(arrived) < 5
        session.control.stop()


@pytest.mark.parametrize("key", ["space", "p"])
async def test_pause_and_resume(desk, key):
    async with desk() as d:
        await d.shows("space Pause")
        await d.press(key)
        await d.until(lambda: d.control.paused)
        await d.until(lambda: d.app.view.status.state is State.PAUSED)
        await d.shows("‖ PAUSED", "space Resume")
        await d.press(key)
        await d.until(lambda: d.app.view.status.state is State.RUNNING)
        assert not d.control.paused
        await d.shows("space Pause")


async def test_step_applies_one_record_and_only_while_paused(desk):
    async with desk() as d:
        await d.press("n", "N")
        assert d.session.stepped == []
        await d.press("space", "n")
        await d.until(lambda: len(d.app.view.lines) == 1)
        await d.press("N")
        await d.until(lambda: len(d.session.stepped) == 2)
        assert d.session.stepped == [StepTo.RECORD, StepTo.FAILURE]
        assert d.control.paused


async def test_freezing_stops_the_view_and_not_the_work(desk):
    async with desk() as d:
        d.session.apply(*(record(n) for n in range(60)))
        await d.seen()
        await d.press("f")
        await d.shows("FROZEN", "f Follow")
        shown = d.text().splitlines()[5:20]
        d.session.apply(*(record(n) for n in range(100, 512)))
        await d.seen()
        assert [line[:60] for line in d.text().splitlines()[5:20]] == [line[:60] for line in shown]
        await d.shows("▼ 412 new (f to follow)", "● RUNNING")
        await d.press("f")
        await d.shows("following", "polls.question 511", gone="new (f to follow)")


async def test_what_was_there_when_the_view_was_frozen_is_not_new(desk):
    async with desk() as d:
        d.session.apply(*(record(n) for n in range(5)))
        await d.shows("polls.question 4")
        d.log.throttle.drew(d.log.size)  # and rests
        d.session.apply(*(record(n) for n in range(5, 9)))
        await d.until(lambda: d.log.records[-1].pk == "8")
        await d.press("f")
        d.session.apply(record(9))
        await d.shows("▼ 1 new", "polls.question 8")


async def test_the_frozen_view_stays_on_its_lines_while_old_ones_are_dropped(desk):
    async with desk() as d:
        d.app.view.lines._limit = 100
        d.session.apply(*(record(n) for n in range(40)))
        await d.seen()
        d.session.apply(*(record(n) for n in range(40, 80)))
        await d.seen()
        await d.press("f")
        await d.press(*["up"] * 5)
        current = d.log.current
        for batch in range(3):
            d.session.apply(*(record(n) for n in range(100 + 10 * batch, 110 + 10 * batch)))
            await d.seen()
        assert d.log.current is current
        await d.shows(f"polls.question {current.pk}")


@pytest.mark.parametrize("key", ["up", "pageup", "home", "g"])
async def test_moving_up_freezes_and_end_follows_again(desk, key):
    async with desk() as d:
        d.session.apply(*(record(n) for n in range(40)))
        await d.seen()
        await d.press(key)
        await d.until(lambda: not d.log.following)
        if key in ("home", "g"):
            await d.until(lambda: d.log.current.pk == "0")
        await d.press("end" if key == "up" else "G")
        await d.until(lambda: d.log.following)


async def test_the_wheel_and_a_click_do_what_the_keys_do(desk):
    async with desk(size=(120, 24)) as d:
        d.session.apply(*(record(n) for n in range(40)))
        await d.seen()
        await d.pilot._post_mouse_events([_scroll_up()], "#log", button=0)
        await d.until(lambda: not d.log.following)
        await d.pilot.click("#log", offset=(10, 3))
        await d.until(lambda: d.log.cursor == d.log.scroll_offset.y + 2)
        await d.pilot.click("KeyLine", offset=(3, 0))
        await d.until(lambda: d.control.paused)


def _scroll_up():
    from textual.events import MouseScrollUp

    return MouseScrollUp


async def test_filter_hides_what_does_not_match_and_counts(desk):
    async with desk() as d:
        d.session.apply(
            *(record(n) for n in range(10)),
            record(10, model="polls.choice", operation=Operation.DELETE),
            failing=(3, 4),
        )
        await d.seen()
        await d.press("slash", *"failed")
        await d.until(lambda: [line.pk for line in d.app.view.lines] == ["3", "4"])
        await d.shows("/failed/ 2 of 11")
        await d.press("enter")
        await d.until(lambda: d.app.focused is d.log)
        d.session.apply(record(11), record(12), failing=(1,))
        await d.shows("/failed/ 3 of 13")
        await d.press("escape")
        await d.until(lambda: len(d.app.view.lines) == 13)


async def test_escape_peels_one_layer_at_a_time(desk):
    async with desk() as d:
        d.session.apply(*(record(n) for n in range(10)))
        await d.seen()
        await d.press("up", "m", "slash", "9", "enter")
        await d.until(lambda: d.screen.maximized is d.log)
        await d.press("escape")
        await d.until(lambda: not d.app.view.lines.filter)
        await d.until(lambda: d.screen.maximized is d.log)
        await d.press("escape")
        await d.until(lambda: d.screen.maximized is None)
        await d.until(lambda: not d.log.following)
        await d.press("escape")
        await d.until(lambda: d.log.following)


async def test_a_filter_being_typed_swallows_no_escape_and_no_letter(desk):
    async with desk() as d:
        d.session.apply(record(1))
        await d.seen()
        await d.press("slash", "q", "space", "n")
        await d.until(lambda: d.screen.filter_input.value == "q n")
        assert not d.control.paused
        await d.press("escape")
        await d.until(lambda: not d.screen.filter_input.display)
        await d.until(lambda: len(d.app.view.lines) == 1)


async def test_markup_in_a_filter_is_text(desk):
    async with desk() as d:
        d.session.apply(record(1))
        await d.seen()
        await d.press("slash", "left_square_bracket", "slash", "x", "right_square_bracket")
        await d.shows("/[/x]/ 0 of 1")


async def test_e_goes_from_error_to_error(desk):
    async with desk() as d:
        d.session.apply(*(record(n) for n in range(30)), failing=(3, 9, 20))
        await d.seen()
        await d.press("e")
        await d.until(lambda: d.log.current.pk == "20")  # following: the latest one
        await d.until(lambda: not d.log.following)
        await d.press("E")
        await d.until(lambda: d.log.current.pk == "9")
        await d.press("E", "E")
        await d.until(lambda: d.log.current.pk == "3")
        await d.shows("No earlier failure")
        await d.press("e")
        await d.until(lambda: d.log.current.pk == "9")


async def test_e_passes_over_what_was_put_right(desk):
    async with desk() as d:
        d.session.apply(*(record(n) for n in range(9)), failing=(2, 5))
        await d.seen()
        d.app.view.lines[5].resolution = "applied"
        await d.press("e")
        await d.until(lambda: d.log.current.pk == "2")


async def test_copy_takes_the_record_as_it_stands_in_the_log(desk):
    async with desk() as d:
        d.session.apply(record(1), record(2))
        await d.seen()
        await d.press("up", "c")
        await d.until(lambda: d.app.clipboard == record(1).raw.decode())


async def test_stop_on_error_can_be_switched(desk):
    async with desk() as d:
        await d.press("b")
        await d.until(lambda: d.control.stop_on_error)
        await d.shows("stop on error")
        await d.press("b")
        await d.until(lambda: not d.control.stop_on_error)


async def test_the_models_are_sorted_by_key_and_by_click(desk):
    async with desk() as d:
        d.session.apply(
            *(record(n, model="b.few") for n in range(2)),
            *(record(n, model="a.some", operation=Operation.DELETE) for n in range(3)),
            *(record(n, model="c.many") for n in range(5)),
            failing=(0,),
        )
        await d.seen()
        table = d.screen.query_one(ModelsTable)
        await d.until(lambda: labels(table) == ["a.some", "b.few", "c.many"])
        await d.press("s")
        await d.until(lambda: labels(table) == ["c.many", "b.few", "a.some"])
        await d.press("s")
        await d.until(lambda: labels(table) == ["a.some", "b.few", "c.many"])
        heading = next(line for line in d.text().splitlines() if "failed" in line)
        failed = (heading.index("failed") - table.region.x, 1)
        await d.pilot.click(table, offset=failed)
        await d.until(lambda: table.sort_column == "failed")
        await d.until(lambda: labels(table)[0] == "b.few")
        await d.pilot.click(table, offset=failed)
        await d.until(lambda: labels(table)[-1] == "b.few")
        await d.press("S")
        await d.until(lambda: labels(table)[0] == "b.few")


def labels(table):
    return [label for label, _ in table.shown]


async def test_the_models_of_the_session_and_of_the_whole_life(desk):
    async with desk() as d:
        d.session.begin(totals={"polls.question": Counts(saved=1000)})
        d.session.apply(record(1))
        await d.shows("1,001")
        await d.press("t")
        await d.shows("Models · session", gone="1,001")


async def test_counts_of_failures_agree_or_their_difference_is_said(desk):
    fragment = Malformed("bad_line", "No record.", b"bad", RecordLocation("generation", 900, 3))
    async with desk() as d:
        d.session.apply(record(1), fragment, failing=(0, 1))
        await d.shows("(no model)", "1 model, total", "✗ 2 dead letters", gone="open of")
        d.session.report(DeadLetterResolved(at=NOW, dead_letter=100, status="discarded", counts={}))
        await d.shows("1 open of 2 failed", "✗ 1 dead letter")


async def test_what_became_of_a_letter_that_came_and_went_while_the_pane_rested_is_drawn(desk):
    async with desk() as d:
        d.log.throttle = Throttle(1e-6)  # rests for ever once it has drawn
        d.session.apply(record(1), failing=(0,))
        await d.shows("✗ bad_value", "✗ 1 dead letter")
        d.session.report(DeadLetterResolved(at=NOW, dead_letter=100, status="applied", counts={}))
        await d.shows("0 dead letters")
        d.log.throttle = Throttle(1e6)
        await d.shows("✓ applied")


async def test_what_digests_say_of_a_model_is_in_its_row(desk):
    def verdict(state, rows, differing=None):
        return Verified(
            state=state,
            rows=rows,
            source_rows=4,
            differing=differing,
            at=NOW,
            position=0,
            reason="",
        )

    at = datetime.fromtimestamp(NOW).astimezone()
    async with desk(size=(200, 50)) as d:
        d.session.apply(record(1))
        await d.shows("polls.question", gone="verified")
        d.session.verified("polls.question", verdict(VerifiedState.EQUAL, 4))
        d.session.verified("a.few", verdict(VerifiedState.DIFFERS, 3))
        d.session.verified("b.some", verdict(VerifiedState.DIFFERS, 4, differing=2))
        d.session.verified("c.other", verdict(VerifiedState.DIFFERS, 4))
        d.session.verified("d.late", verdict(VerifiedState.EXPLAINED, 3))
        await d.shows("verified", f"✓ {at:%H:%M}", "≠ 1 row", "≠ 2 rows", "≠ values", "≈ explained")
        await d.shows("5 models, total")


async def test_hundreds_of_models_scroll_under_their_sum(desk):
    async with desk() as d:
        d.session.apply(*(record(n, model=f"app.model{n:03}") for n in range(300)))
        await d.seen()
        await d.press("2")
        await d.until(lambda: d.app.focused.id == "models")
        await d.shows("app.model000")
        await d.press("end")
        await d.shows("app.model299", "300 models, total")
        d.session.apply(record(1, model="app.later"))
        await d.seen()
        await d.shows("301 models, total")
        assert d.screen.query_one(ModelsTable).current[0] == "app.model299", "the cursor stays"


async def test_a_maximised_pane_has_the_screen_and_gives_it_back(desk):
    async with desk() as d:
        await d.press("2", "m")
        await d.until(lambda: d.screen.maximized.id == "models")
        await d.press("m")
        await d.until(lambda: d.screen.maximized is None)
        await d.press("1")
        await d.until(lambda: d.app.focused is d.log)


async def test_what_happened_stands_in_the_log(desk):
    async with desk() as d:
        d.session.report(Noticed(at=NOW, kind="rotated", message="oplog.log.2 is finished."))
        d.session.apply(record(1), outcomes={0: Outcome.SKIPPED})
        await d.shows("rotated: oplog.log.2 is finished.")


async def test_waiting_says_for_what_and_when(desk):
    async with desk() as d:
        d.session.state(State.WAITING, reason="database: it is locked", attempt=3, retry_at=NOW + 4)
        await d.shows("◌ WAITING", "retry in 4 s, attempt 3 · database: it is locked")


async def test_the_palette_runs_every_action(desk):
    async with desk() as d:
        await d.press("ctrl+p", *"pause")
        await d.until(lambda: d.screen.query("OptionList").first().option_count > 0)
        await d.press("enter")
        await d.until(lambda: d.control.paused)


async def test_a_terminal_that_changes_its_size_goes_on_following(desk):
    async with desk(size=(120, 20)) as d:
        d.session.apply(*(record(n) for n in range(40)))
        await d.seen()
        for size in ((120, 50), (80, 24), (200, 40), (100, 15)):
            await d.pilot.resize_terminal(*size)
            await d.shows("question 39")  # where it is narrow, the model is cut
            assert d.log.following


async def test_narrow_and_wide_are_two_layouts(desk):
    async with desk(size=(99, 30)) as d:
        models = d.screen.query_one(ModelsTable)
        await d.until(lambda: models.region.y >= d.log.region.bottom > 0)
        await d.pilot.resize_terminal(100, 30)
        await d.until(lambda: models.region.x >= d.log.region.right > 0)


async def test_of_long_names_both_ends_and_the_key_are_shown(desk):
    label = "an_application_with_a_long_name.a_model_with_a_rather_long_name_"
    async with desk(size=(80, 24)) as d:
        for end in ("one", "two"):
            line = record(1, model=label + end, pk=4711)
            d.session.apply(line)
            d.session.apply(line, failing=(0,))
        await d.shows(*(f"_{end} 4711" for end in ("one", "two")), "✗")
        text = d.text()
        assert text.count("an_application_with_a_long_….a_model") == 2, text
        assert text.count("one 4711") == text.count("two 4711") == 2
        assert "name_one  " in text, "in the table of models, too"


async def test_the_count_of_failures_is_the_last_to_be_left_out(desk):
    async with desk(size=(100, 24)) as d:
        d.session.apply(record(1), record(2), failing=(0,))
        await d.shows("model▴", "saved", "deleted", "failed")
        d.session.begin(totals={"polls.question": Counts(saved=10**9, deleted=10**9, failed=1)})
        d.session.apply(record(3))
        await d.shows("1,000,000,001", "failed", gone="deleted")


async def test_a_maximised_table_has_all_rows_of_a_small_screen(desk):
    async with desk(size=(80, 24)) as d:
        d.session.apply(*(record(n, model=f"app.model{n:03}") for n in range(300)))
        await d.shows("300 models")
        await d.press("2", "m")
        await d.shows("app.model000", "app.model018", "300 models, total")


async def test_a_pane_without_lines_says_why(desk):
    async with desk() as d:
        await d.shows("no record since the console began")
        d.session.apply(record(1))
        await d.shows("polls.question 1", gone="no record since")
        await d.press("slash", *"nowhere")
        await d.shows(
            "none of 1 matches", "enter Keep this filter", "esc Clear it", gone="/ Filter"
        )


async def test_no_file_yet_names_the_file(desk):
    async with desk(size=(80, 24)) as d:
        d.session.progress(exists=False)
        d.session.state(State.NO_FILE_YET)
        await d.shows("no file yet", "no log yet: /var/log/shop/oplog.log does not exist")
        d.session.progress(exists=False, offset=100)
        await d.shows("○ FILE GONE", "the log is gone: /var/log/shop/oplog.log does not exist")


async def test_a_batch_that_does_not_end_is_told(desk):
    now = [NOW]
    async with desk(clock=lambda: now[0]) as d:
        d.session.progress(remaining_bytes=500)
        await d.shows("● RUNNING", "500 B", gone="is the database busy?")
        now[0] += 42
        await d.shows("no record for 42s: is the database busy?")
        d.session.apply(record(1))
        await d.shows("polls.question 1", gone="is the database busy?")


async def test_the_palette_offers_what_the_console_does_and_the_screens_actions_first(desk):
    async with desk(size=(120, 60)) as d:
        await d.press("ctrl+p")
        await d.shows("Pause  (space)", "Next error  (e)", "Copy record  (c)", gone="Scroll")
        assert "does nothing" not in d.text()
        assert not d.text().splitlines()[0].strip()  # nothing is drawn of the screen below


async def test_the_state_is_the_last_to_be_cut(desk):
    async with desk(size=(30, 6)) as d:
        await d.shows("● RUNNING")


async def test_what_the_session_stopped_on_is_inspected_by_its_button_while_lines_are_read(desk):
    async with desk(database="no_such_alias") as d:
        d.session.apply(*(record(n) for n in range(40)))
        stop = StoppedOnError(
            at=NOW,
            location=record(99).location,
            operation="SAVE",
            model="polls.question",
            pk="99",
            reason="bad_value",
            error="It is wrong.",
            traceback="",
            raw=record(99).raw,
        )
        d.session.report(stop)
        d.session.state(State.STOPPED_ON_ERROR)
        await d.shows("Inspect (enter)", "polls.question 99 at byte 9,900")
        await d.press("up")
        await d.shows("Retry (r)", gone="Inspect (enter)")
        await d.pilot.click("#inspect")
        await d.at(InspectorScreen)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_what_counts_something_is_shown_before_what_does_not(desk, size):
    async with desk(size=size) as d:
        lost = [record(n, operation=Operation.DELETE) for n in range(3)]
        d.session.apply(
            *lost, outcomes={0: Outcome.MISSING, 1: Outcome.MISSING, 2: Outcome.SKIPPED}
        )
        await d.shows("missing", "skipped")
        others = [record(9), record(10), record(11, operation=Operation.DELETE)]
        d.session.apply(*others, failing=(0,))
        await d.shows("saved", "deleted", "failed", "missing", "skipped", "polls.question")


async def test_copying_says_what_was_tried_and_what_else_there_is(desk, monkeypatch):
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    async with desk() as d:
        d.session.apply(record(1))
        await d.seen()
        await d.press("up", "c")
        await d.shows(
            "Sent the record to the terminal", "set-clipboard on", "Y writes it", gone="Copied"
        )


async def test_a_record_is_written_to_a_new_file_and_none_is_overwritten(
    desk, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    async with desk() as d:
        d.session.apply(record(1))
        await d.seen()
        await d.press("up", "Y")
        await d.shows("Wrote the record to")
        (path,) = tmp_path.iterdir()
        assert path.read_bytes() == record(1).raw + b"\n"
        path.write_bytes(b"mine")
        await d.press("Y")
        await d.shows("That did not work")
        assert path.read_bytes() == b"mine"


async def test_ctrl_c_names_the_key_that_the_footer_names(desk):
    async with desk() as d:
        await d.shows("q Quit")
        await d.press("ctrl+c")
        await d.shows("q quits.")


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_places_and_outcomes_stand_in_columns_whatever_became_of_a_record(desk, size):
    async with desk(size=size) as d:
        d.session.apply(
            record(1),
            record(22, model="polls.choice", operation=Operation.DELETE),
            record(333),
            failing=(2,),
            error="polls.question 333: the field text does not take 'x'.",
            outcomes={1: Outcome.MISSING},
        )
        await d.shows("✗ bad_value: th")
        lines = [
            next(line for line in d.text().splitlines() if f"{pk} " in line)
            for pk in ("question 1", "choice 22", "question 333")
        ]
        ends = {
            line.index(f" {place} ") + len(place)
            for line, place in zip(lines, ("100", "2200", "33300"), strict=True)
        }
        signs = {line.index(sign) for line, sign in zip(lines, (" ok", " ○", " ✗"), strict=True)}
        assert len(ends) == len(signs) == 1, "\n".join(lines)


async def test_what_a_record_has_besides_is_said_in_words(desk):
    several = record(10)
    several.objects.append(record(11, model="polls.choice").objects[0])
    async with desk(size=(200, 50)) as d:
        d.session.apply(several)
        await d.shows("polls.question 10 and 1 more")


async def test_times_say_in_which_zone_they_are(desk, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        async with desk() as d:
            d.session.apply(record(1))
            d.session.progress(exists=True)
            d.session.state(State.CAUGHT_UP)
            await d.shows("Log · following · JST", "source idle since", "07:13:20 JST")
    time.tzset()


async def test_some_rows_are_in_sight_in_the_smallest_terminal(desk):
    async with desk(size=(40, 10)) as d:
        d.session.apply(*(record(n) for n in range(9)))
        await d.shows("…question 7 ", "…question 8 ", "● RUNNING", "space Pause")
        await d.shows("? Help", "q Quit")  # whatever else has no room


async def test_a_filter_draws_nothing_while_nothing_changes(desk, monkeypatch):
    drawn = []
    draw = LogPane.render_line
    monkeypatch.setattr(LogPane, "render_line", lambda pane, y: drawn.append(y) or draw(pane, y))
    async with desk() as d:
        d.session.apply(record(1), record(2))
        await d.seen()
        await d.press("slash", *"question", "enter")
        await d.shows("/question/ 2 of 2")
        drawn.clear()
        for _ in range(3):
            d.app.look()
            await d.pilot.pause()
        assert drawn == []


async def test_behind_a_dialog_the_screen_is_drawn_seldom_and_at_once_without_it(desk, monkeypatch):
    monkeypatch.setattr(app, "BEHIND_SECONDS", 1e9)
    async with desk(paused=True) as d:
        await d.shows("‖ PAUSED")
        await d.press("at")
        await d.shows("nothing is applied")
        d.session.apply(record(1))
        d.app.look()
        await d.pilot.pause()
        assert "question 1" not in d.text()
        await d.press("escape")
        await d.shows("question 1")


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        (["z"], "z does nothing here. ? lists what does."),
        (["space", "n"], "there is no record to step to"),
        (["space", "N"], "there is no record to step to"),
        (["c"], "is no record"),
        (["Y"], "is no record"),
        (["v", "z"], "z does nothing here"),
    ],
)
async def test_no_key_is_mute(desk, keys, why):
    async with desk(database="no_such_alias") as d:
        d.session.progress(exists=True)
        await d.seen()
        await d.press(*keys)
        await d.shows(why)


async def test_the_records_that_the_filter_lets_through_are_exported(desk, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with desk() as d:
        await d.press("w")
        await d.shows("No record is shown that could be written.")
        d.session.apply(record(1), record(2, model="polls.choice"), record(3))
        await d.seen()
        await d.press("slash", *"-model:polls.choice", "enter", "w")
        await d.shows("Write 2 records as they stand in the log to a new file")
        await d.press("enter")
        await d.shows("Wrote 2 records to")
    (path,) = tmp_path.glob("records-*.log")
    assert path.read_bytes() == b"".join(record(n).raw + b"\n" for n in (1, 3))


def test_the_first_failure_after_a_quiet_time_is_news():
    failures = FirstFailure()
    looks = [(0, 0), (1, 10), (1, 20), (2, 500), (5, 1101), (5, 9000), (6, 9001)]
    assert [failures.is_news(set_aside, now) for set_aside, now in looks] == [
        False,
        True,
        False,
        False,
        True,
        False,
        True,
    ]

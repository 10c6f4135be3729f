"""How far behind, how fast, how dangerous: in words that do not mislead."""

import pytest

from tests.tui.scripted import NOW
from tui_ingest.ingest.events import SessionEnded, State
from tui_ingest.ingest.status import SessionStatus
from tui_ingest.oplog.log import Backlog
from tui_ingest.tui.view import formats, wording
from tui_ingest.tui.view.rates import RateHistory, Trend
from tui_ingest.tui.view.wording import Tone


def behind(seconds, **facts):
    return SessionStatus(
        **{
            "state": State.RUNNING,
            "last_record_time": NOW - seconds,
            "backlog": Backlog(exists=True, remaining_bytes=1000),
            **facts,
        }
    )


@pytest.mark.parametrize(
    ("seconds", "text", "tone"),
    [
        (0.2, "behind <1s", Tone.GOOD),
        (9, "behind 9s", Tone.GOOD),
        (10, "behind 10s", Tone.WARNING),
        (20, "behind 20s", Tone.BAD),
        (192, "behind 3m12s", Tone.BAD),
        (-30, "behind <1s", Tone.GOOD),  # the source's clock is ahead
    ],
)
def test_lag_is_the_age_of_the_last_applied_record(seconds, text, tone):
    assert wording.lag(behind(seconds), NOW, Trend()) == wording.Phrase(text, tone)


def test_a_session_that_stands_still_with_records_unread_is_behind_and_more_so_each_second():
    paused = behind(5, state=State.PAUSED)
    assert wording.lag(paused, NOW, Trend()).text == "behind 5s"
    assert wording.lag(paused, NOW + 60, Trend()).text == "behind 1m05s"


def test_with_nothing_unread_the_source_is_idle_not_the_lag_zero():
    done = behind(3600, state=State.CAUGHT_UP, backlog=Backlog(exists=True))
    said = wording.lag(done, NOW, Trend()).text
    assert said == f"caught up · source idle since {formats.moment(NOW - 3600, NOW)}"


@pytest.mark.parametrize(
    ("silence", "text", "tone"),
    [
        (31, "caught up · source idle since", Tone.GOOD),
        (200, "source silent for 3m20s", Tone.WARNING),
    ],
)
def test_a_quiet_source_is_not_late_unless_it_gives_no_sign_of_life(silence, text, tone):
    heard = Backlog(exists=True, heard_at=NOW - silence)
    said = wording.lag(behind(3600, state=State.CAUGHT_UP, backlog=heard), NOW, Trend())
    assert text in said.text
    assert said.tone is tone


def test_an_unfinished_line_is_nothing_to_be_behind_of():
    waiting = Backlog(exists=True, remaining_bytes=40, partial_bytes=40)
    assert wording.lag(behind(100, backlog=waiting), NOW, Trend()).text.startswith("keeping up")


def test_a_paused_session_does_not_call_itself_caught_up():
    paused = behind(3600, state=State.PAUSED, backlog=Backlog(exists=True))
    assert wording.lag(paused, NOW, Trend()).text.startswith("nothing unread")


def test_before_the_first_record_there_is_no_lag_in_seconds():
    unread = behind(0, last_record_time=None)
    assert wording.lag(unread, NOW, Trend()).text == "behind: nothing applied yet"


@pytest.mark.parametrize(
    ("oldest", "highest", "tone"),
    [
        (None, None, None),
        (1, 30, None),
        (23, 30, None),
        (27, 30, Tone.WARNING),
        (30, 30, Tone.BAD),
        (2, 2, None),
    ],
)
def test_the_margin_is_told_when_it_gets_small(oldest, highest, tone):
    said = wording.margin(Backlog(exists=True, oldest_rank=oldest, highest_rank=highest))
    assert (said and said.tone) == tone
    if said:
        assert said.text == f"oldest unread {oldest} of {highest}"


def test_every_state_has_a_sign_and_a_word_of_its_own():
    badges = [
        wording.badge(SessionStatus(state=state), pausing=False, stopping=False).text
        for state in State
    ]
    signs, words = zip(*(badge.split(" ", 1) for badge in badges), strict=True)
    assert len(set(words)) == len(State)
    assert len(set(signs)) >= len(State) - 1  # finished and stopped share theirs


def test_the_badge_says_what_was_ordered_before_it_is_done():
    running = SessionStatus(state=State.RUNNING)
    assert wording.badge(running, pausing=True, stopping=False).text == "‖ PAUSING"
    assert wording.badge(running, pausing=True, stopping=True).text == "■ STOPPING"
    failed = SessionStatus(ended=SessionEnded(at=NOW, state=State.STOPPED, error="No table."))
    assert wording.badge(failed, pausing=False, stopping=True).text == "✗ FAILED"


def test_waiting_counts_down():
    waiting = behind(
        5, state=State.WAITING, reason="database: locked", attempt=3, retry_at=NOW + 4.2
    )
    said = [phrase.text for phrase in phrases_of(waiting)]
    assert said[-1] == "retry in 4 s, attempt 3 · database: locked"


def test_the_status_line_answers_in_a_fixed_order():
    snapshot = behind(
        192,
        backlog=Backlog(exists=True, remaining_bytes=38 * 2**20, oldest_rank=27, highest_rank=30),
        dead_letters=7,
        gaps=1,
        stop_on_error=True,
        last_error="polls.choice 9 bad_value: …",
    )
    trend = Trend()
    trend.sample(0, 48 * 2**20)
    trend.sample(10, 38 * 2**20)
    assert [phrase.text for phrase in phrases_of(snapshot, trend)] == [
        "behind 3m12s ↓",
        "38.0 MiB left",
        "ETA 0:38",
        "✗ 7 dead letters",
        "! 1 gap",
        "oldest unread 27 of 30",
        "stop on error",
        "last error: polls.choice 9 bad_value: …",
    ]


def phrases_of(snapshot, trend=None):
    return wording.phrases(snapshot, trend or Trend(), now=NOW)


def test_a_growing_backlog_has_no_end():
    trend = Trend()
    trend.sample(0, 100)
    trend.sample(5, 200)
    assert (trend.arrow, trend.seconds_left) == ("↑", None)
    assert phrases_of(behind(5), trend)[2].text == "ETA –"


def test_a_trend_needs_a_moment():
    trend = Trend()
    trend.sample(0, 100)
    trend.sample(0.2, 50)
    assert (trend.arrow, trend.seconds_left) == ("", None)


def test_rates_have_one_bar_a_second_a_present_and_a_peak():
    rates = RateHistory()
    for tick in range(51):  # ten seconds, five looks each
        rates.sample(tick / 5, 100 * min(tick, 25))
    assert list(rates.bars) == [500, 500, 500, 500, 500, 0, 0, 0, 0, 0]
    assert (rates.peak, rates.now) == (500, 0)


@pytest.mark.parametrize(
    ("text", "width", "fitted"),
    [
        ("abc", 5, "abc  "),
        ("abcdef", 4, "abc…"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日 …"),
        ("a", 0, ""),
    ],
)
def test_text_is_fitted_to_cells_not_characters(text, width, fitted):
    assert formats.fit(text, width) == fitted


def test_of_a_path_the_end_is_kept():
    assert formats.shorten_start("/var/log/shop/oplog.log", 14) == "…hop/oplog.log"
    assert formats.shorten_start("oplog.log", 14) == "oplog.log"


def test_times_no_calendar_has_are_shown_as_unknown():
    assert formats.time_of_day(1e300) == "--:--:--"
    assert formats.date_and_time(float("nan")) == "unknown"


@pytest.mark.parametrize(
    ("label", "key", "width", "shown"),
    [
        ("polls.choice", "9", 20, "polls.choice 9"),
        ("polls.choice", "", 20, "polls.choice"),
        ("polls.choice", "1234567", 15, "…choice 1234567"),
        ("polls.choice", "x" * 40, 15, "p…ice xx…xxxxxx"),
        ("polls.participant", "426", 18, "p….participant 426"),
        ("日本語.日本語", "9", 10, "…日本語 9"),
        ("polls.choice", "9", 0, ""),
    ],
)
def test_of_a_model_and_a_key_the_key_is_cut_last(label, key, width, shown):
    assert formats.subject(label, key, width) == shown


def test_caught_up_with_open_dead_letters_is_not_all_well():
    status = SessionStatus(state=State.CAUGHT_UP, dead_letters=14)
    shown = wording.badge(status, pausing=False, stopping=False)
    assert shown == wording.Phrase("✓ CAUGHT UP · 14 open", Tone.WARNING)


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED, State.WAITING, State.STOPPED])
def test_the_age_of_old_records_is_no_lag_whatever_the_session_does(state):
    old = 1093 * 86_400
    said = [phrase.text for phrase in phrases_of(behind(old, state=state))]
    assert said[:2] == [f"in a backlog, at {formats.moment(NOW - old, NOW)}", "1000 B left"]


def test_a_backlog_that_grows_is_a_lag_however_old_its_records_are():
    old = 3 * 86_400
    trend = Trend()
    trend.sample(0, 1000, NOW - old - 2)
    trend.sample(10, 2000, NOW - old)
    said = phrases_of(behind(old), trend)[0]
    assert said == wording.Phrase("behind 3d00h ↑", Tone.BAD)


def test_old_files_that_are_found_while_they_are_applied_are_no_lag():
    old = 3 * 86_400
    trend = Trend()
    trend.sample(0, 1000, NOW - old - 60)
    trend.sample(10, 2000, NOW - old)
    assert phrases_of(behind(old), trend)[0].text.startswith("in a backlog, at ")

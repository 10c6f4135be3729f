"""Lines kept, filtered and searched."""

import pytest

from tests.tui.scripted import record
from tui_ingest.ingest.events import Outcome, Severity
from tui_ingest.oplog.records import Operation
from tui_ingest.tui.view.filtering import Filter
from tui_ingest.tui.view.line_buffer import VOCABULARY, LineBuffer
from tui_ingest.tui.view.lines import ElidedLine, MarkerLine, record_line


def line(number, outcome=Outcome.SAVED, **facts):
    return record_line(record(number, **facts), outcome)


LINES = {
    "question": line(17, fields={"question_text": "Which red?"}),
    "choice": line(9, Outcome.DELETED, model="polls.choice", operation=Operation.DELETE),
    "failed": line(4, Outcome.FAILED, model="shop.order"),
    "skipped": line(5, Outcome.SKIPPED, model="sessions.session"),
    "missing": line(6, Outcome.MISSING, operation=Operation.DELETE),
    "elided": ElidedLine(812),
    "gap": MarkerLine(at=0.0, kind="gap", text="Three files are gone.", severity=Severity.ERROR),
}
LINES["failed"].note = "missing_parent: no customer 3"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", set(LINES)),
        ("RED", {"question"}),
        ("op:delete", {"choice", "missing"}),
        ("op:d model:choice", {"choice"}),
        ("model:polls", {"question", "choice", "missing"}),
        ("ok", {"question", "choice"}),
        ("failed", {"failed"}),
        ("missing", {"missing"}),
        ("skipped", {"skipped"}),
        ("customer", {"failed"}),
        ("files gone", {"gap"}),
        ("nowhere", set()),
        ("-failed", set(LINES) - {"failed", "elided"}),
        ("-model:polls -gone", {"failed", "skipped"}),
        ("pk:17", {"question"}),
        ("pk:1", set()),
        ("model:polls pk:9", {"choice"}),
        ("reason:missing", {"failed"}),
        ("reason:customer", set()),
        ("time:2023-11", {"question", "choice", "failed", "skipped", "missing"}),
        ("model:", set(LINES) - {"elided"}),
        ('"which red"', {"question"}),
        ('-"which red" model:question', {"missing"}),
        ("which -", {"question"}),
    ],
)
def test_a_filter_lets_through_what_matches_all_its_terms(typed, found):
    buffer = LineBuffer()
    buffer.extend(list(LINES.values()))
    buffer.apply(typed)
    names = {id(shown): name for name, shown in LINES.items()}
    assert {names[id(shown)] for shown in buffer} == found


@pytest.mark.parametrize("typed", ["modle:polls", "-kind:gap", "red http://nowhere"])
def test_a_key_that_a_list_does_not_have_is_said(typed):
    wanted = Filter.parse(typed, VOCABULARY)
    assert not any(map(wanted.matches, LINES.values()))
    assert wanted.unknown.startswith('no key "')
    assert "op: model: pk: reason: time:" in wanted.unknown


def test_a_failure_that_was_put_right_is_no_failure_any_more():
    repaired = line(1, Outcome.FAILED)
    repaired.resolution = "applied"
    assert not Filter.parse("failed", VOCABULARY).matches(repaired)
    assert Filter.parse("ok", VOCABULARY).matches(repaired)


def test_the_oldest_lines_go_first():
    buffer = LineBuffer(limit=4)
    buffer.extend([line(n) for n in range(4)])
    assert (buffer.came, buffer.dropped) == (4, 0)
    buffer.extend([ElidedLine(10), *(line(n) for n in range(4, 8))])
    assert (buffer.came, buffer.dropped) == (18, 5)
    assert [shown.pk for shown in buffer] == ["4", "5", "6", "7"]


def test_under_a_filter_only_shown_lines_count_as_dropped():
    buffer = LineBuffer(limit=4)
    buffer.extend([line(0), line(1, Outcome.FAILED), line(2), line(3, Outcome.FAILED)])
    buffer.apply("failed")
    buffer[0].resolution = "applied"  # it does not match any more, and yet it is shown
    buffer.extend([line(4), line(5, Outcome.FAILED)])
    assert buffer.dropped == 1
    assert [shown.pk for shown in buffer] == ["3", "5"]
    buffer.apply("")
    assert [shown.pk for shown in buffer] == ["2", "3", "4", "5"]


def test_failures_are_found_in_both_directions():
    buffer = LineBuffer()
    buffer.extend([line(n, Outcome.FAILED if n in (2, 5) else Outcome.SAVED) for n in range(8)])
    assert buffer.next_failure(-1, 1) == 2
    assert buffer.next_failure(2, 1) == 5
    assert buffer.next_failure(5, 1) is None
    assert buffer.next_failure(8, -1) == 5
    assert buffer.next_failure(5, -1) == 2
    assert buffer.next_failure(2, -1) is None

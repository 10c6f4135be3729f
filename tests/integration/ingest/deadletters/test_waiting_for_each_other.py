"""Rows that need each other, or have exchanged values, are right however their log is cut."""

import pytest

from tests.project.office.models import Department, Page, Person, Remark, Slot
from tests.support.lines import line
from tests.support.office import (
    HISTORIES,
    PAGES,
    STAFF,
    department,
    item,
    open_letters,
    page,
    person,
    save,
    try_all_cuts,
)
from tui_ingest.ingest import deadletters

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])


@pytest.mark.parametrize("name", HISTORIES)
def test_wherever_the_log_is_cut_the_rows_are_right(tmp_path, database, name):
    try_all_cuts(tmp_path, database, name)


@pytest.mark.parametrize("database", ["postgres"])
@pytest.mark.parametrize("size", [1, 7, 20, 40])
def test_values_that_are_judged_at_the_end_of_a_transaction(target, size):
    target.accept(*(save("slot", pk, place=pk) for pk in range(40)))
    exchange = [save("slot", pk, place=(pk + 20) % 40) for pk in range(40)]
    for start in range(0, 40, size):
        target.apply(*exchange[start : start + size])
        assert all(letter.waiting_for_key for letter in target.letters())
    places = target.rows(Slot).order_by("pk").values_list("place", flat=True)
    assert list(places) == [*range(20, 40), *range(20)]
    assert open_letters(target) == []


def test_the_objects_of_a_record_are_judged_at_its_end(target):
    target.accept(*PAGES, *STAFF)
    target.accept(
        line(
            "SAVE", item("page", 1, path="c"), item("page", 3, path="b"), item("page", 2, path="a")
        )
    )
    target.accept(
        line(
            "SAVE",
            item("department", 2, name="d2", head=7),
            item("person", 7, department=2, badge=7, boss=None),
        )
    )
    assert list(target.rows(Page).order_by("pk").values_list("path", flat=True)) == ["c", "a", "b"]
    assert target.row(Department, pk=2).head_id == 7
    assert target.rows(Remark).count() == 3


def test_a_row_that_keeps_its_value_is_waited_for(target):
    target.accept(*PAGES)
    letter = target.refuse(page(4, "a"))
    assert (letter.waiting_for_model, letter.waiting_for_key) == ("office.page", "1")
    target.apply(save("page", 1, path="a", title="as before"))
    assert [one.attempts for one in target.letters()] == [1]
    target.apply(page(1, "z"))
    assert open_letters(target) == []
    assert target.row(Page, pk=4).path == "a"


def test_a_partner_that_fails_leaves_everything_as_it_was(target):
    target.accept(*PAGES)
    target.apply(page(1, "b"), save("page", 2, path="a", title="far too long for that column" * 9))
    # On SQLite any length will do.
    expected = ["b", "a"] if target.database == "default" else ["a", "b"]
    found = target.rows(Page).filter(pk__lt=3).order_by("pk").values_list("path", flat=True)
    assert list(found) == expected
    target.apply(page(2, "a"))
    assert list(found.all()) == ["b", "a"]
    assert open_letters(target) == []


def test_retried_by_an_operator_they_are_applied_together(target):
    target.apply(department(1, head=1))
    target.apply(save("person", 1, department=1, badge="a number", boss=None))
    first, second = target.letters()
    deadletters.edit(target.engine(), second.pk, person(1, of=1))
    last = {}
    for result in deadletters.retry_all(target.engine(), [first.pk, second.pk]):
        last[result.dead_letter] = result.status
    assert last == {first.pk: "applied", second.pk: "applied"}
    assert target.total("office.person") == {"saved": 1}
    assert target.row(Department).head_id == 1


def edited(target, *pairs):
    """Have records refused, each for a value, and each put right by hand."""
    letters = [target.refuse(bad) for bad, _ in pairs]
    assert {letter.reason for letter in letters} <= {"bad_value", "unknown_field"}
    for letter, (_, good) in zip(letters, pairs, strict=True):
        deadletters.edit(target.engine(), letter.pk, good)
    return letters


HEAD_AND_STAFF = [
    (department(1, head="?"), department(1, head=1)),
    (person(1, of=1, badge="?"), person(1, of=1)),
]


def test_carefully_what_was_edited_is_applied_together_if_it_needs_each_other(target):
    head, staff = edited(target, *HEAD_AND_STAFF)
    outcome = [
        (r.dead_letter, r.status) for r in deadletters.retry_carefully(target.engine(), [head.pk])
    ]
    assert outcome == [(head.pk, "applied"), (staff.pk, "applied")]
    assert target.row(Department).head_id == 1
    assert target.total("office.person") == {"saved": 1}


def test_carefully_one_comes_after_the_edited_one_that_it_needs(target):
    remark, written = edited(
        target,
        (save("remark", 1, page="?"), save("remark", 1, page=7)),
        (save("page", 7, path="a", colour="?"), page(7, "a")),
    )
    results = [*deadletters.retry_carefully(target.engine(), [remark.pk])]
    assert [r.dead_letter for r in results if r.applied] == [written.pk, remark.pk]
    assert [r for r in results if r.error] == []
    assert target.row(Remark).page_id == 7


def test_carefully_means_up_to_the_first_that_fails_with_all_that_it_needs(target):
    letters = edited(
        target,
        *HEAD_AND_STAFF,
        (person(2, of=1, badge="?"), person(2, of=1, boss=9)),  # who is in no record at all
        (person(3, of=1, badge="?"), person(3, of=1)),
    )
    chosen = [letter.pk for letter in letters]
    *applied, last = deadletters.retry_carefully(target.engine(), chosen)
    assert {r.status for r in applied} == {"applied"}
    assert (last.dead_letter, last.status) == (letters[2].pk, "open")
    assert "office.person id=9, which is not here" in last.error
    statuses = list(target.letters().values_list("status", flat=True))
    assert statuses == ["applied", "applied", "open", "open"]


def test_who_waits_for_somebody_that_waits_is_no_sign_of_a_wrong_environment(target):
    target.apply(department(1, head=1))
    staff = [person(n, of=1, boss=n - 1) for n in range(2, 100)]
    assert target.apply(*staff, max_consecutive_failures=10).set_aside == 98
    target.apply(person(1, of=1), max_consecutive_failures=10)
    assert open_letters(target) == []
    assert target.rows(Person).filter(boss__isnull=False).count() == 98
    assert target.total("office.person") == {"saved": 99}


def test_who_waits_for_a_unique_value_is_no_sign_of_it_either(target):
    target.accept(*(page(n, f"a{n}") for n in range(100)))
    exchanged = [page(n, f"a{(n + 50) % 100}") for n in range(100)]
    assert target.apply(*exchanged[:50], max_consecutive_failures=10).set_aside == 50
    target.apply(*exchanged[50:], max_consecutive_failures=10)
    assert open_letters(target) == []
    assert target.row(Page, pk=7).path == "a57"


def test_who_waits_for_somebody_that_failed_for_another_reason_is_a_sign_of_it(target):
    pages = (save("page", n, path=f"a{n}", colour="red") for n in range(50))
    remarks = (save("remark", n, page=n) for n in range(50))
    family = [line for pair in zip(pages, remarks, strict=True) for line in pair]
    with pytest.raises(AssertionError, match="10 records in a row failed"):
        target.apply(*family, max_consecutive_failures=10)
    assert target.letters().count() == 10


def test_what_kept_a_record_waiting_may_be_overtaken(target):
    target.apply(department(1, head=2), page(3, "taken"))
    whole = item("person", 2, department=1, badge=2, boss=None), item("page", 4, path="taken")
    target.apply(line("SAVE", *whole))
    assert len(open_letters(target)) == 2
    target.apply(page(4, "free"))
    assert open_letters(target) == []
    assert target.row(Department).head_id == 2
    assert target.row(Page, pk=4).path == "free"

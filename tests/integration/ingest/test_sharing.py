"""Who is given a log by whom, when several processes know the same logs."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from tui_ingest.ingest import leases, orders, sharing
from tui_ingest.ingest.leases import Owner
from tui_ingest.ingest.orders import OrderKind
from tui_ingest.ingest.target import Target
from tui_ingest.models import Order, ProcessedFile

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])


class Process:
    """One on another machine, with a session for each of the logs that it knows."""

    def __init__(self, database, pid, logs):
        self.target, self.pid = Target(database), pid
        self.sessions = {
            log: Owner(id=f"elsewhere.1.{pid}-{log}", host="web", pid=pid) for log in logs
        }

    def take(self, *logs):
        for log in logs:
            self.target.rows(ProcessedFile).get_or_create(file_path=log)
            assert leases.take(self.target, log, self.sessions[log], seconds=20)

    @property
    def held(self):
        rows = self.target.rows(ProcessedFile).filter(owner_pid=self.pid)
        return set(rows.values_list("file_path", flat=True))

    def ask(self):
        sharing.ask(
            self.target,
            {log: owner for log, owner in self.sessions.items() if log not in self.held},
        )

    def obey(self):
        """Do what a session does with orders."""
        moved = 0
        for order in orders.unanswered(self.target):
            log = order.file.file_path
            if log not in self.held:
                continue
            me, heir = self.sessions[log], orders.heir_of(order)
            if sharing.is_fair(self.target, me, heir):
                leases.hand_over(self.target, log, me, heir)
                orders.answer(self.target, order, "Handed over.")
                moved += 1
            else:
                orders.answer(self.target, order, "No.", refused=True)
        return moved


def logs(number):
    return [f"/logs/{n}" for n in range(number)]


def test_who_has_fewer_asks_until_the_shares_are_even_and_then_no_more(database):
    one, other, third = (Process(database, pid, logs(20)) for pid in (1, 2, 3))
    one.take(*logs(20))
    other.ask()
    other.ask()  # what was ordered already counts
    assert one.obey() == 10
    third.ask()
    assert one.obey() + other.obey() == 6
    assert sorted(len(p.held) for p in (one, other, third)) == [6, 7, 7]
    for process in (one, other, third):
        process.ask()
    assert not orders.unanswered(one.target).exists()
    assert set(Counter(Order.objects.using(database).values_list("status", flat=True))) == {"done"}


def test_what_was_asked_for_too_often_is_not_given(database):
    one, other, third = (Process(database, pid, logs(12)) for pid in (1, 2, 3))
    one.take(*logs(12))
    for process in (other, third):  # neither knows of the other one
        for log in logs(6):
            heir = orders.owner_argument(process.sessions[log])
            file = ProcessedFile.objects.using(database).get(file_path=log)
            orders.give(one.target, file, OrderKind.SHARE, heir, by=f"pid {process.pid} on web")
    for process in (one, other, third):
        process.obey()
    assert len(one.held) >= 4
    assert max(len(other.held), len(third.held)) <= 5
    for process in (one, other, third) * 2:
        process.ask()
        for giver in (one, other, third):
            giver.obey()
    assert [len(process.held) for process in (one, other, third)] == [4, 4, 4]


def test_a_log_is_shared_among_those_that_know_it(database):
    one, other = Process(database, 1, logs(10)), Process(database, 2, [*logs(12)[8:]])
    one.take(*logs(10))
    other.take(*logs(12)[10:])
    other.ask()
    one.obey()
    assert other.held == {*logs(12)[8:]}


def test_one_log_stays_where_it_is(database):
    one, other = Process(database, 1, logs(1)), Process(database, 2, logs(1))
    one.take(*logs(1))
    other.ask()
    assert not orders.unanswered(one.target).exists()


def test_the_logs_of_the_dead_are_nobodys_and_a_refusal_is_heard(database):
    one, other = Process(database, 1, logs(8)), Process(database, 2, logs(8))
    one.take(*logs(8))
    files = ProcessedFile.objects.using(database).filter(file_path__in=logs(4))
    files.update(heartbeat=Now() - timedelta(seconds=60))
    other.ask()
    asked = set(orders.unanswered(one.target).values_list("file__file_path", flat=True))
    assert len(asked) == 2
    assert asked <= {*logs(8)[4:]}
    for order in orders.unanswered(one.target):
        orders.answer(one.target, order, "It works once.", refused=True)
    other.ask()
    again = set(orders.unanswered(one.target).values_list("file__file_path", flat=True))
    assert again == {*logs(8)[4:]} - asked

"""What a source's process does: `python -m tests.benchmarks.source_work WHAT NUMBER [MORE]`."""

from __future__ import annotations

import sys
import time

import django


def saves(number: int, at_once: int) -> None:
    """Save new choices one by one, some in a transaction; print the seconds."""
    from django.db import transaction

    from tui_ingest.demo.polls.models import Choice, Question

    question = Question.objects.create(question_text="?", pub_date="2023-01-01T00:00Z")
    started = time.perf_counter()
    for start in range(0, number, at_once):
        with transaction.atomic():
            for votes in range(start, start + at_once):
                Choice(question=question, choice_text="a choice", votes=votes).save()
    _say(time.perf_counter() - started)


def fill(number: int, _: int) -> None:
    """Leave so many changes pending, each of a row of its own."""
    from tui_ingest.demo.polls.models import Choice, Question

    question = Question.objects.create(question_text="?", pub_date="2023-01-01T00:00Z")
    for start in range(0, number, 5_000):
        Choice.objects.bulk_create(
            Choice(question=question, choice_text=f"choice {votes}", votes=votes)
            for votes in range(start, min(start + 5_000, number))
        )


def steady(number: int, per_second: int) -> None:
    """Commit a new choice at a steady pace; print when each was committed, by the wall clock."""
    from tui_ingest.demo.polls.models import Choice, Question

    question = Question.objects.create(question_text="?", pub_date="2023-01-01T00:00Z")
    begin = time.perf_counter()
    for votes in range(number):
        time.sleep(max(0.0, begin + votes / per_second - time.perf_counter()))
        Choice(question=question, choice_text="a choice", votes=votes).save()
        _say(time.time())


def _say(number: float) -> None:
    print(f"{number:.6f}", flush=True)  # noqa: T201


if __name__ == "__main__":
    django.setup()
    globals()[sys.argv[1]](*map(int, sys.argv[2:4]))

"""What happens in the demo: polls open, votes rush in, a source goes quiet, things go wrong."""

from __future__ import annotations

import itertools
import random
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Model

from tui_ingest.demo.polls.models import Choice, Participant, Question
from tui_ingest.demo.source_settings import FOLDER, LOG_NAME
from tui_ingest.oplog.records import Operation, line_of
from tui_ingest.recorder import suspended
from tui_ingest.recorder.records.rounds import to_json
from tui_ingest.recorder.records.rows import RowReader

MOST_POLLS = 12  # open at a time; the oldest is deleted, with all that belongs to it
LATE_SECONDS = 6.0  # between a child and the parent that it needs

POLLS = (
    ("Where do we eat on Friday?", ("Noodles", "Pizza", "The place by the river", "At home")),
    ("Tabs or spaces?", ("Tabs", "Spaces", "Whatever the formatter says")),
    ("Which name for the new server?", ("Ada", "Grace", "Hedy", "Barbara", "srv-0042")),
    ("Who waters the plants in August?", ("Kim", "Robin", "Alex")),
    ("Best day for the release?", ("Monday", "Tuesday", "Any day but Friday")),
    ("What's new?", ("Nothing", "Sky", "Sea")),
    ("Which coffee?", ("Filter", "Espresso", "Tea, thank you")),
)
PEOPLE = ("Kim", "Robin", "Alex", "Sascha", "Noor", "Mika", "Yuki", "Zoë", "Émile", "Øyvind")

Pauses = Iterator[float]  # seconds


def tell(rng: random.Random) -> Pauses:
    """Change the source's database and yield, between two changes, how long to pause."""
    for trouble in itertools.cycle((_unknown_model, _late_parent, _bad_value, _torn_line)):
        yield from _open_poll(rng)
        yield from _rush(rng)
        yield from _trickle(rng)
        yield from trouble(rng)
        yield rng.uniform(3, 5)
        yield from _close_old_polls(rng)
        yield from _rush(rng)
        yield rng.uniform(2, 4)


def _open_poll(rng: random.Random) -> Pauses:
    text, choices = rng.choice(POLLS)
    with transaction.atomic():
        question = Question.objects.create(question_text=text, pub_date=datetime.now(UTC))
        for choice in choices:
            question.choice_set.create(choice_text=choice)
    yield 0.5
    for name in rng.sample(PEOPLE, k=5):
        question.participant_set.create(name=name, joined=datetime.now(UTC))
        yield rng.uniform(0.05, 0.2)


def _rush(rng: random.Random) -> Pauses:
    """Many votes at once, a few per transaction."""
    choices = list(Choice.objects.all())
    for _ in range(rng.randint(15, 40)):
        with transaction.atomic():
            for choice in rng.choices(choices, k=10):
                _vote(choice)
        yield rng.uniform(0.01, 0.08)


def _trickle(rng: random.Random) -> Pauses:
    """A vote now and then."""
    for choice in rng.choices(list(Choice.objects.all()), k=10):
        _vote(choice)
        yield rng.uniform(0.1, 0.6)


def _close_old_polls(rng: random.Random) -> Pauses:
    for question in Question.objects.order_by("-pub_date")[MOST_POLLS:]:
        question.delete()
        yield rng.uniform(0.2, 0.5)
    for participant in Participant.objects.order_by("?")[:2]:
        participant.delete()
        yield 0.2


def _vote(choice: Choice) -> None:
    choice.votes += 1
    choice.save()


# Bad records: each kind in turn, as a source can really produce it


def _unknown_model(_: random.Random) -> Pauses:
    """The source has an app that the target does not have."""
    _log([{"model": "surveys.survey", "pk": 1, "fields": {"title": "How was it?"}}])
    yield 1.0


def _late_parent(_: random.Random) -> Pauses:
    """Two writers, and the child's record came first. It is retried when its parent arrives."""
    with suspended():
        question = Question.objects.create(question_text="Is it late?", pub_date=datetime.now(UTC))
        choice = question.choice_set.create(choice_text="Better late than never")
    _log(_read(choice))
    yield LATE_SECONDS
    _log(_read(question))
    yield 1.0


def _bad_value(rng: random.Random) -> Pauses:
    """A field of another type, as after a migration of the source alone."""
    objects = _read(rng.choice(list(Choice.objects.all())))
    objects[0]["fields"] |= {"votes": "many", "id": str(uuid.uuid4())}
    _log(objects)
    yield 1.0


def _torn_line(rng: random.Random) -> Pauses:
    """The writer died in the middle of a line, and the next one goes on behind it."""
    fragment = b'1698395500.971553 SAVE [{"model": "polls.choice", "pk": 1, "fie'
    # In one piece: of what stands alone at its log's end the relay would make room for its own.
    _log(_read(rng.choice(list(Choice.objects.all()))), behind=fragment)
    yield 2.0


def _read(row: Model) -> list[dict[str, Any]]:
    return RowReader("default").serialized([row])


def _log(objects: list[dict[str, Any]], *, behind: bytes = b"") -> None:
    """Write a record past the relay, as it never would."""
    with (FOLDER / LOG_NAME).open("ab") as log:
        log.write(behind + line_of(time.time(), Operation.SAVE, to_json(objects)))

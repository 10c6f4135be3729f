"""Bad records for the demo: each kind in turn, as a source can really produce it."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model

from tui_ingest.demo.polls.models import Choice, Question
from tui_ingest.demo.source_settings import FOLDER, LOG_NAME
from tui_ingest.oplog.records import Operation, line_of
from tui_ingest.recorder import suspended
from tui_ingest.recorder.records.rounds import to_json
from tui_ingest.recorder.records.rows import RowReader

LATE_SECONDS = 6.0  # between a child and the parent that it needs


def _unknown_model(_: random.Random) -> Iterator[float]:
    """The source has an app that the target does not have."""
    _log([{"model": "surveys.survey", "pk": 1, "fields": {"title": "How was it?"}}])
    yield 1.0


def _late_parent(_: random.Random) -> Iterator[float]:
    """Two writers, and the child's record came first. It is retried when its parent arrives."""
    with suspended():
        question = Question(question_text="Is it late?", pub_date=datetime.now(UTC))
        question.save()
        choice = Choice(question=question, choice_text="Better late than never")
        choice.save()
    _log(_read(choice))
    yield LATE_SECONDS
    _log(_read(question))
    yield 1.0


def _bad_value(rng: random.Random) -> Iterator[float]:
    """A field of another type, as after a migration of the source alone."""
    objects = _read(rng.choice(list(Choice.objects.all())))
    objects[0]["fields"] |= {"votes": "many", "id": str(uuid.uuid4())}
    _log(objects)
    yield 1.0


def _torn_line(rng: random.Random) -> Iterator[float]:
    """The writer died in the middle of a line, and the next one goes on behind it."""
    fragment = b'1698395500.971553 SAVE [{"model": "polls.choice", "pk": 1, "fie'
    # In one piece: of what stands alone at its log's end the relay would make room for its own.
    _append(fragment + _line(_read(rng.choice(list(Choice.objects.all())))))
    yield 2.0


TROUBLES = (_unknown_model, _late_parent, _bad_value, _torn_line)


def _read(row: Model) -> list[dict[str, Any]]:
    return RowReader("default").serialized([row])


def _log(objects: list[dict[str, Any]]) -> None:
    _append(_line(objects))


def _line(objects: list[dict[str, Any]]) -> bytes:
    return line_of(time.time(), Operation.SAVE, to_json(objects))


def _append(content: bytes) -> None:
    """Write past the relay, as it never would."""
    with (FOLDER / LOG_NAME).open("ab") as log:
        log.write(content)

"""A log of the polls models as a busy source would write it, the same for every run.

15 % new questions, 45 % new choices, 30 % updates and 10 % deletions, on rows picked at random
from everything alive, which is the worst case for every cache on the way.
"""

from __future__ import annotations

import itertools
import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

SEED = 20_231_128
FIRST_SECOND = 1_698_395_500  # epoch of the first record
SECONDS_PER_RECORD = 0.001
POISON_SHARE = 0.01
# Deleting a question deletes its choices first, and each deletion is a record of its own.
QUESTIONS_AMONG_DELETIONS = 0.05
# Most texts are plain; some need escapes in JSON, in COPY, or more than one byte per letter.
WORDS = (
    *("sky", "sea", "sun", "rain", "snow", "wind", "north", "south", "east", "west", "home"),
    *("work", "tea", "milk", "salt", "what's", "new", "blue", "green", "red"),
    *("über", "空", 'a "quote"', "back\\slash", "a\ttab"),
)

Serialized = dict[str, Any]


class Alive:
    """Rows that exist; one can be picked or removed at random in constant time."""

    def __init__(self) -> None:
        self._rows: list[Serialized] = []
        self._places: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: Serialized) -> None:
        self._places[row["fields"]["id"]] = len(self._rows)
        self._rows.append(row)

    def pick(self, rng: random.Random) -> Serialized:
        return self._rows[int(rng.random() * len(self._rows))]

    def get(self, key: str) -> Serialized:
        return self._rows[self._places[key]]

    def remove(self, key: str) -> None:
        place = self._places.pop(key)
        last = self._rows.pop()
        if place < len(self._rows):
            self._rows[place] = last
            self._places[last["fields"]["id"]] = place


class PollsSource:
    """Invents changes to questions and choices and says what Django's serializer would log."""

    def __init__(self, seed: int = SEED, first_pk: int = 1) -> None:
        self._rng = random.Random(seed)
        self._questions = Alive()
        self._choices = Alive()
        self._choices_of: dict[str, set[str]] = {}
        self._question_pks = itertools.count(first_pk)
        self._choice_pks = itertools.count(first_pk)
        self._pending: list[Serialized] = []  # deletions of a question's choices, then its own

    def changes(self) -> Iterator[tuple[str, Serialized]]:
        """Yield operation and serialized object without end."""
        while True:
            dice = self._rng.random()
            if dice < 0.10 and (self._pending or len(self._choices)):
                yield "DELETE", self._delete()
            elif dice < 0.40 and len(self._choices):
                yield "SAVE", self._update()
            elif dice < 0.55 or not len(self._questions):
                yield "SAVE", self._new_question()
            else:
                yield "SAVE", self._new_choice()

    def _text(self) -> str:
        return " ".join(self._rng.choices(WORDS, k=5))

    def _key(self) -> str:
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def _new_question(self) -> Serialized:
        key = self._key()
        published = datetime(2023, 10, 27, tzinfo=UTC) + timedelta(
            milliseconds=self._rng.randrange(10**10)
        )
        question = {
            "model": "polls.question",
            "pk": next(self._question_pks),
            "fields": {
                "id": key,
                "question_text": self._text(),
                "pub_date": published.isoformat(timespec="milliseconds")[:-6] + "Z",
            },
        }
        self._questions.add(question)
        self._choices_of[key] = set()
        return question

    def _new_choice(self) -> Serialized:
        question = self._questions.pick(self._rng)["fields"]["id"]
        key = self._key()
        choice = {
            "model": "polls.choice",
            "pk": next(self._choice_pks),
            "fields": {"id": key, "question": question, "choice_text": self._text(), "votes": 0},
        }
        self._choices.add(choice)
        self._choices_of[question].add(key)
        return choice

    def _update(self) -> Serialized:
        if self._rng.random() < 0.25:
            question = self._questions.pick(self._rng)
            question["fields"]["question_text"] = self._text()
            return question
        choice = self._choices.pick(self._rng)
        choice["fields"]["votes"] += 1
        return choice

    def _delete(self) -> Serialized:
        if not self._pending:
            self._plan_deletion()
        return self._pending.pop()

    def _plan_deletion(self) -> None:
        if self._rng.random() >= QUESTIONS_AMONG_DELETIONS:
            choice = self._choices.pick(self._rng)
            self._choices_of[choice["fields"]["question"]].discard(choice["fields"]["id"])
            self._choices.remove(choice["fields"]["id"])
            self._pending.append(choice)
            return
        question = self._questions.pick(self._rng)
        key = question["fields"]["id"]
        self._questions.remove(key)
        self._pending.append(question)
        for choice_key in sorted(self._choices_of.pop(key)):
            self._pending.append(self._choices.get(choice_key))
            self._choices.remove(choice_key)


def lines(
    records: int, *, poison: bool = False, seed: int = SEED, first_pk: int = 1
) -> Iterator[bytes]:
    """Yield the lines of a log; with poison, one more in a hundred cannot be applied."""
    changes = PollsSource(seed, first_pk).changes()
    bad = bad_lines(seed)
    every = round(1 / POISON_SHARE)
    for number in range(records):
        second = FIRST_SECOND + number * SECONDS_PER_RECORD
        if poison and number % every == every // 2:
            yield b"%.6f %b\n" % (second, next(bad))
        operation, changed = next(changes)
        yield f"{second:.6f} {operation} {json.dumps([changed], ensure_ascii=False)}\n".encode()


def bad_lines(seed: int) -> Iterator[bytes]:
    """Yield records, without their time, that no target can apply: six kinds in turn."""
    # Not the source's own numbers again: the same bits would name rows that exist.
    rng = random.Random(f"bad {seed}")
    for number in itertools.count(1):
        pk = 10**9 + number
        key = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        stranger = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        choice = {"id": key, "question": stranger, "choice_text": "lost", "votes": 0}
        question = {"id": key, "question_text": "?", "pub_date": "2023-10-27T08:31:40Z"}
        for model, fields in (
            ("polls.choice", choice),  # its question is nowhere
            ("polls.question", question | {"pub_date": "yesterday"}),
            ("polls.question", question | {"colour": "red"}),
            ("polls.question", question | {"question_text": None}),
            ("polls.ballot", {"id": key}),
        ):
            yield b"SAVE " + json.dumps([{"model": model, "pk": pk, "fields": fields}]).encode()
        yield b'SAVE [{"model": "polls.question", "pk": 1, "fields": {"id": "cut o'


def write(path: Path, records: int, *, poison: bool = False) -> Path:
    """Write a log of that many good records."""
    with path.open("wb") as log:
        log.writelines(lines(records, poison=poison))
    return path

"""Makes the sample logs beside it, always the same: `python sample_logs/make.py [FOLDER]`."""

from __future__ import annotations

import json
import random
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ARTICLE = """\
1698395500.971553 SAVE [{"model": "polls.question", "pk": 1, "fields": {"id": "a3f4729c-b3c2-4264-82a6-8ef7abeaec96", "question_text": "What's new?", "pub_date": "2023-10-27T08:31:40.182Z"}}]
1698395542.826431 SAVE [{"model": "polls.choice", "pk": 1, "fields": {"id": "d6d2c0a0-6dfa-4515-875e-f1edfd3dbf01", "question": "a3f4729c-b3c2-4264-82a6-8ef7abeaec96", "choice_text": "Nothing", "votes": 0}}]
1698395568.857164 SAVE [{"model": "polls.choice", "pk": 2, "fields": {"id": "d8e48b8d-9ccb-4728-b90c-2833592b6fd2", "question": "a3f4729c-b3c2-4264-82a6-8ef7abeaec96", "choice_text": "sky", "votes": 0}}]
1698395573.036682 DELETE [{"model": "polls.choice", "pk": 2, "fields": {"id": "d8e48b8d-9ccb-4728-b90c-2833592b6fd2", "question": "a3f4729c-b3c2-4264-82a6-8ef7abeaec96", "choice_text": "sky", "votes": 0}}]
1698395577.627465 SAVE [{"model": "polls.choice", "pk": 3, "fields": {"id": "d8e48b8d-9ccb-4728-b90c-2833592b6fd2", "question": "a3f4729c-b3c2-4264-82a6-8ef7abeaec96", "choice_text": "sky", "votes": 0}}]
"""  # noqa: E501  # the article's lines, as they are

DAY = datetime(2023, 11, 28, tzinfo=UTC)
DAY_RECORDS = 3_000
SEED = 28
NESTING = 100_000  # levels; deeper than the parser of any Python follows

QUESTIONS = (
    "Where do we eat on Friday?",
    "Which name for the new server?",
    "Wer gießt im August die Blumen?",
    "Best day for the release?",
    "¿Café o té?",
    "次の集まりはどこで？",
    'Is "good enough" good enough?',
)
ANSWERS = ("Yes", "No", "Monday", "Any day but Friday", "Kaffee", "Té, gracias", "京都", "Perhaps")
NAMES = ("Kim", "Robin", "Alex", "Noor", "Yuki", "Zoë", "Émile", "Øyvind", "Łucja", "O'Neil")

Serialized = dict[str, Any]


def line(moment: datetime, operation: str, *objects: Serialized) -> bytes:
    """Return one record as Django's JSON serializer and the article's log handler write it."""
    payload = json.dumps(objects, ensure_ascii=False)
    return f"{moment.timestamp():.6f} {operation} {payload}\n".encode()


@dataclass
class Office:
    """A source whose people ask each other things: rows as dicts, by model."""

    rng: random.Random
    rows: dict[str, list[Serialized]] = field(
        default_factory=lambda: {"question": [], "choice": [], "participant": []}
    )
    pks: dict[str, int] = field(default_factory=dict)

    def add(self, model: str, **fields: Any) -> Serialized:
        """Make a row with the next number and a random UUID."""
        self.pks[model] = self.pks.get(model, 0) + 1
        key = str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
        row = {"model": f"polls.{model}", "pk": self.pks[model], "fields": {"id": key, **fields}}
        self.rows[model].append(row)
        return row

    def remove(self, row: Serialized) -> Serialized:
        """Forget a row."""
        self.rows[row["model"].removeprefix("polls.")].remove(row)
        return row

    def pick(self, model: str) -> Serialized:
        """Return any row of a model."""
        return self.rng.choice(self.rows[model])

    def of(self, model: str, question: Serialized) -> list[Serialized]:
        """Return the rows that belong to a question."""
        key = question["fields"]["id"]
        return [row for row in self.rows[model] if row["fields"]["question"] == key]

    def changes(self, moment: datetime) -> Iterator[tuple[str, Serialized]]:
        """Yield what one thing that happens changes, in the order the source logs it."""
        dice = self.rng.random()
        if dice < 0.03 or len(self.rows["question"]) < 5:
            yield from self.open_poll(moment)
        elif dice < 0.05 and len(self.rows["question"]) > 20:
            yield from self.close_poll()
        elif dice < 0.08:
            question = self.pick("question")
            question["fields"]["question_text"] += " (edited)"
            yield "SAVE", question
        elif dice < 0.30:
            yield from self.join_or_leave(moment)
        else:
            choice = self.pick("choice")
            choice["fields"]["votes"] += 1
            yield "SAVE", choice

    def open_poll(self, moment: datetime) -> Iterator[tuple[str, Serialized]]:
        """A question and its choices."""
        published = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        question = self.add(
            "question", question_text=self.rng.choice(QUESTIONS), pub_date=published
        )
        yield "SAVE", question
        for answer in self.rng.sample(ANSWERS, k=self.rng.randint(2, 5)):
            key = question["fields"]["id"]
            yield "SAVE", self.add("choice", question=key, choice_text=answer, votes=0)

    def close_poll(self) -> Iterator[tuple[str, Serialized]]:
        """Deletion in the order of Django's collector: what refers to the question comes first."""
        question = self.rows["question"][0]
        for row in (*self.of("choice", question), *self.of("participant", question)):
            yield "DELETE", self.remove(row)
        yield "DELETE", self.remove(question)

    def join_or_leave(self, moment: datetime) -> Iterator[tuple[str, Serialized]]:
        """Somebody takes part in a poll, or does not any more."""
        question, name = self.pick("question"), self.rng.choice(NAMES)
        there = [r for r in self.of("participant", question) if r["fields"]["name"] == name]
        if there:
            yield "DELETE", self.remove(there[0])
            return
        joined = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        key = question["fields"]["id"]
        yield "SAVE", self.add("participant", question=key, name=name, joined=joined)


def polls_day() -> bytes:
    """Return a day of an office, with its rush hours."""
    rng = random.Random(SEED)  # noqa: S311  # a story, no secret
    office, lines = Office(rng), []
    moment = DAY + timedelta(hours=6)
    while len(lines) < DAY_RECORDS:
        for operation, row in office.changes(moment):
            lines.append(line(moment, operation, row))
            moment += timedelta(microseconds=rng.randrange(300, 5_000))
        quiet = 14 if 7 <= moment.hour < 17 else 90  # seconds between two things that happen
        moment += timedelta(seconds=rng.expovariate(1 / quiet))
    return b"".join(lines)


class Script:
    """Lines of a log that somebody writes by hand, one every second."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    @property
    def now(self) -> datetime:
        """The next line's time."""
        return DAY + timedelta(hours=12, seconds=len(self.lines))

    def record(self, operation: str, *objects: Serialized) -> None:
        """Add a record."""
        self.lines.append(line(self.now, operation, *objects))

    def bytes(self, text: bytes) -> None:
        """Add a line with a valid time and operation, and whatever follows them."""
        self.lines.append(b"%.6f SAVE %b\n" % (self.now.timestamp(), text))


def key(number: int) -> str:
    """Return a UUID that the eye recognises."""
    return f"00000000-0000-4000-8000-{number:012}"


def question(number: int, **changed: Any) -> Serialized:
    """Return a question that any target takes, but for what is changed."""
    fields = {"id": key(number), "question_text": f"Question {number}?", **changed}
    fields.setdefault("pub_date", "2023-11-28T12:00:00Z")
    return {"model": "polls.question", "pk": number, "fields": fields}


def choice(number: int, of: int, **changed: Any) -> Serialized:
    """Return a choice of a question."""
    fields = {"id": key(number), "question": key(of), "choice_text": "Yes", "votes": 0, **changed}
    return {"model": "polls.choice", "pk": number, "fields": fields}


def participant(number: int, of: int, name: str) -> Serialized:
    """Return somebody who takes part."""
    fields = {"id": key(number), "question": key(of), "name": name}
    fields["joined"] = "2023-11-28T12:00:00Z"
    return {"model": "polls.participant", "pk": number, "fields": fields}


def bad_records() -> bytes:
    """Return one bad record of each kind that data alone can cause here, among good ones."""
    script = Script()
    script.record("SAVE", question(1))
    script.record("SAVE", choice(101, of=1))
    script.record("SAVE", participant(201, 1, "Kim"))
    for bad in (bad_lines, bad_objects, clashes, outdated, harmless_oddities):
        bad(script)
    script.record("SAVE", choice(101, of=1, votes=7))
    return b"".join(script.lines)


def bad_lines(script: Script) -> None:
    """Lines that are no records."""
    script.lines.append(b"Traceback (most recent call last):\n")  # bad_line
    script.bytes('[{"model": "polls.question", "pk": 2, "fields": {}}]'.encode("utf-16"))
    script.bytes(b'[{"model": "polls.question", "pk": 3,, "fields": {}}]')  # bad_json
    script.bytes(b'{"model": "polls.question", "pk": 4, "fields": {}}')  # bad_objects: no list
    script.bytes(b"[" * NESTING)  # too_deep
    good = line(script.now, "SAVE", question(5))
    script.lines.append(good[: len(good) // 2] + good)  # glued: the writer was killed and went on


def bad_objects(script: Script) -> None:
    """Records that this project cannot apply."""
    script.record("SAVE", {"model": "surveys.survey", "pk": 1, "fields": {"title": "How was it?"}})
    script.record("SAVE", question(6, colour="red"))  # unknown_field
    script.record("SAVE", question(7, pub_date="yesterday"))  # bad_value
    script.record("SAVE", question(8, question_text=None))  # a column that is never empty
    script.record("SAVE", choice(102, of=99))  # missing_parent, for good
    script.record(
        "SAVE", {"model": "polls.question", "pk": None, "fields": {"question_text": "Who am I?"}}
    )  # no_identity


def clashes(script: Script) -> None:
    """Rows that cannot both be here."""
    script.record("SAVE", participant(202, 1, "Kim"))  # unique_clash: Kim takes part once
    # All or nothing: the first object is fine, the second has no parent.
    script.record("SAVE", question(9), choice(103, of=98))


def outdated(script: Script) -> None:
    """A bad record that needs nobody: the next one has the row's later state."""
    script.record("SAVE", choice(101, of=1, votes="many"))
    script.record("SAVE", choice(101, of=1, votes=6))


def harmless_oddities(script: Script) -> None:
    """What looks odd and is fine."""
    script.record("DELETE", choice(104, of=1))  # a row that is not here: counted as missing
    script.record("SAVE")  # no objects at all
    script.record("SAVE", question(10), choice(105, of=10))  # two objects, one record
    script.record("SAVE", {"model": "sessions.session", "pk": "x", "fields": {}})  # excluded
    script.lines.append(line(script.now, "SAVE", question(11)).replace(b"\n", b"\r\n"))
    script.lines.append(b"\n")
    script.record("SAVE", question(12, question_text="\u2028 \x1b[31m [red] \u202e\U0001f642"))


def rotated() -> tuple[bytes, bytes]:
    """Return an older generation whose last line is cut off, and the one after it."""
    script = Script()
    for number in range(1, 6):
        script.record("SAVE", question(number))
    older = b"".join(script.lines)
    script.record("SAVE", question(6))
    return older[:-40], script.lines[-1]


def main(folder: Path) -> None:
    """Write every sample log."""
    older, newer = rotated()
    for name, content in (
        ("article.log", ARTICLE.encode()),
        ("polls-day.log", polls_day()),
        ("bad-records.log", bad_records()),
        ("rotated.log.1", older),
        ("rotated.log", newer),
    ):
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)

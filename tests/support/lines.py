"""Lines of the embedded project's log, as its source would write them."""

import itertools
import json
import uuid

_seconds = itertools.count(1_698_395_500)


def line(operation, model, pk, fields, *, at=None):
    """One record, one line, with its newline, as bytes."""
    timestamp = next(_seconds) if at is None else at
    objects = json.dumps([{"model": model, "pk": pk, "fields": fields}])
    return f"{timestamp:.6f} {operation} {objects}\n".encode()


def key(number):
    """A UUID that a test can name by a small number."""
    return str(uuid.UUID(int=number, version=4))


def question(number, text="What's new?", *, operation="SAVE", at=None):
    fields = {"id": key(number), "question_text": text, "pub_date": "2023-10-27T08:31:40.182Z"}
    return line(operation, "polls.question", number, fields, at=at)


def choice(number, of, text="sky", *, votes=0, operation="SAVE", at=None):
    fields = {"id": key(number), "question": key(of), "choice_text": text, "votes": votes}
    return line(operation, "polls.choice", number, fields, at=at)


def questions(numbers):
    return b"".join(question(number) for number in numbers)

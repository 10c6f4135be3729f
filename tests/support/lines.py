"""Lines of a log, as a source writes them, and the records that are read from them."""

import itertools
import json
import uuid

from tui_ingest.oplog.parsing import parse_line
from tui_ingest.oplog.records import RecordLocation

EPOCH = 1_698_395_500  # 2023-10-27 08:31:40 UTC
_seconds = itertools.count(EPOCH)


def start_again():
    """Have the next line be the first one, in time."""
    global _seconds  # noqa: PLW0603  # a line knows nothing of those before it but their time
    _seconds = itertools.count(EPOCH)


def line_of_text(operation, text, *, at=None):
    """One line, with its newline, as bytes; `at` in seconds of the epoch, else one later each."""
    timestamp = next(_seconds) if at is None else at
    # Half a surrogate pair comes as JSON's own escape.
    return f"{timestamp:.6f} {operation} {text}\n".encode("utf-8", "backslashreplace")


def line(operation, *objects, at=None):
    """A line with these serialized objects."""
    return line_of_text(operation, json.dumps(objects, ensure_ascii=False), at=at)


def serialized(model, pk, fields):
    """An object as Django's serializer writes it; `model` is `app_label.model`."""
    return {"model": model, "pk": pk, "fields": fields}


def record_of(line, *, start=0):
    """The record that a line is read as; `start` is where it lies, in bytes."""
    (record,) = parse_line(line.rstrip(b"\n"), RecordLocation("generation", start, len(line)))
    return record


def key(number):
    """A UUID that a test can name by a small number."""
    return str(uuid.UUID(int=number, version=4))


def question(number, text="What's new?", *, operation="SAVE", at=None):
    """A record of the embedded project, as `choice` is."""
    fields = {"id": key(number), "question_text": text, "pub_date": "2023-10-27T08:31:40.182Z"}
    return line(operation, serialized("polls.question", number, fields), at=at)


def choice(number, of, text="sky", *, votes=0, operation="SAVE", at=None):
    fields = {"id": key(number), "question": key(of), "choice_text": text, "votes": votes}
    return line(operation, serialized("polls.choice", number, fields), at=at)


def questions(numbers):
    return b"".join(question(number) for number in numbers)


# No such record can take effect.
BAD = line("SAVE", serialized("polls.question", 900, {"id": "no uuid", "question_text": "?"}))

"""Whatever a log holds: nothing crashes, and every byte of it is accounted for."""

import itertools
import json

import pytest
from django.apps import apps
from django.db.models import CompositePrimaryKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.engine import ingest
from tests.support.examples import examples
from tests.support.tables import empty
from tui_ingest.conf import Settings
from tui_ingest.ingest.events import BatchApplied, Outcome, RecordSetAside, State
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.records import Record

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

MODELS = [
    *apps.get_app_config("gallery").get_models(include_auto_created=True),
    *apps.get_app_config("polls").get_models(),
]
LABELS = [model._meta.label_lower for model in MODELS]
OTHER_LABELS = ["auth.user", "sessions.session", "tui_ingest.deadletter", "no.model", "", "a.b.c"]
FIELDS = sorted({field.name for model in MODELS for field in model._meta.get_fields()})

texts = st.text(st.characters(), max_size=6)  # NUL and halves of surrogate pairs included
plausible = st.sampled_from(
    [
        *(0, 1, 2, "1", None, True, "", "a", [1], ["a"], [], {}, "1.5", "P1DT1S", "12:00", "::1"),
        *("2020-01-01", "2020-01-01T00:00:00Z", "00000000-0000-0000-0000-000000000001"),
    ]
)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
values = plausible | plausible | junk


VALID = {  # by type of column
    "BinaryField": ["AA=="],
    "BooleanField": [True, False],
    "DateField": ["2020-01-01"],
    "DateTimeField": ["2020-01-01T00:00:00.123Z"],
    "DecimalField": ["1.5"],
    "DurationField": ["P1DT1S"],
    "GenericIPAddressField": ["::1"],
    "JSONField": [None, {"a": [1]}],
    "TimeField": ["12:00"],
    "UUIDField": ["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"],
}
NUMBERS, WORDS = [1, 2, 3], ["a", "b"]


def valid(field):
    """A value that the field takes."""
    while field.remote_field and not field.many_to_many:
        field = field.target_field
    if field.many_to_many:
        return st.lists(st.sampled_from(NUMBERS), max_size=2)
    if isinstance(field, CompositePrimaryKey):
        return st.lists(st.sampled_from(NUMBERS), min_size=2, max_size=2)
    kind = field.get_internal_type()
    words = kind.endswith(("CharField", "TextField", "SlugField", "FileField"))
    return st.sampled_from(VALID.get(kind, WORDS if words else NUMBERS))


@st.composite
def near_objects(draw):
    """An object that a model takes, or almost."""
    label = draw(st.sampled_from(LABELS))
    meta = MODELS[LABELS.index(label)]._meta.concrete_model._meta
    taken = [f for f in (*meta.local_fields, *meta.local_many_to_many) if not f.primary_key]
    fields = {field.name: draw(valid(field)) for field in taken}
    for field in draw(st.lists(st.sampled_from([None, None, *taken]), max_size=2)):
        if field is not None:
            fields[field.name] = draw(values)
    return {"model": label, "pk": draw(valid(meta.pk) | valid(meta.pk) | values), "fields": fields}


wild_objects = st.fixed_dictionaries(
    {"model": st.sampled_from(LABELS + OTHER_LABELS) | texts},
    optional={
        "pk": values,
        "fields": st.dictionaries(st.sampled_from(FIELDS) | texts, values, max_size=4),
        "extra": junk,
    },
)
records = st.builds(
    lambda operation, objects: f"1698395500.5 {operation} {json.dumps(objects)}".encode(),
    st.sampled_from(["SAVE", "SAVE", "DELETE"]),
    st.lists(st.one_of(near_objects(), near_objects(), wild_objects), max_size=2),
)


@st.composite
def mutated(draw):
    """A record with a few bytes cut out of it and others put in their place."""
    line = draw(records)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(line)))
        end = min(len(line), start + draw(st.integers(0, 4)))
        line = line[:start] + draw(st.binary(max_size=4)) + line[end:]
    return line


glued = st.builds(lambda torn, cut, whole: torn[:cut] + whole, records, st.integers(1, 60), records)
lines = st.one_of(*[records] * 8, mutated(), glued, st.binary(max_size=30)).map(
    lambda line: line.replace(b"\n", b"") + b"\n"
)


@pytest.fixture
def path(tmp_path):
    numbers = itertools.count()
    return lambda: tmp_path / f"{next(numbers)}.log"


@settings(
    max_examples=examples(20, 200),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(content=st.lists(lines, min_size=5, max_size=30).map(b"".join))
def test_everything_is_accounted_for(path, database, content):
    empty(database)
    log = path()
    log.write_bytes(content)

    result, events = ingest(log, database=database, settings=Settings(on_gap="continue"))

    assert (result.state, result.error) == (State.FINISHED, "")
    batches = [event for event in events if isinstance(event, BatchApplied)]
    entries = [entry for batch in batches for entry in batch.entries]
    failed = [
        batch.entries[index].location
        for batch in batches
        for index, outcome in batch.unusual.items()
        if outcome is Outcome.FAILED
    ]
    set_aside = [event.location for event in events if isinstance(event, RecordSetAside)]
    letters = DeadLetter.objects.using(database).filter(file__file_path=str(log)).order_by("pk")
    kept = [(letter.position, letter.length) for letter in letters]
    assert [(location.start, location.length) for location in set_aside] == kept
    assert sorted(failed) == sorted(set_aside)
    for letter in letters:
        there = content[letter.position : letter.position + letter.length]
        assert bytes(letter.raw).strip(b"\0\r\n") == there.strip(b"\0\r\n")
    for entry in entries:
        if not isinstance(entry, Record):
            assert entry.location in failed
    assert _left_over(content, entries) == b""


def _left_over(content, entries):
    """What no entry covers; blank lines, a byte order mark and leading NULs are nothing."""
    covered = bytearray(content)
    for entry in entries:
        covered[entry.location.start : entry.location.end] = b"\n" * entry.location.length
    return bytes(covered).replace(b"\xef\xbb\xbf", b"").strip(b"\0\r\n \t\x0b\x0c")

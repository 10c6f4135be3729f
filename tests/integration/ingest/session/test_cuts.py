"""Wherever a log is cut into batches and runs, the rows become the source's.

Whatever the target's own receivers do that are silent, and with one that is called and writes.
"""

import contextlib
import itertools
import tempfile
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import signals
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.project.market.models import Stamp
from tests.support.engine import ingest
from tests.support.examples import examples
from tests.support.history import REFERENCES, logs
from tui_ingest.conf import Settings
from tui_ingest.ingest.session.applier import BatchSizer
from tui_ingest.models import DeadLetter, ProcessedFile

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])


def write(sender, using, **_):
    """A receiver of the target, which has rows of its own written."""
    Stamp.objects.using(using).create(text=sender._meta.model_name[:10])


def fail(sender, **_):
    raise RuntimeError(f"nobody calls this for {sender}")


@contextlib.contextmanager
def receivers(*functions):
    """Connect receivers to all that happens to the rows of the office."""
    kinds = (signals.pre_save, signals.post_save, signals.pre_delete, signals.post_delete)
    found = [*itertools.product(kinds, functions, models())]
    for signal, receiver, model in found:
        signal.connect(receiver, sender=model)
    try:
        yield
    finally:
        for signal, receiver, model in found:
            signal.disconnect(receiver, sender=model)


@settings(
    max_examples=examples(10, 400),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), history=logs())
def test_wherever_a_log_is_cut_the_rows_become_the_sources(database, monkeypatch, data, history):
    lines, office = history
    runs = data.draw(cut(lines), label="runs")
    size = data.draw(st.sampled_from([1, 2, 3, 7, 64]), label="records in a batch")
    monkeypatch.setattr(BatchSizer, "SMALLEST", size)
    monkeypatch.setattr(BatchSizer, "LARGEST", size)
    called = data.draw(st.sampled_from([[], [f"{write.__module__}.write"]]), label="RECEIVERS")
    empty(database)
    with tempfile.TemporaryDirectory() as folder, receivers(fail, write):
        log = Path(folder) / "oplog.log"
        for run in runs:
            with log.open("ab") as file:
                file.writelines(run)
            result, _ = ingest(log, database=database, settings=Settings(receivers=called))
            assert not result.error
    assert rows(database) == office.rows
    assert Stamp.objects.using(database).exists() is bool(called and lines)
    open_letters = DeadLetter.objects.using(database).filter(status=DeadLetter.Status.OPEN)
    assert [letter.error for letter in open_letters] == []


def cut(lines):
    """Some lines in several runs."""
    places = st.lists(st.integers(0, len(lines)), max_size=6).map(sorted)
    return places.map(
        lambda found: [
            lines[start:end] for start, end in itertools.pairwise([0, *found, len(lines)])
        ]
    )


def models():
    return [apps.get_model("office", name) for name in REFERENCES]


def empty(database):
    for model in models():
        model.objects.using(database).all().delete()
    ProcessedFile.objects.using(database).all().delete()
    Stamp.objects.using(database).all().delete()


def rows(database):
    """Every row, as a history has it."""
    return {
        model._meta.model_name: {
            row.pk: {
                field.name: getattr(row, field.attname)
                for field in model._meta.concrete_fields
                if not field.primary_key
            }
            for row in model.objects.using(database)
        }
        for model in models()
    }

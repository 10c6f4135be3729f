"""References to content types by their natural keys take the fast path."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet, signals

from tests.project.gallery.models import Remark, Work
from tests.support.lines import line, serialized
from tests.support.target import Target, saved
from tui_ingest.ingest.exact.replaying import Replayer

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

MANY = range(1, 81)


@pytest.fixture
def target(tmp_path, database):
    target = Target(tmp_path, database)
    ContentType.objects.db_manager(database).get_for_model(Work)
    return target


@pytest.fixture
def replayed(monkeypatch):
    """How many records took the exact path."""
    found = []
    replay = Replayer.replay

    def counted(replayer, record):
        found.append(record)
        return replay(replayer, record)

    monkeypatch.setattr(Replayer, "replay", counted)
    return found


def remark(pk, name="work"):
    about = ["gallery", name]
    return saved("remark", pk, {"content_type": about, "object_id": pk, "text": "r"})


def test_they_are_written_many_at_once(target, replayed):
    target.accept(*map(remark, MANY))
    work = ContentType.objects.db_manager(target.database).get_for_model(Work)
    assert target.rows(Remark).filter(content_type_id=work.pk).count() == len(MANY)
    assert replayed == []


def test_one_that_is_not_here_is_the_exact_paths(target, replayed):
    lines = [*map(remark, MANY), remark(99, "nothing")]
    assert target.apply(*lines).set_aside == 1
    assert target.letters().get().reason == "missing_parent"
    assert target.rows(Remark).count() == len(MANY)
    assert len(replayed) < len(MANY) / 2


def test_receivers_are_shown_the_key(target):
    seen = set()

    def see(instance, **_):
        seen.add(instance.content_type_id)

    signals.post_save.connect(see, sender=Remark)
    try:
        target.accept(*map(remark, MANY), receivers=["*"])
    finally:
        signals.post_save.disconnect(see, sender=Remark)
    work = ContentType.objects.db_manager(target.database).get_for_model(Work)
    assert seen == {work.pk}


def test_where_a_log_may_write_content_types_it_is_asked_one_by_one(target, replayed):
    rows = QuerySet(model=ContentType, using=target.database)
    new = [("SAVE", serialized("contenttypes.contenttype", 5_000 + n, named(n))) for n in MANY]
    remarks = [remark(n, f"new{n}") for n in MANY]
    target.accept(
        *(line(*one) for one in new),
        *remarks,
        models=["gallery", "contenttypes"],
        exclude=[],
    )
    assert rows.filter(model__startswith="new").count() == len(MANY)
    assert target.rows(Remark).filter(content_type_id__gt=5_000).count() == len(MANY)
    ContentType.objects.clear_cache()


def named(number):
    return {"app_label": "gallery", "model": f"new{number}"}

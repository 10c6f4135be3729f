"""`manage.py ingest_explain`: what a session would do with each model, and why."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.models import signals

from tests.project.gallery.models import Tag, Work
from tests.project.market.models import Chant, Stamp
from tests.support.lines import line, serialized
from tui_ingest.ingest.explaining.models import SENTENCES
from tui_ingest.ingest.fast import planning

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

TRIGGERS = {
    "sqlite": "CREATE TRIGGER noted AFTER INSERT ON market_stamp BEGIN SELECT 1; END",
    "postgresql": """
        CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER noted AFTER INSERT ON market_stamp FOR EACH ROW EXECUTE FUNCTION noted();
    """,
}
GONE = {
    "sqlite": "DROP TRIGGER noted",
    "postgresql": "DROP TRIGGER noted ON market_stamp; DROP FUNCTION noted()",
}


def explained(*labels, **options):
    out = StringIO()
    call_command("ingest_explain", *labels, stdout=out, **options)
    return out.getvalue()


def as_json(database, *labels, **options):
    return json.loads(explained(*labels, json=True, database=database, **options))


def one(database, label):
    (found,) = as_json(database, label)["models"]
    return found


def test_every_model_that_a_log_may_write_is_explained(settings, database):
    settings.TUI_INGEST = {"MODELS": ["polls", "market.stamp"]}
    labels = [model["model"] for model in as_json(database)["models"]]
    assert labels == ["polls.question", "polls.choice", "polls.participant", "market.stamp"]
    question = one(database, "polls.Question")
    assert question == {
        "model": "polls.question",
        "identity": "id",
        "path": "fast",
        "detours": [],
        "called": [],
        "silent": [],
        "triggers": [],
        "changed_fields": {},
        "refers_outside": [],
    }
    assert "polls.question\n  identity: id\n  path: fast\n" in explained(database=database)


def test_what_takes_the_exact_path_says_why(database):
    assert one(database, "gallery.wall")["detours"] == ["its key has several columns"]
    loud = one(database, "market.loud")
    assert (loud["path"], loud["detours"]) == ("exact", ["a field is written as an expression"])
    work = one(database, "gallery.work")
    assert work["path"] == "fast"
    assert work["detours"][0] == "records with shown_in: its links have a model of their own"
    assert work["detours"][1].startswith("deletions: other rows refer to it by another field")
    assert one(database, "market.jar")["detours"] == [
        "records without a primary key: its natural key is more than columns' values"
    ]
    assert "\n  exact: deletions: other rows" in explained("gallery.work", database=database)


def test_every_rule_has_its_words():
    rules = (
        planning.SAVE_RULES,
        planning.DELETE_RULES,
        planning.NAME_RULES,
        planning.LINK_RULES,
    )
    assert SENTENCES.keys() == {rule for some in rules for rule in some}


def test_receivers_are_listed_with_their_names(settings, database):
    def told(**_):
        """Its name has the one of this test in it."""

    class Index:
        def forget(self, **_):
            """A method."""

    index = Index()
    name = f"{__name__}.test_receivers_are_listed_with_their_names.<locals>"
    settings.TUI_INGEST = {"RECEIVERS": [f"{name}.told"]}
    signals.post_save.connect(told, sender=Work)
    signals.m2m_changed.connect(told, sender=Work.tags.through)
    signals.pre_delete.connect(index.forget)
    try:
        work, tag = one(database, "gallery.work"), one(database, Tag._meta.label)
    finally:
        signals.post_save.disconnect(told, sender=Work)
        signals.m2m_changed.disconnect(told, sender=Work.tags.through)
        signals.pre_delete.disconnect(index.forget)
    assert work["called"] == [f"post_save of {name}.told", f"m2m_changed of {name}.told"]
    assert work["silent"] == tag["silent"] == [f"pre_delete of {name}.Index.forget"]
    assert tag["called"] == []


def test_triggers_of_the_database_are_listed(database):
    connection = connections[database]
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS[connection.vendor])
        try:
            stamp = one(database, Stamp._meta.label)
        finally:
            cursor.execute(GONE[connection.vendor])
    assert stamp["triggers"] == ["noted"]
    assert stamp["detours"] == ["its table has triggers, which tell an insert from an update"]


def test_fields_that_do_not_come_back_as_they_were_are_named(database):
    assert one(database, "gallery.everything")["changed_fields"] == {}
    assert one(database, "market.chant")["changed_fields"] == {"words": "[] becomes ['[]']"}
    Chant.objects.using(database).create(words=["la", "lo"])
    assert one(database, "market.chant")["changed_fields"] == {
        "words": "['la', 'lo'] becomes [\"['la'\", \" 'lo']\"]"
    }


def test_references_to_what_may_not_be_written_are_named(settings, database):
    settings.TUI_INGEST = {"MODELS": ["polls.choice"]}
    assert one(database, "polls")["refers_outside"] == ["question to polls.question"]


def test_a_label_that_means_nothing_is_a_mistake(database):
    with pytest.raises(CommandError, match="No such model") as refused:
        explained("polls.nothing", database=database)
    assert refused.value.returncode == 2


@pytest.mark.parametrize(
    ("fraction", "times", "verdict"),
    [(".123", 12, True), (".123456", 12, False), (".123", 3, None), ("", 30, None)],
)
def test_a_log_says_how_exact_its_times_are(database, tmp_path, fraction, times, verdict):
    path = tmp_path / "oplog.log"
    fields = {"id": "0" * 32, "question_text": "?"}
    path.write_bytes(
        b"".join(
            line("SAVE", serialized("polls.question", n, {**fields, "pub_date": f"{when}Z"}))
            for n in range(times)
            for when in [f"2023-10-27T08:31:{n:02}{fraction}"]
        )
    )
    found = as_json(database, "polls", log=path)["log"]
    assert (found["records"], found["milliseconds_only"]) == (times, verdict)
    words = {True: "milliseconds only", False: "with microseconds", None: "too few"}
    assert words[verdict] in explained("polls", log=path, database=database)


def test_a_log_that_is_not_there_has_no_times(database, tmp_path):
    with pytest.raises(CommandError, match="does not exist"):
        explained("polls", log=tmp_path / "oplog.log", database=database)

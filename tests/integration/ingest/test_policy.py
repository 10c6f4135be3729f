"""Which models a log may write."""

import pytest
from django.contrib.auth.models import Group, Permission, User

from tests.project.gallery.models import Place, Shop, Tag
from tests.support.lines import line
from tests.support.target import dumped, saved
from tui_ingest.conf import Settings
from tui_ingest.ingest.policy import Policy, Verdict
from tui_ingest.models import DeadLetter

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])


def tag(pk=1):
    return saved("tag", pk, {"name": f"tag {pk}", "note": ""})


def group():
    return line("SAVE", {"model": "auth.group", "pk": 1, "fields": {"name": "g"}})


def own_table():
    fields = {"file": 1, "generation": "g", "position": 0, "length": 1, "raw": "", "reason": "x"}
    return line("SAVE", {"model": "tui_ingest.deadletter", "pk": 1, "fields": fields})


def test_djangos_own_apps_are_closed_unless_they_are_named(target):
    letter = target.refuse(group())
    assert letter.reason == "not_allowed"
    assert "MODELS does not allow auth.group" in letter.error
    assert not target.rows(Group).exists()

    target.accept(group(), models=["auth"])
    assert target.rows(Group).exists()


def test_only_what_is_named_is_open(target):
    for names in (["polls"], ["gallery.place"], []):
        assert target.refuse(tag(), models=names).reason == "not_allowed"
    for number, names in enumerate((["gallery"], ["Gallery.Tag", "polls"], ["gallery.tag"])):
        target.accept(tag(number), models=names)
    assert target.rows(Tag).count() == 3


def test_excluded_models_are_skipped_and_counted(target):
    result = target.accept(tag(), saved("place", 1, {"name": "p"}), exclude=["gallery.tag"])
    assert result.set_aside == 0
    assert not target.rows(Tag).exists()
    assert target.rows(Place).exists()
    assert target.total("gallery.tag") == {"skipped": 1}


def test_sessions_permissions_and_the_like_are_excluded_by_default(target):
    before = target.rows(Permission).count()
    for label in (
        "auth.permission",
        "sessions.session",
        "contenttypes.contenttype",
        "admin.logentry",
    ):
        target.accept(line("DELETE", {"model": label, "pk": 1, "fields": {}}))
        assert target.total(label) == {"skipped": 1}
    assert target.rows(Permission).count() == before


def test_own_tables_can_never_be_written(target):
    target.accept(own_table())
    assert target.total("tui_ingest.deadletter") == {"skipped": 1}
    letter = target.refuse(own_table(), models=["tui_ingest", "tui_ingest.deadletter"], exclude=[])
    assert letter.reason == "not_allowed"
    assert target.rows(DeadLetter).count() == 1


def test_one_object_that_is_not_allowed_refuses_the_whole_record(target):
    group = {"model": "auth.group", "pk": 1, "fields": {"name": "g"}}
    letter = target.refuse(line("SAVE", dumped("tag", 1, {"name": "a", "note": ""}), group))
    assert letter.reason == "not_allowed"
    assert not target.rows(Tag).exists()


def test_excluded_objects_are_skipped_within_a_record(target):
    tag = dumped("tag", 1, {"name": "a", "note": ""})
    place = dumped("place", 1, {"name": "p"})
    target.accept(line("SAVE", tag, place), exclude=["gallery.tag"])
    assert target.rows(Place).exists()
    assert not target.rows(Tag).exists()
    assert target.total("gallery.tag") == {"skipped": 1}
    assert target.total("gallery.place") == {"saved": 1}


def test_a_deletion_is_no_way_around(target):
    target.rows(User).create(pk=1, username="u")
    user = {"model": "auth.user", "pk": 1, "fields": {}}
    assert target.refuse(line("DELETE", user)).reason == "not_allowed"
    assert target.rows(User).exists()


def test_the_case_of_a_label_is_no_way_around(target):
    for label in ("auth.Group", "AUTH.GROUP", "Auth.group"):
        letter = target.refuse(line("SAVE", {"model": label, "pk": 1, "fields": {"name": "g"}}))
        assert letter.reason == "not_allowed"
    target.accept(line("SAVE", {"model": "auth.Permission", "pk": 1, "fields": {}}))


def test_a_proxy_opens_no_table_that_its_model_does_not_open():
    def verdict(label, **settings):
        return Policy(Settings(**settings)).verdict(label)

    assert verdict("gallery.stand") is Verdict.ALLOWED
    assert verdict("gallery.stand", models=["gallery.stand"]) is Verdict.ALLOWED
    assert verdict("gallery.stand", models=["gallery.shop"]) is Verdict.ALLOWED
    assert verdict("gallery.stand", exclude=["gallery.shop"]) is Verdict.EXCLUDED
    assert verdict("gallery.stand", models=["gallery.place"]) is Verdict.NOT_ALLOWED
    # Its table is that of a model of django.contrib, which is closed by default.
    assert verdict("gallery.artlover") is Verdict.NOT_ALLOWED
    assert verdict("gallery.artlover", models=["gallery"]) is Verdict.NOT_ALLOWED
    assert verdict("gallery.artlover", models=["auth.user"]) is Verdict.ALLOWED
    assert verdict("gallery.artlover", models=["gallery.artlover"]) is Verdict.ALLOWED


def test_a_replaced_model_says_by_what(target, settings):
    settings.AUTH_USER_MODEL = "gallery.artlover"
    user = {"model": "auth.user", "pk": 1, "fields": {}}
    letter = target.refuse(line("SAVE", user), models=["auth"])
    assert letter.reason == "unknown_model"
    assert "replaced the model auth.user by gallery.artlover" in letter.error


def test_nothing_that_looks_like_code_is_ever_run(target):
    target.accept(saved("place", 1, {"name": "{{ 7*7 }}"}))
    target.refuse(saved("place", 1, {"__class__": "os.system"}))
    target.refuse(saved("shop", 1, {"save": "x", "objects": "y"}))
    assert target.row(Place).name == "{{ 7*7 }}"
    assert not target.rows(Shop).exists()

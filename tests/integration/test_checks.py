"""System checks: what would break the promise is refused."""

import pytest
from django.core import checks

from tui_ingest.checks import routing_errors
from tui_ingest.running.exit_status import BootstrapError
from tui_ingest.running.verification import verify


def found(**databases):
    return {error.id: error for error in checks.run_checks(tags=["tui_ingest"], **databases)}


def refusals(alias):
    """What keeps a session from starting on a database."""
    return {error.id: error for error in routing_errors(alias)}


class Router:
    """Sends one app to one database."""

    def __init__(self, app_label, alias):
        self.app_label = app_label
        self.alias = alias

    def db_for_write(self, model, **hints):
        return self.alias if model._meta.app_label == self.app_label else None


class Fence(Router):
    """Keeps the tables of one app out of every other database."""

    def db_for_write(self, model, **hints):
        return None

    def allow_migrate(self, db, app_label, **hints):
        return db == self.alias if app_label == self.app_label else None


def test_a_usual_project_passes_on_every_database():
    assert found() == {}
    assert found(databases=["default"]) == {}
    assert found(databases=["postgres"]) == {}


@pytest.mark.parametrize(
    ("configured", "id_", "words"),
    [
        ({"MODLES": []}, "E001", "MODLES"),
        ("polls", "E001", "dict"),
        ({"MODELS": "polls"}, "E001", "MODELS"),
        ({"MODELS": 5}, "E001", "MODELS"),
        ({"EXCLUDE": None}, "E001", "EXCLUDE"),
        ({"IDENTITY": ["polls.question"]}, "E001", "IDENTITY"),
        ({"IDENTITY": {"polls.question": 1}}, "E001", "IDENTITY"),
        ({"RECEIVERS": "search"}, "E001", "RECEIVERS"),
        ({"RECEIVERS": ["tests.nowhere"]}, "E008", "tests.nowhere"),
        ({"RECEIVERS": ["*", "json.loader"]}, "E008", "json.loader"),
        ({"ON_GAP": "shrug"}, "E001", "ON_GAP"),
        ({"OLDDIR": ""}, "E001", "OLDDIR"),
        ({"OLDDIR": ["old"]}, "E001", "OLDDIR"),
        ({"MAX_RECORD_BYTES": "1 MB"}, "E001", "MAX_RECORD_BYTES"),
        ({"LOG_PAYLOADS": 1}, "E001", "LOG_PAYLOADS"),
        ({"KEYS": {"pause": 5}}, "E001", "KEYS"),
        ({"MODELS": ["nowhere"]}, "E002", "nowhere"),
        ({"MODELS": ["polls.nothing"]}, "E002", "polls.nothing"),
        ({"MODELS": ["tui_ingest"]}, "E003", "tui_ingest"),
        ({"MODELS": ["tui_ingest.processedfile"]}, "E003", "tui_ingest.processedfile"),
        ({"IDENTITY": {"polls.nothing": "id"}}, "E004", "polls.nothing"),
        ({"IDENTITY": {"polls": "id"}}, "E004", "polls"),
        ({"IDENTITY": {"polls.question": "slug"}}, "E004", "slug"),
        ({"IDENTITY": {"polls.question": "question_text"}}, "E005", "question_text"),
        ({"IDENTITY": {"polls.question": "choice"}}, "E005", "choice"),
    ],
)
def test_a_setting_that_names_what_is_not_there(settings, configured, id_, words):
    settings.TUI_INGEST = configured
    errors = found()
    assert set(errors) == {f"tui_ingest.{id_}"}
    assert words in errors[f"tui_ingest.{id_}"].msg


@pytest.mark.parametrize(
    "configured",
    [
        {"MODELS": ["polls", "auth"]},
        {"EXCLUDE": ["an_app_of_the_source_alone"]},
        {"IDENTITY": {"polls.question": "id"}},
        {"IDENTITY": {"polls.Choice": "pkid"}},
    ],
)
def test_settings_that_are_fine(settings, configured):
    settings.TUI_INGEST = configured
    assert found() == {}


def test_a_model_that_is_written_elsewhere(settings):
    settings.DATABASE_ROUTERS = [Router("polls", "postgres")]
    error = refusals("default")["tui_ingest.E006"]
    assert "polls.Participant" in error.msg or "polls.Question" in error.msg
    assert "'postgres'" in error.msg
    assert "one transaction" in error.msg
    assert "tui_ingest.E006" not in refusals("postgres")


def test_a_model_that_is_written_elsewhere_but_may_not_be_written(settings):
    settings.DATABASE_ROUTERS = [Router("polls", "postgres")]
    settings.TUI_INGEST = {"EXCLUDE": ["polls"]}
    assert refusals("default") == {}


def test_a_model_whose_table_is_not_allowed_there(settings):
    settings.DATABASE_ROUTERS = [Fence("polls", "postgres")]
    assert "tui_ingest.E006" in refusals("default")
    assert refusals("postgres") == {}


def test_a_checkpoint_that_is_written_elsewhere(settings):
    settings.DATABASE_ROUTERS = [Router("tui_ingest", "postgres")]
    assert "tui_ingest.E007" in refusals("default")
    with pytest.raises(BootstrapError, match=r"tui_ingest\.E007"):
        verify(database="default", settings="mysite.settings")


@pytest.mark.parametrize("databases", [None, ["default", "postgres"]], ids=["none", "all"])
def test_the_routers_say_where_the_checkpoint_is(settings, databases):
    settings.DATABASE_ROUTERS = [Router("tui_ingest", "postgres"), Router("polls", "postgres")]
    assert found(databases=databases) == {}
    settings.DATABASE_ROUTERS = [Router("tui_ingest", "postgres"), Router("polls", "default")]
    assert set(found(databases=databases)) == {"tui_ingest.E006"}


def test_a_database_that_is_asked_for_at_each_start_is_fine(settings):
    settings.DATABASE_ROUTERS = [Fence("polls", "postgres")]
    settings.TUI_INGEST = {"MODELS": ["polls"]}
    assert found() == {}
    settings.TUI_INGEST = {"MODELS": ["polls", "market"]}
    settings.DATABASE_ROUTERS += [Fence("market", "default")]
    assert set(found()) == {"tui_ingest.E006"}


def test_a_database_without_the_checkpoint_can_be_migrated(settings):
    settings.DATABASE_ROUTERS = [Fence("tui_ingest", "postgres"), Router("tui_ingest", "postgres")]
    assert found(databases=["default"]) == {}


def test_references_out_of_what_may_be_written_are_a_warning(settings):
    settings.TUI_INGEST = {"MODELS": ["polls.choice", "gallery"]}
    (warning,) = [message for id_, message in found().items() if id_ == "tui_ingest.W001"]
    assert not warning.is_serious()
    assert "polls.question (by polls.choice.question)" in warning.msg
    assert "['polls.choice', 'gallery', 'polls.question']" in warning.hint

    settings.TUI_INGEST = {"MODELS": ["polls.choice"], "EXCLUDE": ["polls.choice"]}
    assert found() == {}


def test_what_is_said_of_references_is_enough_to_have_none_left(settings):
    settings.TUI_INGEST = {"MODELS": ["market.review"]}
    assert "'market.item', 'market.seller', 'market.stamp']" in found()["tui_ingest.W001"].hint
    settings.TUI_INGEST = {"MODELS": ["market.review", "market.item", "market.stamp"]}
    hint = found()["tui_ingest.W001"].hint
    assert "add 'market.item', 'market.review' to TUI_INGEST['EXCLUDE']" in hint

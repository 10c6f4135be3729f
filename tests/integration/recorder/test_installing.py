"""Triggers are kept as the models need them, and what was not seen meanwhile is sent again."""

import pytest

from tests.support.databases import Databases
from tests.support.oddities import INDEX, SETTINGS, OddSite
from tests.support.recorded import parsed, told

DROP_ALL = """
from django.db import connection
from tui_ingest.recorder.triggers import dialect_of
dialect = dialect_of(connection)
for trigger in list(dialect.installed().values()):
    if trigger.label == "odd.code":
        dialect.drop(trigger)
"""


@pytest.fixture
def source(tmp_path, databases):
    return OddSite(tmp_path, SETTINGS, databases)


def warnings(site):
    """Ids of what the checks of the database say, each with its line."""
    told = site.manage("check", "--database", "default").stderr
    return {
        line.partition(".")[2].partition(")")[0]: line
        for line in told.splitlines()
        if "tui_ingest_recorder." in line
    }


def test_a_trigger_that_is_gone_is_told_put_back_and_its_model_sent_again(source):
    source.do('Code.objects.create(code="before"); Team.objects.create(name="T")')
    assert warnings(source) == {}
    source.shell(DROP_ALL)
    assert source.do('Code.objects.create(code="unseen")') == []
    assert "odd_code" in warnings(source)["W003"]
    source.migrate()
    assert warnings(source) == {}
    records = parsed(source.do('Code.objects.create(code="seen")'))
    assert [r["fields"]["code"] for _, [r] in records] == ["seen", "before", "unseen"]


def test_migrate_zero_takes_all_triggers_away(source):
    source.migrate("tui_ingest_recorder", "zero")
    source.shell("from odd.models import *; Code.objects.create(code='x').delete()")
    source.migrate()
    assert [line.rpartition(" ")[0] for line in told(source.do("Code(code='x').save()"))] == [
        "SAVE odd.code"
    ]


def test_triggers_that_came_with_a_copy_of_the_source_are_told_and_can_go(source):
    source.add_settings('INSTALLED_APPS = ["django.contrib.contenttypes", "odd", "tui_ingest"]\n')
    source.migrate()
    assert "tui_ingest.W002" in source.manage("check", "--database", "default").stderr
    source.add_settings('INSTALLED_APPS.append("tui_ingest.recorder")\n')
    source.migrate("tui_ingest_recorder", "zero")
    source.add_settings('INSTALLED_APPS.remove("tui_ingest.recorder")\n')
    checked = source.manage("check", "--database", "default")
    assert checked.returncode == 0
    assert "tui_ingest.W002" not in checked.stderr


def test_a_listed_table_that_is_not_there_or_is_a_view_is_told(source):
    source.add_settings("TUI_INGEST_RECORDER['MODELS'].append('odd.stranger')\n")
    source.execute("DROP TABLE strangers")
    assert "odd.stranger" in warnings(source)["W004"]
    source.execute("CREATE VIEW strangers AS SELECT id, code AS name FROM odd_code")
    assert "odd.stranger" in warnings(source)["W004"]
    source.migrate()
    assert told(source.do("Code.objects.create(pk=1, code='x')")) == ["SAVE odd.code 1"]


def test_a_virtual_table_is_left_out_and_told(tmp_path, request):
    """SQLite's own search indexes take no triggers; Wagtail has a model of one."""
    source = OddSite(tmp_path, SETTINGS, Databases("sqlite", request))
    source.write_models((source.folder / "odd" / "models.py").read_text() + INDEX)
    source.migrate("--fake")
    source.execute("CREATE VIRTUAL TABLE odd_index USING fts5(body)")
    source.migrate()
    said = warnings(source)
    assert set(said) == {"W004"}
    assert "odd.index" in said["W004"]
    assert told(source.do("Code.objects.create(pk=1, code='x')")) == ["SAVE odd.code 1"]


def test_a_model_that_is_recorded_no_more_loses_its_triggers(source):
    source.do("Code.objects.create(code='x')")
    source.add_settings("TUI_INGEST_RECORDER['EXCLUDE'] = ['odd.code']\n")
    source.migrate()
    assert warnings(source) == {}
    assert source.do("Code.objects.create(code='y')") == []
    installed = source.shell("""
from django.db import connection
from tui_ingest.recorder.triggers import dialect_of
print({trigger.label for trigger in dialect_of(connection).installed().values()})
""")
    assert "odd.team" in installed
    assert "odd.code'" not in installed


UNIQUE = "    note = models.CharField(max_length=20, unique=True, null=True)\n"


def test_a_column_that_its_table_has_not_yet_refuses_no_write(source):
    """As when the new code is there, and only a part of its migrations was applied."""
    models = source.folder / "odd" / "models.py"
    code = "class Code(models.Model):\n"
    source.write_models(models.read_text().replace(code, code + UNIQUE))
    source.migrate("odd", "0001")
    assert warnings(source) == {}
    source.execute("INSERT INTO odd_code (code) VALUES ('early')")
    source.migrate()
    records = parsed(source.do("Code.objects.create(code='late', note='n').delete()"))
    assert [(o, r["fields"]["code"]) for o, [r] in records][:1] == [("SAVE", "early")]
    assert ("DELETE", {"code": "late", "note": "n"}) in [(o, r["fields"]) for o, [r] in records]


PLAIN = "    note = models.CharField(max_length=20, default='')\n"
PARTLY_UNIQUE = (
    PLAIN
    + """
    class Meta:
        constraints = [models.UniqueConstraint(
            fields=["note"], name="noted", condition=~models.Q(note=""))]
"""
)


def test_a_unique_column_can_be_dropped(tmp_path, request):
    """SQLite drops no column that a trigger names."""
    source = OddSite(tmp_path, SETTINGS, Databases("sqlite", request))
    models = source.folder / "odd" / "models.py"
    before = models.read_text()
    code = "    code = models.CharField(max_length=20, unique=True)\n\n"
    for text in (before.replace(code, code + PARTLY_UNIQUE, 1), before):
        source.write_models(text)
        source.migrate()
        assert warnings(source) == {}
    records = parsed(
        source.do("Code.objects.create(code='x'); record(); Code.objects.all().delete()")
    )
    assert [r["fields"] for _, [r] in records] == [{"code": "x"}] * 2


RENAMED = """
from django.db import migrations

def write(apps, _):
    apps.get_model("odd", "Code").objects.create(label="midway")

class Migration(migrations.Migration):
    dependencies = [("odd", "0001_initial")]
    operations = [OPERATION, migrations.RunPython(write)]
"""
RENAME = 'migrations.RenameField("code", "code", "label")'
RENAMED_BY_OTHER_MEANS = {
    "separately": f"migrations.SeparateDatabaseAndState([{RENAME}], [{RENAME}])",
    "in sql": f"""migrations.RunSQL(
        "ALTER TABLE odd_code RENAME COLUMN code TO label", state_operations=[{RENAME}])""",
}


@pytest.mark.parametrize("how", RENAMED_BY_OTHER_MEANS)
def test_a_migration_may_write_after_it_has_renamed_a_column_by_other_means(source, how):
    models = source.folder / "odd" / "models.py"
    text = models.read_text().replace("    code = models.Char", "    label = models.Char")
    models.write_text(text.replace('to_field="code"', 'to_field="label"'))
    migration = source.folder / "odd" / "migrations" / "0002_renamed.py"
    migration.write_text(RENAMED.replace("OPERATION", RENAMED_BY_OTHER_MEANS[how]))
    source.migrate()
    assert warnings(source) == {}
    assert "midway" in str(parsed(source.do("")))


SPOILED = """

class Words(models.TextField):
    # A list, and no value_to_string(): Django writes what str() makes of it.

    def from_db_value(self, value, *_):
        return value.split()

    def get_prep_value(self, value):
        return value if isinstance(value, str) else " ".join(value)


class Essay(models.Model):
    words = Words()
    size = models.IntegerField(default=0)


class Weight(models.Model):
    kilos = models.FloatField(primary_key=True)
"""


def test_fields_that_do_not_come_back_and_keys_that_cannot_be_noted_are_told(tmp_path, request):
    without = "TUI_INGEST_RECORDER['EXCLUDE'] = ['odd.weight']\n"
    databases = Databases("sqlite", request)
    source = OddSite(tmp_path, SETTINGS + without, databases, models=SPOILED)
    source.shell("from odd.models import *; Essay.objects.create(words=['a', 'b'])")
    assert "words of odd.Essay" in warnings(source)["W002"]
    source.add_settings("TUI_INGEST_RECORDER['EXCLUDE'] = []\n")
    assert "kilos" in warnings(source)["E001"]

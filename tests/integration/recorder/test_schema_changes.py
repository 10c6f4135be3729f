"""Tables change between two changes of the same row, while the relay runs: nothing is lost."""

import pytest

from tests.support.engine import eventually
from tests.support.recorded import RecordedSite
from tests.support.relays import RelayLog
from tests.support.shop import SOURCE_SETTINGS

ITEM = """
from django.db import models


class Item(models.Model):
    name = models.CharField(max_length={length})
    code = models.CharField(max_length=20, unique=True, null=True)
    {amount} = models.IntegerField(default=0)
"""
NOTE = "    note = models.CharField(max_length=20, default='new')\n"
EXTRA = """

class Extra(models.Model):
    item = models.ForeignKey(Item, models.CASCADE)
"""
FIRST = ITEM.format(length=50, amount="count")
ADDED = FIRST + NOTE
RENAMED = ITEM.format(length=50, amount="amount") + NOTE
REMOVED = ITEM.format(length=50, amount="amount")
ALTERED = ITEM.format(length=99, amount="amount")
CODELESS = ALTERED.replace(
    "    code = models.CharField(max_length=20, unique=True, null=True)\n", ""
)
NEW = (
    "CreateModel('Extra', [('id', models.BigAutoField(primary_key=True)),"
    " ('item', models.ForeignKey('book.item', models.CASCADE))])"
)
STEPS = [  # what the models are then, and the operation that leads there
    (ADDED, "AddField('item', 'note', models.CharField(max_length=20, default='new'))"),
    (RENAMED, "RenameField('item', 'count', 'amount')"),
    (REMOVED, "RemoveField('item', 'note')"),
    (ALTERED, "AlterField('item', 'name', models.CharField(max_length=99))"),
    (CODELESS, "RemoveField('item', 'code')"),
    (CODELESS + EXTRA, NEW),
]
MIGRATION = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("book", {before!r})]
    operations = [migrations.{operation}]
"""


# A relay whose code is older than its database waits, then starts again. Here it need not wait.
APPS = """
from django.apps import AppConfig

class Book(AppConfig):
    name = "book"

    def ready(self):
        from tui_ingest.recorder.management.commands import record_changes
        record_changes._RESTART_SECONDS = 0.1
"""


@pytest.fixture
def source(tmp_path, databases):
    settings = SOURCE_SETTINGS.replace('"shop"', '"book"') + databases.new()
    site = RecordedSite(tmp_path, settings, app="book", models=FIRST)
    (site.folder / "book" / "apps.py").write_text(APPS)
    return site


def test_nothing_is_lost_between_two_changes_of_a_row(source):
    source.execute("INSERT INTO book_item (id, name, code, count) VALUES (1, 'first', 'c', 0)")
    log = RelayLog(source, "changed")
    before = "0001_initial"
    with log.relay() as relay:
        for number, (models, operation) in enumerate(STEPS, start=2):
            source.execute(f"UPDATE book_item SET name = 'before {number}' WHERE id = 1")
            name = f"{number:04d}_step"
            migration = source.folder / "book" / "migrations" / f"{name}.py"
            migration.write_text(MIGRATION.format(before=before, operation=operation))
            (source.folder / "book" / "models.py").write_text(models)
            source.migrate()
            before = name
            columns = ("id, name, amount", f"{number}, 'made', 0")
            if number == 2:
                columns = ("id, name, count, note", "2, 'made', 0, 'x'")
            elif number == 3:
                columns = ("id, name, amount, note", "3, 'made', 0, 'x'")
            source.execute(
                f"UPDATE book_item SET name = 'after {number}' WHERE id = 1",
                f"INSERT INTO book_item ({columns[0]}) VALUES ({columns[1]})",
            )
            eventually(
                lambda number=number: (
                    written(log, 1) == f"after {number}" and written(log, number) == "made"
                ),
                what=f"step {number} is in the log; the relay said {relay.told}",
            )
        source.execute("INSERT INTO book_extra (item_id) VALUES (1)")
        eventually(lambda: log.last("book.extra"), what="the new model is recorded")
        assert any("starting again" in line for line in relay.told)
    rows = log.last("book.item")
    assert set(rows) == {str(number) for number in range(1, 8)}
    assert rows["1"] == {"name": "after 7", "amount": 0}
    assert rows["7"] == {"name": "made", "amount": 0}
    assert "tui_ingest" not in source.manage("check", "--database", "default").stderr


def written(log, key):
    return log.last("book.item").get(str(key), {}).get("name")

"""A project whose changes are recorded, and the records that they make."""

import json
import re

from tests.support.site import SETTINGS, Site

LINE = re.compile(rb"(\d+\.\d{6}) (SAVE|DELETE|DIGEST) (\[.*\])\n")

PREAMBLE = """
from datetime import datetime, time, timedelta, UTC
from decimal import Decimal
from django.db import transaction
from django.db.models import F
from APP.models import *
from tui_ingest.recorder.conf import get_settings
from tui_ingest.recorder.relaying.relay import Relay

def record():
    Relay(get_settings(), "default").drain()
"""

# Every table of the app, row by row, whatever the managers show. What `migrate` numbers in each
# database is shown by name.
DUMP = """
import json
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection
has_permissions = apps.is_installed("django.contrib.auth")
permissions = apps.get_model("auth.permission").objects.all() if has_permissions else ()
named = {
    "kind_id": {kind.pk: kind.natural_key() for kind in ContentType.objects.all()},
    "permission_id": {one.pk: one.natural_key() for one in permissions},
}
tables = {}
for model in apps.get_app_config("APP").get_models(include_auto_created=True):
    if model._meta.proxy:
        continue
    table = model._meta.db_table
    columns = [f.column for f in model._meta.local_concrete_fields]
    if model._meta.auto_created:
        columns.remove("id")  # the number of a link means nothing
    names = [named.get(column, {}) for column in columns]
    with connection.cursor() as cursor:
        quoted = map(connection.ops.quote_name, [*columns, table])
        *shown, table_ = [name.replace("%%", "%") for name in quoted]
        cursor.execute(f"SELECT {', '.join(shown)} FROM {table_}")
        tables[table] = sorted(
            str([name.get(value, value) for name, value in zip(names, row)])
            for row in cursor.fetchall()
        )
print(json.dumps(tables))
"""

_first_migrations = {}  # of an app with such models, as `makemigrations` has written it before


class RecordedSite(Site):
    """A project with one app of its own.

    Args:
        models: the text of the app's models.py.
        sql: run before `migrate`, one statement each.
    """

    def __init__(self, folder, settings, *, app, models, sql=()):
        super().__init__(folder, SETTINGS + settings)
        self.app = app
        self.log = folder / "oplog.log"
        (folder / app).mkdir()
        (folder / app / "__init__.py").touch()
        self.write_models(models)
        if sql:
            self.execute(*sql)
        self.migrate()

    def write_models(self, models):
        """Write the app's models.py, and the migration that it needs."""
        (self.folder / self.app / "models.py").write_text(models)
        migrations = self.folder / self.app / "migrations"
        first, is_first = migrations / "0001_initial.py", not migrations.exists()
        if is_first and (known := _first_migrations.get((self.app, models))):
            migrations.mkdir()
            (migrations / "__init__.py").touch()
            first.write_text(known)
            return
        made = self.manage("makemigrations", self.app, "--noinput")
        assert made.returncode == 0, made.stderr
        if is_first:
            _first_migrations[self.app, models] = first.read_text()

    def execute(self, *statements):
        """Run SQL as another program would."""
        code = "from django.db import connection\ncursor = connection.cursor()\n"
        self.shell(code + "\n".join(f"cursor.execute({sql!r})" for sql in statements))

    def do(self, code, **environment):
        """Run code with the app's models at hand; the records that this made.

        In the code, `record()` has the relay write what is pending.
        """
        before = len(self.lines())
        self.shell(f"{PREAMBLE.replace('APP', self.app)}{code}\nrecord()\n", **environment)
        return self.lines()[before:]

    def lines(self):
        return self.log.read_bytes().splitlines(keepends=True) if self.log.exists() else []

    def tables(self):
        """Every row of every table of the app."""
        return json.loads(self.shell(DUMP.replace("APP", self.app)))


def parsed(lines):
    """Operation and objects of each record; every line has the article's form."""
    matches = [LINE.fullmatch(line) for line in lines]
    assert all(matches), lines
    return [(match[2].decode(), json.loads(match[3])) for match in matches]


def told(lines):
    """Each record in short: `SAVE shop.tag 1`."""
    return [
        " ".join([operation, *(f"{o['model']} {o['pk']}" for o in objects)])
        for operation, objects in parsed(lines)
    ]

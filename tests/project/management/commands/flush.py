"""Empty a database quickly: Django does so after every test that commits.

Its own `flush` truncates every table there is and makes all content types and permissions anew,
which takes longer than most tests. Here only tables that hold rows are emptied, and those two are
left alone for as long as they hold what they held at first. No test sees a difference.
"""

from django.core.management.commands import flush
from django.db import connections, transaction

MADE_BY_MIGRATING = ["django_content_type", "auth_permission"]


class Command(flush.Command):
    at_first: dict[str, list] = {}  # by database, since it was last emptied in Django's way

    def handle(self, **options):
        connection = connections[options["database"]]
        if self.at_first.get(connection.alias) == _made_by_migrating(connection):
            _empty(connection)
        else:
            super().handle(**options)
            self.at_first[connection.alias] = _made_by_migrating(connection)


def _made_by_migrating(connection):
    with connection.cursor() as cursor:
        return [_rows(cursor, f"SELECT * FROM {t} ORDER BY id") for t in MADE_BY_MIGRATING]


def _empty(connection):
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    quoted = [connection.ops.quote_name(t) for t in tables if t not in MADE_BY_MIGRATING]
    any_row = " UNION ALL ".join(
        f"SELECT {number} WHERE EXISTS (SELECT 1 FROM {table})"
        for number, table in enumerate(quoted)
    )
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for (number,) in _rows(cursor, any_row):
            cursor.execute(f"DELETE FROM {quoted[number]}")


def _rows(cursor, sql):
    cursor.execute(sql)
    return cursor.fetchall()

"""What only PostgreSQL has: schemas, partitions, TRUNCATE, other roles."""

import pytest

from tests.support.databases import Databases
from tests.support.oddities import SETTINGS, OddSite
from tests.support.recorded import parsed, told

MODELS = """

class Elsewhere(models.Model):
    name = models.CharField(max_length=20)
    codes = models.ManyToManyField(Code, db_table='"else where"."elsewhere_codes"')

    class Meta:
        db_table = '"else where"."else.where"'


class Measure(models.Model):
    pk = models.CompositePrimaryKey("day", "sensor")
    day = models.DateField()
    sensor = models.IntegerField()
    value = models.FloatField()

    class Meta:
        managed = False
        db_table = "measures"
"""

SQL = [
    'CREATE SCHEMA "else where"',
    """CREATE TABLE measures (day date, sensor int, value float8, PRIMARY KEY (day, sensor))
    PARTITION BY RANGE (day)""",
    "CREATE TABLE measures_old PARTITION OF measures FOR VALUES FROM (MINVALUE) TO ('2024-01-01')",
    "CREATE TABLE measures_new PARTITION OF measures FOR VALUES FROM ('2024-01-01') TO (MAXVALUE)",
]
LISTED = "TUI_INGEST_RECORDER['MODELS'].append('odd.measure')\n"


@pytest.fixture(scope="module")
def source(tmp_path_factory, request):
    return OddSite(
        tmp_path_factory.mktemp("odd"),
        SETTINGS + LISTED,
        Databases("postgresql", request),
        models=MODELS,
        sql=SQL,
    )


def test_a_table_of_another_schema(source):
    lines = source.do("""
one = Elsewhere.objects.create(name="one")
one.codes.add(Code.objects.create(code="linked"))
record()
Elsewhere.objects.update(name="uno")
record()
one.delete()
""")
    assert [line.rpartition(" ")[0] for line in told(lines)] == [
        "SAVE odd.code",
        "SAVE odd.elsewhere",
        "SAVE odd.elsewhere",
        "DELETE odd.elsewhere",
    ]
    [code] = parsed(lines)[0][1]
    assert parsed(lines)[1][1][0]["fields"] == {"name": "one", "codes": [code["pk"]]}


def test_partitions_those_of_later_days_and_rows_that_move_between_them(source):
    lines = source.do("""
from datetime import date
from django.db import connection
Measure.objects.create(day=date(2023, 1, 1), sensor=1, value=0.5)
record()
Measure.objects.filter(sensor=1).update(day=date(2025, 1, 1))
record()
connection.cursor().execute(
    "ALTER TABLE measures DETACH PARTITION measures_old;"
    "CREATE TABLE measures_2000 PARTITION OF measures FOR VALUES FROM (MINVALUE) TO ('2001-01-01')"
)
Measure.objects.create(day=date(2000, 1, 1), sensor=2, value=1.5)
record()
connection.cursor().execute("DELETE FROM measures_new")
""")
    assert [(o, r["pk"]) for o, [r] in parsed(lines)] == [
        ("SAVE", ["2023-01-01", 1]),
        ("SAVE", ["2025-01-01", 1]),
        ("DELETE", ["2023-01-01", 1]),
        ("SAVE", ["2000-01-01", 2]),
        ("DELETE", ["2025-01-01", 1]),
    ]


def test_truncate(source):
    lines = source.do("""
from django.db import connection
row = Elsewhere.objects.create(name="row")
row.codes.add(Code.objects.create(code="one"), Code.objects.create(code="two"))
record()
connection.cursor().execute('TRUNCATE "else where"."elsewhere_codes"')
record()
with transaction.atomic():
    connection.cursor().execute("TRUNCATE odd_code CASCADE")
    Code.objects.create(code="two")
""")
    records = parsed(lines)
    links = [r["fields"]["codes"] for o, [r] in records if r["model"] == "odd.elsewhere"]
    assert [len(some) for some in links] == [2, 0]
    codes = [(o, r["fields"]["code"]) for o, [r] in records if r["model"] == "odd.code"]
    assert [o for o, code in codes if code == "one"] == ["SAVE", "DELETE"]
    assert [o for o, code in codes if code == "two"] == ["SAVE", "DELETE", "SAVE"]


def test_a_truncation_that_is_rolled_back(source):
    lines = source.do("""
from django.db import connection
Code.objects.create(code="stays")
record()
try:
    with transaction.atomic():
        connection.cursor().execute("TRUNCATE odd_code CASCADE")
        raise KeyError
except KeyError:
    pass
""")
    assert len(lines) == 1


def test_a_role_that_may_write_the_table_and_nothing_else(source):
    lines = source.do("""
from django.db import connection
connection.cursor().execute(
    "CREATE ROLE clerk; GRANT SELECT, INSERT, UPDATE, DELETE ON odd_large TO clerk;"
    "SET ROLE clerk; INSERT INTO odd_large VALUES (1, 'by a clerk'); RESET ROLE"
)
""")
    assert told(lines) == ["SAVE odd.large 1"]

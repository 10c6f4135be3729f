"""Whatever a table is like and whoever writes it, a committed change of a row gives its record."""

import pytest

from tests.support.oddities import SETTINGS, OddSite
from tests.support.recorded import parsed, told


@pytest.fixture(scope="module")
def source(tmp_path_factory, databases):
    return OddSite(tmp_path_factory.mktemp("odd"), SETTINGS, databases)


def test_rows_of_several_key_columns(source):
    lines = source.do("""
Seat.objects.create(hall='l\\'é "1" \\\\', number=7)
record()
Seat.objects.update(taken=True)
record()
Seat.objects.update(number=8)
record()
Seat.objects.all().delete()
""")
    hall = 'l\'é "1" \\'
    assert [(o, r["pk"]) for o, [r] in parsed(lines)] == [
        ("SAVE", [hall, 7]),
        ("SAVE", [hall, 7]),
        ("SAVE", [hall, 8]),
        ("DELETE", [hall, 7]),
        ("DELETE", [hall, 8]),
    ]
    assert parsed(lines)[1][1][0]["fields"] == {"hall": hall, "number": 7, "taken": True}


def test_what_is_gone_is_named_in_whatever_order_its_fields_are(source):
    lines = source.do("""
from uuid import UUID
User.objects.create(pk=UUID(int=7), name="Ann")
Berth.objects.create(ship="Vasa", number=3, guest="Bo")
record()
User.objects.all().delete()
Berth.objects.all().delete()
""")
    gone = [(r["pk"], r["fields"]) for o, [r] in parsed(lines) if o == "DELETE"]
    assert gone == [
        ("00000000-0000-0000-0000-000000000007", {"name": "Ann"}),
        ([3, "Vasa"], {"guest": "Bo"}),
    ]


@pytest.mark.parametrize(
    ("model", "key"),
    [
        ("Day", "date(2024, 2, 29)"),
        ("Moment", "datetime(2024, 2, 29, 23, 59, 59, 999999, UTC)"),
        ("Price", "Decimal('123456789.001')"),
        ("Price", "Decimal('0.1')"),
        ("Price", "Decimal('-1')"),
        ("Thing", "UUID('00112233-4455-6677-8899-aabbccddeeff')"),
        ("Large", "-2**63"),
        ("Large", "2**63 - 1"),
        ("Odd", r"'a\'b\"c\\\\ d%s \u2028 \U0001f600'"),
        ("Odd", "''"),
    ],
)
def test_keys_of_every_kind(source, model, key):
    field = "name" if model == "Odd" else "note"
    lines = source.do(f"""
from datetime import date
from uuid import UUID
row = {model}(pk={key}, {field}="first")
row.save()
record()
{model}.objects.filter(pk=row.pk).update({field}="second")
record()
assert {model}.objects.filter(pk=row.pk).delete()[0] == 1
""")
    records = parsed(lines)
    assert [operation for operation, _ in records] == ["SAVE", "SAVE", "DELETE"]
    assert [r["fields"][field] for o, [r] in records if o == "SAVE"] == ["first", "second"]
    assert len({str(r["pk"]) for _, [r] in records}) == 1


def test_children_come_with_all_their_parents(source):
    lines = source.do("""
mother = Dog.objects.create(name="Laika")
puppy = Puppy.objects.create(name="Pushinka", mother=mother)
record()
Animal.objects.filter(name="Pushinka").update(name="Pushok")
record()
Dog.objects.filter(name="Pushok").update(tricks=1)
record()
Puppy.objects.update(mother=None)
record()
puppy.friends.add(mother)
record()
Pet.objects.create(name="Tom")
record()
Pet.objects.update(name="Jerry")
record()
puppy.delete()
""")
    kinds = [(o, [r["model"].partition(".")[2] for r in found]) for o, found in parsed(lines)]
    family = ("SAVE", ["animal", "dog", "puppy"])
    assert kinds[0] == ("SAVE", ["animal", "dog"])
    assert kinds[1] == family
    assert kinds[2] == ("SAVE", ["animal"])
    assert kinds[3] == ("SAVE", ["animal", "dog"])
    assert kinds[4] == family
    assert kinds[5] == ("SAVE", ["animal", "dog"])
    assert kinds[6] == ("SAVE", ["animal", "pet"])
    assert kinds[7] == ("SAVE", ["animal"])
    assert kinds[8:] == [("DELETE", ["puppy"]), ("DELETE", ["dog"]), ("DELETE", ["animal"])]
    assert parsed(lines)[5][1][1]["fields"]["friends"] == [parsed(lines)[0][1][0]["pk"]]


def test_a_key_that_is_another_table_s(source):
    lines = source.do("""
animal = Animal.objects.create(name="Rex")
Profile.objects.create(animal=animal, text="a dog")
record()
animal.delete()
""")
    [key] = {r["pk"] for _, [r] in parsed(lines)}
    assert told(lines) == [
        f"SAVE odd.animal {key}",
        f"SAVE odd.profile {key}",
        f"DELETE odd.profile {key}",
        f"DELETE odd.animal {key}",
    ]


def test_a_table_between_two_models(source):
    lines = source.do("""
from datetime import date
team = Team.objects.create(name="A")
team.members.add(Animal.objects.create(name="Ant"), through_defaults={"since": date(2024, 1, 1)})
record()
team.members.clear()
""")
    assert [line.rpartition(" ")[0] for line in told(lines)] == [
        "SAVE odd.animal",
        "SAVE odd.team",
        "SAVE odd.member",
        "DELETE odd.member",
    ]


def test_odd_names_of_tables_and_columns(source):
    lines = source.do("""
one = Odd.objects.create(key="1", name="one")
two = Odd.objects.create(key="2", name="two")
record()
one.others.add(two)
record()
Odd.objects.filter(key="1").update(name="uno")
record()
one.delete()
""")
    assert told(lines) == [
        "SAVE odd.odd 1",
        "SAVE odd.odd 2",
        "SAVE odd.odd 1",
        "SAVE odd.odd 1",
        "DELETE odd.odd 1",
    ]
    assert [record["fields"] for _, [record] in parsed(lines)][2:] == [
        {"name": "one", "order": 0, "others": ["2"]},
        {"name": "uno", "order": 0, "others": ["2"]},
        {"name": "uno"},
    ]


def test_a_listed_table_of_another_program_with_percent_signs(source):
    lines = source.do("""
Percent.objects.create(key=1, name="50 %")
record()
Percent.objects.filter(name="50 %").update(name="%s")
record()
Percent.objects.all().delete()
""")
    assert told(lines) == ["SAVE odd.percent 1", "SAVE odd.percent 1", "DELETE odd.percent 1"]
    assert [record["fields"]["name"] for _, [record] in parsed(lines)] == ["50 %", "%s", "%s"]


def test_a_table_of_another_program_that_nobody_listed(source):
    assert source.do("Stranger.objects.create(pk=1, name='x')") == []


def test_generated_columns(source):
    lines = source.do("Sum.objects.create(one=4, name='x'); record(); Sum.objects.update(one=5)")
    assert [r["fields"] for _, [r] in parsed(lines)] == [
        {"one": 4, "name": "x", "twice": 8},
        {"one": 5, "name": "x", "twice": 10},
    ]


def test_references_to_other_fields_than_the_key(source):
    lines = source.do("""
code = Code.objects.create(code="x")
Use.objects.create(code=code)
record()
CodeProxy.objects.filter(code="x").delete()
""")
    kinds = [line.rpartition(" ")[0] for line in told(lines)]
    assert kinds == ["SAVE odd.code", "SAVE odd.use", "DELETE odd.use", "DELETE odd.code"]
    assert parsed(lines)[1][1][0]["fields"] == {"code": "x"}


def test_every_way_to_write(source):
    lines = source.do("""
from django.db import connection
rows = Code.objects.bulk_create([Code(code=f"bulk {n}") for n in range(3)])
rows = list(Code.objects.filter(code__startswith="bulk").order_by("code"))
record()
for number, row in enumerate(rows):
    row.code = f"changed {number}"
Code.objects.bulk_update(rows, ["code"])
record()
connection.cursor().execute("UPDATE odd_code SET code = 'by hand' WHERE code = 'changed 0'")
record()
connection.cursor().execute("DELETE FROM odd_code WHERE code LIKE 'changed%'")
record()
connection.cursor().execute("INSERT INTO odd_code (code) SELECT 'copy' FROM odd_code LIMIT 1")
""")
    assert [(o, r["fields"]["code"]) for o, [r] in parsed(lines)] == [
        *(("SAVE", f"bulk {number}") for number in range(3)),
        *(("SAVE", f"changed {number}") for number in range(3)),
        ("SAVE", "by hand"),
        ("DELETE", "changed 1"),
        ("DELETE", "changed 2"),
        ("SAVE", "copy"),
    ]


def test_a_key_that_changes_is_a_deletion_and_a_new_row(source):
    lines = source.do("""
Code.objects.create(pk=700, code="moves")
record()
Code.objects.filter(pk=700).update(id=701)
""")
    assert sorted(told(lines)[1:]) == ["DELETE odd.code 700", "SAVE odd.code 701"]


def test_a_row_that_is_made_anew_under_its_number_is_deleted_first(source):
    lines = source.do("""
Code.objects.create(pk=800, code="old")
record()
Code.objects.filter(pk=800).delete()
Code.objects.create(pk=800, code="new")
""")
    assert [(o, r["fields"]["code"]) for o, [r] in parsed(lines)] == [
        ("SAVE", "old"),
        ("DELETE", "old"),
        ("SAVE", "new"),
    ]

"""A project with tables and keys of every kind that seldom are."""

from tests.support.recorded import RecordedSite

MODELS = """\
import uuid

from django.db import models


class Seat(models.Model):
    pk = models.CompositePrimaryKey("hall", "number")
    hall = models.CharField(max_length=20)
    number = models.IntegerField()
    taken = models.BooleanField(default=False)


class Animal(models.Model):
    name = models.CharField(max_length=50, unique=True)


class Dog(Animal):
    tricks = models.IntegerField(default=0)
    friends = models.ManyToManyField(Animal, related_name="dog_friends")


class Puppy(Dog):
    mother = models.ForeignKey(Dog, models.SET_NULL, null=True, related_name="+")


class Pet(Animal):
    # Names the link to its parent itself, and has a key of its own.
    number = models.AutoField(primary_key=True)
    animal = models.OneToOneField(Animal, models.CASCADE, parent_link=True)


class Profile(models.Model):
    animal = models.OneToOneField(Animal, models.CASCADE, primary_key=True)
    text = models.TextField()


class Team(models.Model):
    name = models.CharField(max_length=20, db_column="NAME")
    members = models.ManyToManyField(Animal, through="Member", through_fields=("team", "animal"))


class Member(models.Model):
    team = models.ForeignKey(Team, models.CASCADE)
    animal = models.ForeignKey(Animal, models.CASCADE, related_name="memberships")
    since = models.DateField(null=True)


class Odd(models.Model):
    key = models.CharField(max_length=50, primary_key=True, db_column="the key's")
    name = models.CharField(max_length=50, unique=True, db_column="select name")
    order = models.IntegerField(default=0, db_column="order")
    others = models.ManyToManyField("self", db_table="odd links' table", symmetrical=False)

    class Meta:
        db_table = "odd table's"


class Sum(models.Model):
    one = models.IntegerField()
    name = models.CharField(max_length=20)
    twice = models.GeneratedField(
        expression=models.F("one") * 2, output_field=models.IntegerField(), db_persist=True
    )


class Day(models.Model):
    day = models.DateField(primary_key=True)
    note = models.CharField(max_length=20)


class Moment(models.Model):
    at = models.DateTimeField(primary_key=True)
    note = models.CharField(max_length=20)


class Price(models.Model):
    price = models.DecimalField(max_digits=12, decimal_places=3, primary_key=True)
    note = models.CharField(max_length=20)


class Thing(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    note = models.CharField(max_length=20)


class Large(models.Model):
    id = models.BigIntegerField(primary_key=True)
    note = models.CharField(max_length=20)


class Code(models.Model):
    code = models.CharField(max_length=20, unique=True)


class Use(models.Model):
    code = models.ForeignKey(Code, models.CASCADE, to_field="code")


class Named(models.Model):
    name = models.CharField(max_length=20, unique=True)

    class Meta:
        abstract = True


class User(Named):
    # Like a user of a project's own: the key comes after what is inherited.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.was = [getattr(self, field.attname) for field in self._meta.concrete_fields]


class Berth(models.Model):
    # The order of the key is not that of the fields.
    pk = models.CompositePrimaryKey("number", "ship")
    ship = models.CharField(max_length=20)
    number = models.IntegerField()
    guest = models.CharField(max_length=20, unique=True, null=True)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.was = [getattr(self, field.attname) for field in self._meta.concrete_fields]


class CodeProxy(Code):
    class Meta:
        proxy = True


# Tables of other programs. In models, a percent sign is doubled.


class Percent(models.Model):
    key = models.IntegerField(primary_key=True, db_column="key %%s")
    name = models.CharField(max_length=20, unique=True, db_column="100 %% name")

    class Meta:
        managed = False
        db_table = "a 50 %% table"


class Stranger(models.Model):
    name = models.CharField(max_length=20)

    class Meta:
        managed = False
        db_table = "strangers"
"""

# An index of SQLite's, of a model that `migrate` is said to make.
INDEX = """

class Index(models.Model):
    body = models.TextField(primary_key=True)
"""

SETTINGS = """
INSTALLED_APPS = ["django.contrib.contenttypes", "odd", "tui_ingest.recorder"]
TUI_INGEST_RECORDER = {"LOG": BASE_DIR / "oplog.log", "FSYNC": False,
                       "MODELS": ["odd", "odd.percent"]}
"""

TARGET_SETTINGS = """
INSTALLED_APPS = ["django.contrib.contenttypes", "odd", "tui_ingest"]
"""


def tables_of_others(kind):
    """SQL that makes the tables that no migration makes."""
    percent = """CREATE TABLE "a 50 % table" (
        "key %s" INTEGER PRIMARY KEY, "100 % name" VARCHAR(20) UNIQUE)"""
    return [
        percent.replace('"', "`") if kind == "mariadb" else percent,
        "CREATE TABLE strangers (id INTEGER PRIMARY KEY, name VARCHAR(20))",
    ]


class OddSite(RecordedSite):
    """A project with the app `odd`."""

    def __init__(self, folder, settings, databases, *, models="", sql=()):
        """Make it on a database of its own.

        Args:
            models: more of them.
            sql: more tables of others.
        """
        super().__init__(
            folder,
            settings + databases.new(),
            app="odd",
            models=MODELS + models,
            sql=[*tables_of_others(databases.kind), *sql],
        )

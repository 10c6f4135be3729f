"""Tables that the fast path may write, and tables that it must leave to the exact path."""

import uuid

from django.db import models


class Seller(models.Model):
    """Known by UUID, numbered locally, referred to by UUID."""

    number = models.BigAutoField(primary_key=True)
    id = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=10)
    stars = models.PositiveSmallIntegerField(default=3)


class Item(models.Model):
    """Known by pk, with values that may clash with those of other rows."""

    seller = models.ForeignKey(Seller, models.CASCADE, to_field="id")
    slug = models.CharField(max_length=10, null=True, unique=True)
    quantity = models.IntegerField(default=1)
    price = models.DecimalField(max_digits=6, decimal_places=2, default="9.50")
    made = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(quantity__gte=0), name="market_quantity"),
        )


class Stamp(models.Model):
    """Refers to its own kind."""

    text = models.CharField(max_length=10)
    parent = models.ForeignKey("self", models.CASCADE, null=True)


class Review(models.Model):
    """Protects one parent and outlives the other."""

    item = models.ForeignKey(Item, models.PROTECT, null=True)
    stamp = models.ForeignKey(Stamp, models.SET_NULL, null=True)
    data = models.JSONField(default=dict)


class Note(models.Model):
    """Known by UUID, but referred to by its code, and by a table without a constraint."""

    number = models.BigAutoField(primary_key=True)
    id = models.UUIDField(default=uuid.uuid4, unique=True)
    code = models.CharField(max_length=10, unique=True)


class Pin(models.Model):
    note = models.ForeignKey(Note, models.CASCADE, to_field="code", db_constraint=False)


class SoldOut(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(sold=True)


class Ticket(models.Model):
    """Hides its rows even from Django itself."""

    sold = models.BooleanField()
    seat = models.IntegerField()

    objects = SoldOut()

    class Meta:
        base_manager_name = "objects"


class Picture(models.Model):
    """A file field reads None as ''."""

    file = models.FileField(null=True)


class Renamed(models.Model):
    """Overrides what Django's own save goes through."""

    name = models.CharField(max_length=10)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.name = self.name.upper()

    def _do_insert(self, *args, **kwargs):
        raise NotImplementedError

    def _do_update(self, *args, **kwargs):
        raise NotImplementedError


class LoudField(models.CharField):
    """Written by an expression around the value, which depends on it."""

    def get_placeholder(self, value, compiler, connection):
        return "%s" if value == "sea" else "UPPER(%s)"

    def get_placeholder_sql(self, value, compiler, connection):
        is_expression = hasattr(value, "as_sql")
        sql, parameters = compiler.compile(value) if is_expression else ("%s", (value,))
        return self.get_placeholder(value, compiler, connection) % sql, parameters


class Loud(models.Model):
    text = LoudField(max_length=10)


class WordsField(models.TextField):
    """A list, of which Django's serializers make a text that means something else."""

    def from_db_value(self, value, expression, connection):
        return self.to_python(value)

    def to_python(self, value):
        return value.split(",") if isinstance(value, str) else value

    def get_prep_value(self, value):
        return value if isinstance(value, str) else ",".join(value)


class Chant(models.Model):
    words = WordsField(default=list)


class Code:
    """A number as people see it."""

    def __init__(self, number):
        self.number = int(number)

    def __str__(self):
        return f"T-{self.number}"

    def __eq__(self, other):
        return isinstance(other, Code) and self.number == other.number

    def __hash__(self):
        return hash(self.number)


class CodeField(models.BigAutoField):
    """Counted by the database, an object in Python, a text in a log."""

    def from_db_value(self, value, expression, connection):
        return self.to_python(value)

    def to_python(self, value):
        if value is None or isinstance(value, Code):
            return value
        return Code(str(value).removeprefix("T-"))

    def get_prep_value(self, value):
        return None if value is None else self.to_python(value).number


class Coat(models.Model):
    id = CodeField(primary_key=True)
    colour = models.CharField(max_length=10)


class Hook(models.Model):
    coat = models.ForeignKey(Coat, models.CASCADE, null=True)
    others = models.ManyToManyField(Coat, related_name="+")


class Word(models.Model):
    """Two spellings are one row, where the collation says so."""

    text = models.CharField(max_length=10, primary_key=True, db_collation="NOCASE")
    times = models.IntegerField()

    class Meta:
        required_db_vendor = "sqlite"


class Moment(models.Model):
    """One moment has a spelling in every time zone."""

    at = models.DateTimeField(primary_key=True)
    times = models.IntegerField()


class Slot(models.Model):
    """Two may change places in one statement, but not one after the other."""

    place = models.IntegerField()

    class Meta:
        required_db_vendor = "postgresql"
        constraints = (
            models.UniqueConstraint(
                fields=["place"], name="market_place", deferrable=models.Deferrable.IMMEDIATE
            ),
        )


class Badge(models.Model):
    text = models.CharField(max_length=10, default="blue")


class Sticker(models.Model):
    id = models.UUIDField(primary_key=True)
    text = models.CharField(max_length=10)
    on = models.ManyToManyField(Badge)


class Album(models.Model):
    """Has links of every kind."""

    name = models.CharField(max_length=10)
    badges = models.ManyToManyField(Badge)
    guilds = models.ManyToManyField("Guild")
    stickers = models.ManyToManyField(Sticker)
    fans = models.ManyToManyField("self", symmetrical=False, related_name="+")
    friends = models.ManyToManyField("self")
    shown = models.ManyToManyField(Badge, through="Shown", related_name="+")


class Shown(models.Model):
    """A link that is more than two keys."""

    album = models.ForeignKey(Album, models.CASCADE)
    badge = models.ForeignKey(Badge, models.CASCADE)
    place = models.IntegerField(null=True, default=1)


class Club(models.Model):
    """Known by UUID; its links are those of its local number."""

    number = models.BigAutoField(primary_key=True)
    id = models.UUIDField(default=uuid.uuid4, unique=True)
    badges = models.ManyToManyField(Badge)


class Guild(models.Model):
    """Known by UUID, but links lead to its number."""

    number = models.BigAutoField(primary_key=True)
    id = models.UUIDField(default=uuid.uuid4, unique=True)


class Verse(models.Model):
    title = models.CharField(max_length=10)
    words = models.ManyToManyField(Word)

    class Meta:
        required_db_vendor = "sqlite"


class TownManager(models.Manager):
    def get_by_natural_key(self, name):
        return self.get(name=name.strip())


class Town(models.Model):
    """Known by its name as well, which nothing keeps another one from having."""

    name = models.CharField(max_length=10)

    objects = TownManager()


class StreetRows(models.QuerySet):
    def get_by_natural_key(self, name, town):
        return self.get(name=name, town__name=town)


class Street(models.Model):
    name = models.CharField(max_length=10)
    town = models.ForeignKey(Town, models.CASCADE)

    objects = StreetRows.as_manager()


class DoorManager(models.Manager):
    def get_by_natural_key(self, code):
        door = self.get(code=code)
        if door.is_locked:
            raise self.model.DoesNotExist
        return door


class Door(models.Model):
    """Which one a code is for, its manager decides when it has seen the row."""

    key = models.CharField(max_length=10, primary_key=True)
    code = models.CharField(max_length=10)
    is_locked = models.BooleanField(default=False)

    objects = DoorManager()


class House(models.Model):
    """Its records may name what it refers to."""

    town = models.ForeignKey(Town, models.CASCADE, null=True)
    street = models.ForeignKey(Street, models.SET_NULL, null=True)
    door = models.ForeignKey(Door, models.CASCADE, null=True)
    near = models.ManyToManyField(Town, related_name="outskirts")


class PlateManager(models.Manager):
    def get_by_natural_key(self, name):
        return self.get(name=name)


class Plate(models.Model):
    """Its records may lack a primary key."""

    name = models.CharField(max_length=10, unique=True)
    size = models.IntegerField(default=1)
    above = models.ForeignKey("self", models.SET_NULL, null=True)

    objects = PlateManager()

    def natural_key(self):
        return (self.name,)


class CrackManager(models.Manager):
    def get_by_natural_key(self, place, plate):
        return self.get(place=place, plate__name=plate)


class Crack(models.Model):
    """The same, with a natural key that no constraint keeps from being that of several rows."""

    place = models.IntegerField()
    plate = models.ForeignKey(Plate, models.CASCADE)
    depth = models.IntegerField(default=1)
    badges = models.ManyToManyField(Badge)

    objects = CrackManager()

    def natural_key(self):
        return (self.place, *self.plate.natural_key())


class CoinManager(models.Manager):
    def get_by_natural_key(self, motto):
        return self.get(motto=motto)


class Coin(models.Model):
    """New ones take random keys."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    motto = models.CharField(max_length=10, unique=True)
    worth = models.IntegerField()

    objects = CoinManager()

    def natural_key(self):
        return (self.motto,)


class JarManager(models.Manager):
    def get_by_natural_key(self, label):
        return self.get(label=label.strip())


class Jar(models.Model):
    """As `Town`: its manager finds it by another spelling, too."""

    label = models.CharField(max_length=10)
    full = models.BooleanField(default=False)

    objects = JarManager()

    def natural_key(self):
        return (self.label,)


class TinManager(models.Manager):
    def get_by_natural_key(self, mark):
        return self.get(mark=mark)


class Tin(models.Model):
    """One without a mark is known by that."""

    mark = models.CharField(max_length=10, null=True)
    weight = models.IntegerField(default=1)

    objects = TinManager()

    def natural_key(self):
        return (self.mark,)


class Cap(models.Model):
    """Two spellings are one cap, where the collation says so."""

    mark = models.CharField(max_length=10, db_collation="NOCASE")
    weight = models.IntegerField(default=1)

    objects = TinManager()

    class Meta:
        required_db_vendor = "sqlite"

    def natural_key(self):
        return (self.mark,)


def free_place():
    return (Peg.objects.aggregate(last=models.Max("place"))["last"] or 0) + 1


class Peg(models.Model):
    """New ones are put where there is room."""

    place = models.IntegerField(primary_key=True, default=free_place)
    mark = models.CharField(max_length=10, unique=True)

    objects = TinManager()

    def natural_key(self):
        return (self.mark,)

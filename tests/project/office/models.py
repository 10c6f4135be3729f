"""Rows that cannot be written one after the other: they need each other, or exchange values."""

from django.db import models
from django.db.models.functions import Lower


class Department(models.Model):
    """Cannot be without its head, who cannot be without a department."""

    name = models.CharField(max_length=20, unique=True)
    head = models.ForeignKey("Person", models.CASCADE, related_name="+")


class Person(models.Model):
    department = models.ForeignKey(Department, models.CASCADE)
    badge = models.PositiveSmallIntegerField(unique=True)
    boss = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")


class Page(models.Model):
    """A tree, as its paths say."""

    path = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=20, default="")


class Remark(models.Model):
    """Goes with its page."""

    page = models.ForeignKey(Page, models.CASCADE)


class Desk(models.Model):
    """Unique by two columns, neither of which takes NULL; and by one that does."""

    room = models.CharField(max_length=1)
    number = models.IntegerField()
    owner = models.OneToOneField(Person, models.SET_NULL, null=True)

    class Meta:
        unique_together = (("room", "number"),)


class Telephone(models.Model):
    """One of a desk's is the main one."""

    desk = models.ForeignKey(Desk, models.CASCADE)
    is_main = models.BooleanField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["desk"], condition=models.Q(is_main=True), name="office_main_telephone"
            ),
        )


class Account(models.Model):
    """Known by its address, however that is written."""

    address = models.CharField(max_length=20)

    class Meta:
        constraints = (models.UniqueConstraint(Lower("address"), name="office_address"),)


class Slot(models.Model):
    """Judged at the end of a transaction."""

    place = models.IntegerField()

    class Meta:
        required_db_vendor = "postgresql"
        constraints = (
            models.UniqueConstraint(
                fields=["place"], name="office_place", deferrable=models.Deferrable.DEFERRED
            ),
        )

"""Every kind of field, relation, manager and constraint that a log may have to carry."""

import uuid

from django.contrib.auth.models import User
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.functions import Now


class Everything(models.Model):
    """A field of every type, in a table and columns named otherwise."""

    boolean = models.BooleanField()
    boolean_or_null = models.BooleanField(null=True)
    char = models.CharField(max_length=40)
    text = models.TextField(db_column="long_text")
    slug = models.SlugField(default="unset")
    small = models.SmallIntegerField()
    integer = models.IntegerField()
    big = models.BigIntegerField(null=True)
    positive = models.PositiveIntegerField(default=7)
    real = models.FloatField(null=True)
    amount = models.DecimalField(max_digits=20, decimal_places=4, db_column="order")
    day = models.DateField(null=True)
    moment = models.DateTimeField(null=True)
    clock = models.TimeField(null=True)
    lapse = models.DurationField(null=True)
    identifier = models.UUIDField(null=True)
    binary = models.BinaryField(null=True)
    data = models.JSONField(null=True)
    data_required = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True)
    link = models.URLField(blank=True)
    file = models.FileField(upload_to="files", blank=True)
    made = models.DateTimeField(auto_now_add=True)
    touched = models.DateTimeField(auto_now=True)
    secret = models.CharField(max_length=20, default="unlogged", serialize=False)
    by_database = models.IntegerField(db_default=42)
    since = models.DateTimeField(db_default=Now())
    doubled = models.GeneratedField(
        expression=models.F("integer") * 2,
        output_field=models.BigIntegerField(),
        db_persist=True,
    )

    class Meta:
        db_table = "one of each"


class NamedManager(models.Manager):
    def get_by_natural_key(self, name):
        return self.get(name=name)


class Tag(models.Model):
    """Has a natural key, and is a row that others may refer to by it."""

    name = models.CharField(max_length=20, unique=True)
    note = models.CharField(max_length=20, blank=True)

    objects = NamedManager()

    def natural_key(self):
        return (self.name,)


class LabelManager(models.Manager):
    def get_by_natural_key(self, text, *tag):
        return self.get(text=text, tag__name=tag[0])


class Label(models.Model):
    """Its natural key includes that of another row."""

    text = models.CharField(max_length=20)
    tag = models.ForeignKey(Tag, models.CASCADE)

    objects = LabelManager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["text", "tag"], name="gallery_label_once"),)

    def natural_key(self):
        return (self.text, *self.tag.natural_key())


class SameTag(models.Model):
    """The table of Tag, as an unmanaged model sees it."""

    name = models.CharField(max_length=20, unique=True)
    note = models.CharField(max_length=20, blank=True)

    class Meta:
        managed = False
        db_table = "gallery_tag"


class Artist(models.Model):
    code = models.CharField(max_length=10, unique=True)
    favourite = models.ForeignKey("Work", models.SET_NULL, null=True, related_name="+")


class Passport(models.Model):
    artist = models.OneToOneField(Artist, models.CASCADE, primary_key=True)
    number = models.CharField(max_length=10)


class Exhibition(models.Model):
    title = models.CharField(max_length=20)


class Work(models.Model):
    title = models.CharField(max_length=40)
    artist = models.ForeignKey(Artist, models.CASCADE, to_field="code")
    sequel_of = models.ForeignKey("self", models.SET_NULL, null=True)
    tags = models.ManyToManyField(Tag)
    related = models.ManyToManyField("self")
    shown_in = models.ManyToManyField(Exhibition, through="Showing")
    remarks = GenericRelation("Remark")


class Showing(models.Model):
    work = models.ForeignKey(Work, models.CASCADE)
    exhibition = models.ForeignKey(Exhibition, models.PROTECT)
    room = models.IntegerField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(room__gte=1), name="gallery_room"),
        )


class Wall(models.Model):
    """Identified by two columns, one of them a foreign key."""

    pk = models.CompositePrimaryKey("exhibition", "number")
    exhibition = models.ForeignKey(Exhibition, models.RESTRICT)
    number = models.IntegerField()
    colour = models.CharField(max_length=10)


class Chapter(models.Model):
    work = models.ForeignKey(Work, models.CASCADE)
    title = models.CharField(max_length=20)

    class Meta:
        order_with_respect_to = "work"


class Remark(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.BigIntegerField()
    about = GenericForeignKey()
    text = models.CharField(max_length=20)


class Place(models.Model):
    name = models.CharField(max_length=20, default="nowhere")


class Shop(Place):
    sells = models.CharField(max_length=20)
    rating = models.IntegerField(default=3)


class Kiosk(Shop):
    """A child of a child."""

    open_air = models.BooleanField()


class Stand(Shop):
    """The table of Shop under another name."""

    class Meta:
        proxy = True


class VisibleManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(hidden=False)


class Hideable(models.Model):
    """What an application may do to its models: hide rows, override save and delete."""

    name = models.CharField(max_length=20)
    hidden = models.BooleanField(default=False)

    objects = VisibleManager()

    def save(self, *args, **kwargs):
        self.name = self.name.upper()
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        self.hidden = True
        self.save()


class Known(models.Model):
    """Known by UUID everywhere; its number is only local."""

    number = models.BigAutoField(primary_key=True)
    id = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=20)
    slug = models.CharField(max_length=20, null=True, unique=True)
    tags = models.ManyToManyField(Tag)


class KnownPart(models.Model):
    known = models.ForeignKey(Known, models.CASCADE, to_field="id")


class Rooted(models.Model):
    """Known by UUID as well, but others refer to it by its number."""

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=20)


class Branch(models.Model):
    root = models.ForeignKey(Rooted, models.CASCADE)


class Remembered(models.Model):
    """No foreign key, but a log refers to it by number: it has a generic relation."""

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    remarks = GenericRelation(Remark)


class Loose(models.Model):
    """Refers to a row that need not be there."""

    tag = models.ForeignKey(Tag, models.DO_NOTHING, db_constraint=False)


class ArtLover(User):
    """The table of a model of Django's own, under a name of this app."""

    class Meta:
        proxy = True

"""The same few fields in each kind of model, so that what they cost can be compared."""

from __future__ import annotations

from django.db import models


class TagManager(models.Manager):
    def get_by_natural_key(self, name):
        return self.get(name=name)


class Tag(models.Model):
    """Has a natural key."""

    name = models.CharField(max_length=40, unique=True)

    objects = TagManager()

    def natural_key(self):
        return (self.name,)


class Text(models.Model):
    title = models.CharField(max_length=80)
    words = models.IntegerField()
    made = models.DateTimeField()

    class Meta:
        abstract = True


class Plain(Text):
    pass


class Filed(Text):
    file = models.FileField()


class Linked(Text):
    tags = models.ManyToManyField(Tag)


class Friend(Text):
    """Its links are those of other rows, too."""

    friends = models.ManyToManyField("self")


class Tagged(Text):
    """Its records name the tag."""

    tag = models.ForeignKey(Tag, models.CASCADE)


class Page(Text):
    pass


class BlogPage(Page):
    """A row in two tables."""

    intro = models.CharField(max_length=80)
    likes = models.IntegerField()


class Nameable(Text):
    """Its records have no primary key."""

    name = models.CharField(max_length=40, unique=True)

    objects = TagManager()

    def natural_key(self):
        return (self.name,)

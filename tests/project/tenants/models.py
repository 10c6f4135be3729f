"""Models whose managers refuse: no tenant was chosen, so that nobody may see any row."""

import uuid

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class NoTenantChosenError(Exception):
    pass


class ScopedManager(models.Manager):
    def get_queryset(self):
        raise NoTenantChosenError(self.model)

    def get_by_natural_key(self, name):
        return self.get(name=name)


class Scoped(models.Model):
    name = models.CharField(max_length=20, unique=True)

    objects = ScopedManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def natural_key(self):
        return (self.name,)


class Tenant(Scoped):
    pass


class Room(Scoped):
    tenant = models.ForeignKey(Tenant, models.CASCADE)
    floor = models.IntegerField(default=0)
    users = models.ManyToManyField(Tenant, related_name="+")
    next_to = models.ManyToManyField("self")
    memos = GenericRelation("Memo")


class Suite(Room):
    """A table of its own beside that of its parent."""

    beds = models.IntegerField()


class Key(Scoped):
    """Known by UUID, protects its room."""

    number = models.BigAutoField(primary_key=True)
    id = models.UUIDField(default=uuid.uuid4, unique=True)
    room = models.ForeignKey(Room, models.PROTECT)


class Memo(Scoped):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.BigIntegerField()
    about = GenericForeignKey()


class Shelf(Scoped):
    """Ordered among those of its room."""

    room = models.ForeignKey(Room, models.SET_NULL, null=True)

    class Meta(Scoped.Meta):
        order_with_respect_to = "room"

"""A tree in the order of insertion, a sorted one with unique numbers, and what hangs on them."""

from django.db import models
from mptt.models import MPTTModel, TreeForeignKey, TreeManyToManyField


class Category(MPTTModel):
    name = models.CharField(max_length=80)
    parent = TreeForeignKey(
        "self", null=True, blank=True, related_name="children", on_delete=models.CASCADE
    )


class Place(MPTTModel):
    name = models.CharField(max_length=80, unique=True)
    inside = TreeForeignKey("self", null=True, blank=True, on_delete=models.PROTECT)

    class MPTTMeta:
        parent_attr = "inside"
        order_insertion_by = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tree_id", "lft"], name="one_place_each")]


class Thing(models.Model):
    name = models.CharField(max_length=80)
    category = TreeForeignKey(Category, null=True, on_delete=models.SET_NULL)
    also = TreeManyToManyField(Category, related_name="+")
    place = TreeForeignKey(Place, on_delete=models.CASCADE)

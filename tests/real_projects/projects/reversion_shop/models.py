"""Products of makers, both with versions."""

import reversion
from django.db import models


@reversion.register()
class Label(models.Model):
    text = models.CharField(max_length=40)


@reversion.register(follow=["products"])
class Maker(models.Model):
    name = models.CharField(max_length=40, unique=True)


@reversion.register()
class Product(models.Model):
    name = models.CharField(max_length=40)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    maker = models.ForeignKey(Maker, on_delete=models.CASCADE, related_name="products")
    labels = models.ManyToManyField(Label)

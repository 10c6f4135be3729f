"""Books with their history, many-to-many authors in it, and shelves of two tables."""

import uuid

from django.contrib.auth.models import User
from django.db import models
from simple_history.models import HistoricalRecords


class Author(models.Model):
    name = models.CharField(max_length=40, unique=True)
    history = HistoricalRecords()


class Book(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    title = models.CharField(max_length=40)
    read_at = models.DateTimeField(auto_now=True)
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    authors = models.ManyToManyField(Author)
    changed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    history = HistoricalRecords(
        m2m_fields=[authors], history_id_field=models.UUIDField(default=uuid.uuid4)
    )

    @property
    def _history_user(self):
        return self.changed_by


class Place(models.Model):
    name = models.CharField(max_length=40)
    history = HistoricalRecords(inherit=True)


class Shelf(Place):
    books = models.ManyToManyField(Book)

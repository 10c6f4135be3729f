"""All rows of an app, to be compared between databases."""

import datetime as dt

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

NOT_LOGGED = {"secret"}


def tables():
    """The models of the gallery that have a table of their own."""
    models = apps.get_app_config("gallery").get_models(include_auto_created=True)
    return [model for model in models if model._meta.managed and not model._meta.proxy]


def contents(database):
    """Every row of every table, by table name, as values that can be compared."""
    types = ContentType.objects.using(database).in_bulk()
    return {model._meta.db_table: _rows(model, database, types) for model in tables()}


def empty(database):
    """Remove every row, whatever refers to it."""
    with transaction.atomic(using=database):
        for model in tables():
            model._base_manager.using(database)._raw_delete(database)


def _rows(model, database, types):
    # The rows of an automatic many-to-many table are numbered by each database on its own.
    names = [
        field.attname
        for field in model._meta.local_concrete_fields
        if field.name not in NOT_LOGGED and not (model._meta.auto_created and field.primary_key)
    ]
    rows = model._base_manager.using(database).values_list(*names)
    found = [
        tuple(_comparable(name, value, types) for name, value in zip(names, row, strict=True))
        for row in rows
    ]
    return names, sorted(found, key=repr)


def _comparable(name, value, types):
    if name == "content_type_id":
        return types[value].natural_key()
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, dt.datetime | dt.time):  # Django's serializer cuts to milliseconds
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    return value

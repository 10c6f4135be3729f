"""Every table of a project as it stands, found through fields alone: no manager is asked."""

import json

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import ForeignKey
from django.db.models.query import QuerySet

NUMBERED_BY_EACH_DATABASE = (ContentType, Permission)
NOT_IN_A_LOG = (
    "contenttypes",
    "sessions",
    "admin",
    "tui_ingest",
    "wagtailsearch",  # an index that each kind of database has in another form
)


def logged_models():
    """Models with a table of their own whose rows a log tells of, many-to-many tables included."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
        and not model._meta.proxy
        and not model._meta.swapped
        and model._meta.app_label not in NOT_IN_A_LOG
        and model is not Permission
    ]


def state():
    """All rows now: {model: {pk: values of its own columns}}."""
    return {model: _rows(model) for model in logged_models()}


def _rows(model):
    columns = [field.attname for field in model._meta.local_concrete_fields]
    rows = QuerySet(model).order_by().values_list("pk", *columns)
    return {pk: values for pk, *values in rows}


def comparable():
    """All rows as text that is the same in every database: {label: {key: {field: value}}}."""
    names = {model: _natural_keys(model) for model in NUMBERED_BY_EACH_DATABASE}
    return {model._meta.label: _described(model, rows, names) for model, rows in state().items()}


def _natural_keys(model):
    return {row.pk: row.natural_key() for row in QuerySet(model)}


def _described(model, rows, names):
    fields = model._meta.local_concrete_fields
    described = {}
    for pk, values in rows.items():
        columns = {
            field.attname: _as_text(_named(field, value, names))
            for field, value in zip(fields, values, strict=True)
        }
        if model._meta.auto_created:  # each database numbers these rows, and nothing refers to them
            del columns[model._meta.pk.attname]
            described[" ".join(columns.values())] = columns
        else:
            described[str(pk)] = columns
    return described


def _named(field, value, names):
    if value is not None and isinstance(field, ForeignKey):
        keys = names.get(field.related_model)
        return value if keys is None else keys[value]
    return field.get_prep_value(value)


def _as_text(value):
    """As JSON where it is: PostgreSQL keeps no order of keys."""
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, default=repr)
    return repr(value)


def differences(source, target):
    """What the target lacks, has too much or has otherwise, one line each."""
    for label in sorted(source.keys() | target.keys()):
        here, there = source.get(label, {}), target.get(label, {})
        for key in sorted(here.keys() | there.keys()):
            if here.get(key) == there.get(key):
                continue
            if key not in there:
                yield f"{label} {key} is missing: {here[key]}"
            elif key not in here:
                yield f"{label} {key} is too much: {there[key]}"
            else:
                wrong = {
                    name: (value, there[key].get(name))
                    for name, value in here[key].items()
                    if value != there[key].get(name)
                }
                yield f"{label} {key} differs: {wrong}"

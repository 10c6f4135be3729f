"""Signals to records: a change is read when it happens, and logged when it is committed."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import ManyToManyField, Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete

from tui_ingest.oplog.records import Operation
from tui_ingest.recorder.conf import RecorderSettings
from tui_ingest.recorder.formatting import to_json
from tui_ingest.recorder.links import added_links, many_to_many, owners
from tui_ingest.recorder.rows import Serialized, read_alone, read_with_parents
from tui_ingest.recorder.suspension import is_suspended

LOGGER = "oplogger"
# Attributes of an instance between a signal before a change and the one after it.
_DOOMED = "_tui_ingest_doomed"
_UNLINKED = "_tui_ingest_unlinked"

logger = logging.getLogger(LOGGER)


class Recorder:
    """Listens to the models that the settings name.

    Every signal is connected model by model. That keeps Django's fast deletion for the other
    models, and leaves migrations unrecorded: these work on historical models.
    """

    def __init__(self, settings: RecorderSettings) -> None:
        self._settings = settings

    def connect(self) -> None:
        """Begin to record every change of the models to record."""
        for model in filter(self._settings.records, apps.get_models()):
            uid = f"{LOGGER} {model._meta.label}"
            post_save.connect(self._saved, sender=model, dispatch_uid=uid)
            pre_delete.connect(self._about_to_delete, sender=model, dispatch_uid=uid)
            post_delete.connect(self._deleted, sender=model, dispatch_uid=uid)
            for field in many_to_many(model):
                m2m_changed.connect(
                    partial(self._links_changed, field),
                    sender=field.remote_field.through,
                    weak=False,
                    dispatch_uid=f"{uid}.{field.name}",
                )

    def _saved(self, sender: type[Model], instance: Model, raw: bool, using: str, **_: Any) -> None:
        if not self._is_silent(raw=raw):
            self._save(sender, instance.pk, using)

    def _about_to_delete(self, sender: type[Model], instance: Model, using: str, **_: Any) -> None:
        if not self._is_silent():
            setattr(instance, _DOOMED, list(read_alone(sender, instance.pk, using)))

    def _deleted(self, instance: Model, using: str, **_: Any) -> None:
        objects = instance.__dict__.pop(_DOOMED, None)
        if objects:
            _log(Operation.DELETE, objects, using)

    def _links_changed(
        self,
        field: ManyToManyField[Any, Any],
        sender: type[Model],
        instance: Model,
        action: str,
        reverse: bool,
        pk_set: set[Any] | None,
        using: str,
        **_: Any,
    ) -> None:
        if self._is_silent():
            return
        if not sender._meta.auto_created:
            # Removed links are deleted row by row and recorded as such; added ones are not saved.
            if action == "post_add" and pk_set and self._settings.records(sender):
                for link in added_links(field, instance, pk_set, using, reverse=reverse):
                    self._save(sender, link, using)
        elif action == "pre_clear":
            setattr(instance, _UNLINKED, owners(field, instance, None, using, reverse=reverse))
        elif action == "post_clear":
            self._save_all(field.model, instance.__dict__.pop(_UNLINKED, ()), using)
        elif action in {"post_add", "post_remove"} and pk_set:
            self._save_all(
                field.model, owners(field, instance, pk_set, using, reverse=reverse), using
            )

    def _save_all(self, model: type[Model], keys: list[Any], using: str) -> None:
        for key in keys:
            self._save(model, key, using)

    def _save(self, model: type[Model], pk: Any, using: str) -> None:
        objects = list(read_with_parents(model, pk, using))
        if objects:
            _log(Operation.SAVE, objects, using)

    def _is_silent(self, *, raw: bool = False) -> bool:
        return (raw or is_suspended()) and not self._settings.raw


def _log(operation: Operation, objects: list[Serialized], using: str) -> None:
    """Write one record once the change is committed; never if it is rolled back."""
    payload = to_json(objects)

    def write() -> None:
        logger.info("%s %s", operation.value, payload)

    transaction.on_commit(write, using=using, robust=True)

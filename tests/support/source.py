"""The other end: a project that logs its changes as the article does, by signals."""

import contextlib

from django.db import IntegrityError, models, transaction
from django.db.models import signals

from tests.project.gallery.models import Remark
from tests.support.target import logged

SOURCE = "source"  # alias


class Source:
    """Collects a line of the log for every change in the source's database.

    It does what the article leaves out where a log would be incomplete without: parents come
    with their children, and a change of many-to-many relations logs the row again.
    """

    def __init__(self):
        self.lines = []

    @contextlib.contextmanager
    def recording(self):
        receivers = (
            (signals.post_save, self._saved),
            (signals.post_delete, self._deleted),
            (signals.m2m_changed, self._links_changed),
        )
        for signal, receiver in receivers:
            signal.connect(receiver)
        try:
            yield self
        finally:
            for signal, receiver in receivers:
                signal.disconnect(receiver)

    @contextlib.contextmanager
    def change(self):
        """One change of the source; what the database refuses is neither done nor logged."""
        before = len(self.lines)
        try:
            with transaction.atomic(using=SOURCE):
                yield
        except (models.ProtectedError, models.RestrictedError, IntegrityError):
            del self.lines[before:]

    def _saved(self, instance, using, **_):
        if using == SOURCE:
            self._log("SAVE", *family(instance))

    def _deleted(self, instance, using, **_):
        if using == SOURCE:
            self._log("DELETE", instance)

    def _links_changed(self, instance, action, using, **_):
        if using == SOURCE and action.startswith("post_"):
            self._log("SAVE", *family(instance))

    def _log(self, operation, *rows):
        natural = isinstance(rows[-1], Remark)  # numbers of content types differ between databases
        self.lines.append(logged(*rows, operation=operation, use_natural_foreign_keys=natural))


def family(instance):
    """The row and those of its parents, the eldest first, as the database has them."""
    eldest_first = [*reversed(instance._meta.get_parent_list()), type(instance)]
    tables = [m for m in eldest_first if not m._meta.proxy or m is type(instance)]
    return [model._base_manager.using(SOURCE).get(pk=instance.pk) for model in tables]

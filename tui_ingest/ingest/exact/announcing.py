"""The receivers that RECEIVERS names, told of one record: `pre_` at once, `post_` at its end.

They are told what Django would tell them of a raw save, and are shown an instance of their own:
what they change of it is not written.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from functools import partial
from typing import Any

from django.db.models import Model
from django.db.models.expressions import BaseExpression

from tui_ingest.ingest.exact.deserializing import Row
from tui_ingest.ingest.exact.sequences import Counters
from tui_ingest.ingest.receivers import DELETING, LINKING, SAVING, Receivers, call


class Announcements:
    """Tells the receivers of one record.

    Args:
        counters: moved before a receiver is called, which may make rows of any model.
    """

    def __init__(self, receivers: Receivers, database: str, counters: Counters) -> None:
        self._receivers = receivers
        self._database = database
        self._counters = counters
        self._later: list[Callable[[], None]] = []

    # Rows

    def saving(self, row: Row, updated: Set[str] | None) -> Model | None:
        """Tell that a row is about to be saved.

        Args:
            updated: names of fields; None: all of them, or nobody knows yet.

        Returns:
            What to show at the end; None if nobody is told.
        """
        if not self.are_told_of_saves(row.model):
            return None
        instance = self._instance(row)
        self._tell("pre_save", row.model, instance=instance, raw=True, update_fields=updated)
        return instance

    def saved(
        self, instance: Model | None, row: Row, updated: Set[str] | None, *, created: bool
    ) -> None:
        """Tell, at the end, that a row was saved."""
        if instance is not None:
            for name, value in row.values.items():
                if not isinstance(value, BaseExpression):
                    setattr(instance, name, value)
            instance._state.db = self._database
            instance._state.adding = False
            told = {"created": created, "raw": True, "update_fields": updated}
            self._tell_later("post_save", row.model, instance=instance, **told)

    def are_told_of_saves(self, model: type[Model]) -> bool:
        """Tell whether `saving` and `saved` reach anybody."""
        return self._receivers.are_called(SAVING, model)

    def are_told_of_deletes(self, model: type[Model]) -> bool:
        """Tell whether `deleting` and `deleted` reach anybody."""
        return self._receivers.are_called(DELETING, model)

    def deleting(self, instance: Model, origin: object) -> None:
        """Tell that a row is about to be deleted."""
        self._tell("pre_delete", type(instance), instance=instance, origin=origin)

    def deleted(self, instance: Model, origin: object) -> None:
        """Tell, at the end, that a row was deleted."""
        self._tell_later("post_delete", type(instance), instance=instance, origin=origin)

    # Links

    def link(self, row: Row, field: Any, action: str, far: Set[Any]) -> None:
        """Tell that links are about to be added or removed, and at the end, that they were.

        Args:
            action: add or remove.
            far: keys of the rows at the other end.
        """
        through = field.remote_field.through
        if self._receivers.are_called(LINKING, through):
            given = {
                "instance": self._instance(row),
                "reverse": False,
                "model": field.remote_field.model,
                "pk_set": set(far),
            }
            self._tell("m2m_changed", through, action=f"pre_{action}", **given)
            self._tell_later("m2m_changed", through, action=f"post_{action}", **given)

    @property
    def are_left(self) -> bool:
        """Whether `finish` has something to tell."""
        return bool(self._later)

    def finish(self) -> None:
        """Tell what was kept for the end.

        Raises:
            ReceiverError: one of the receivers raised.
        """
        while self._later:
            self._later.pop(0)()

    def _instance(self, row: Row) -> Model:
        plain = {
            name: None if isinstance(value, BaseExpression) else value
            for name, value in row.values.items()
        }
        return row.model(**plain)

    def _tell_later(self, signal: str, sender: type[Model], **given: Any) -> None:
        self._later.append(partial(self._tell, signal, sender, **given))

    def _tell(self, signal: str, sender: type[Model], **given: Any) -> None:
        if receivers := self._receivers.called(signal, sender):
            self._counters.move()
            call(receivers, signal, sender, using=self._database, **given)

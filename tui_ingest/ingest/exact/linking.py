"""The many-to-many links of a row, set to what its record says."""

from __future__ import annotations

from typing import Any

from django.db.models import ManyToManyField, Q

from tui_ingest.ingest.exact.announcing import Announcements
from tui_ingest.ingest.exact.deleting import delete
from tui_ingest.ingest.exact.deserializing import Row
from tui_ingest.ingest.target import Target


def set_links(target: Target, row: Row, announcements: Announcements) -> None:
    """Add and remove links, so that those are left which the record names.

    Args:
        announcements: to be finished by the caller.
    """
    for field, values in row.links.items():
        if isinstance(field, ManyToManyField):
            _Links(target, row, field, announcements).replace(values)
        else:  # the likes of taggit's, with rows of its own
            getattr(target.rows(row.model).get(pk=row.pk), field.name).set(values)


class _Links:
    """The links of one row by one field, as rows of the table between."""

    def __init__(self, target: Target, row: Row, field: Any, announcements: Announcements) -> None:
        self._target = target
        self._row = row
        self._field = field
        self._announcements = announcements
        self._through: Any = field.remote_field.through
        self._rows: Any = target.rows(self._through)
        self._near: Any = self._through._meta.get_field(field.m2m_field_name())
        self._far: Any = self._through._meta.get_field(field.m2m_reverse_field_name())
        self._is_symmetrical = field.remote_field.symmetrical
        key = self._near.target_field
        self._owner = (
            row.pk
            if key.primary_key
            else target.rows(row.model).values_list(key.attname, flat=True).get(pk=row.pk)
        )

    def replace(self, values: list[Any]) -> None:
        wanted = set(map(self._far.get_prep_value, values))
        here = self._far_ends(Q(**{self._near.attname: self._owner}), self._far)
        gone, new = here - wanted, wanted - here
        if gone:
            self._announcements.link(self._row, self._field, "remove", gone)
        if new:
            self._announcements.link(self._row, self._field, "add", new)
        if gone:
            self._remove(gone)
        if new:
            self._add(new)

    def _far_ends(self, condition: Q, end: Any) -> set[Any]:
        found = self._rows.filter(condition).values_list(end.attname, flat=True)
        return set(map(end.get_prep_value, found))

    def _remove(self, gone: set[Any]) -> None:
        between = Q(**{self._near.attname: self._owner, f"{self._far.attname}__in": gone})
        if self._is_symmetrical:
            between |= Q(**{self._far.attname: self._owner, f"{self._near.attname}__in": gone})
        delete(self._target, self._rows.filter(between), self._announcements)

    def _add(self, new: set[Any]) -> None:
        pairs = {(self._owner, value) for value in new}
        if self._is_symmetrical:
            mirrored = Q(**{self._far.attname: self._owner, f"{self._near.attname}__in": new})
            back = new - self._far_ends(mirrored, self._near)
            pairs |= {(value, self._owner) for value in back}
        self._rows.bulk_create(
            self._through(**{self._near.attname: near, self._far.attname: far})
            for near, far in sorted(pairs, key=str)
        )

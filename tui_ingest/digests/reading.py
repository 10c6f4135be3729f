"""The rows of a table, each as a number of 128 bits, in bounded memory."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import CharField, ManyToManyField, Model, QuerySet, UUIDField
from django.db.models.functions import Cast

from tui_ingest.digests.canonical import Canon, Convert, text_of
from tui_ingest.digests.fields import (
    AnyField,
    column_fields,
    final_field,
    link_fields,
    links_of,
    through,
)

_AT_ONCE = 500  # rows whose links are read together: parameters that every database takes
_BYTES = 16  # of a row's hash
_MODULUS = 2 ** (8 * _BYTES)


class RowHash(NamedTuple):
    """A row, and what stands for all that it holds."""

    pk: tuple[Any, ...]  # the values of its primary key
    identity: Any  # what identifies it, as JSON holds it
    hash: bytes


@dataclass(kw_only=True)
class Sum:
    """How many rows, and the sum of their hashes.

    A sum and no XOR, so that what is there twice does not vanish.
    """

    count: int = 0
    value: int = 0

    def add(self, row: RowHash) -> None:
        """Take one more row."""
        self.count += 1
        self.value = (self.value + int.from_bytes(row.hash)) % _MODULUS

    @property
    def hex(self) -> str:
        """The sum as a log has it."""
        return f"{self.value:0{2 * _BYTES}x}"


class Hasher:
    """Reads rows of one model, in the caller's transaction, past every manager.

    Args:
        identity: the field that says which row is which.
        names: of the columns and links that are compared; all of them exist.
        naive: see `Canon`.
    """

    def __init__(
        self,
        model: type[Model],
        *,
        identity: AnyField,
        names: Sequence[str],
        naive: bool,
        database: str = DEFAULT_DB_ALIAS,
    ) -> None:
        self._label = model._meta.label_lower
        self._database = database
        self._identity = identity
        canon = Canon(database, naive=naive)
        columns, links = column_fields(model), link_fields(model)
        self._columns = [columns[name] for name in names if name in columns]
        self._links = [links[name] for name in names if name in links]
        self._converters = [(field.name, canon.converter(field)) for field in self._columns]
        self._far = [canon.converter(_far_field(link)) for link in self._links]
        keys = [identity] if not identity.primary_key else list(model._meta.pk_fields)
        self._identity_converters = [canon.converter(field) for field in keys]
        self._keys = keys
        self._pk = list(model._meta.pk_fields)

    def hashes(self, rows: QuerySet[Model]) -> Iterator[RowHash]:
        """Yield the rows of a query."""
        fields = [*self._pk, *self._keys, *self._columns]
        values = rows.values_list(*(field.attname for field in fields))
        found = iter(values.iterator(chunk_size=4 * _AT_ONCE))
        while some := list(islice(found, _AT_ONCE)):
            yield from self._hashed(some)

    def _hashed(self, rows: Sequence[Any]) -> Iterator[RowHash]:
        pks, keys = len(self._pk), len(self._keys)
        linked = [
            (link.name, self._linked(link, convert, [row[0] for row in rows]))
            for link, convert in zip(self._links, self._far, strict=True)
        ]
        for row in rows:
            own = [
                convert(value)
                for convert, value in zip(
                    self._identity_converters, row[pks : pks + keys], strict=True
                )
            ]
            identity = own[0] if len(own) == 1 else own
            values: list[Any] = [self._label, identity]
            for (name, convert), value in zip(self._converters, row[pks + keys :], strict=True):
                values += (name, convert(value))
            for name, others in linked:
                values += (name, others.get(row[0], []))
            digest = hashlib.blake2b(text_of(values), digest_size=_BYTES).digest()
            yield RowHash(pk=row[:pks], identity=identity, hash=digest)

    def _linked(
        self, link: ManyToManyField[Any, Any], convert: Convert, pks: Sequence[Any]
    ) -> dict[Any, list[Any]]:
        """Return what rows are linked to, in an order that all databases share."""
        near, far = link.m2m_field_name(), link.m2m_reverse_field_name()
        rows = links_of(link, self._database).filter(**{f"{near}__in": pks})
        found: dict[Any, list[Any]] = defaultdict(list)
        for pk, other in rows.values_list(near, far):
            found[pk].append(convert(other))
        return {pk: sorted(others, key=text_of) for pk, others in found.items()}


def between(rows: QuerySet[Model], identity: AnyField, after: Any, upto: Any) -> QuerySet[Model]:
    """Return the rows whose identity is above one value and not above another; None: any.

    Raises:
        ValueError, TypeError, ValidationError: one is no value of that field.
    """
    name = identity.attname
    convert: Callable[[Any], str] = str
    connection = connections[rows.db]
    if connection.vendor == "mysql" and isinstance(final_field(identity), UUIDField):
        # MariaDB's own order of UUIDs is another one; that of their text is everybody's.
        rows = rows.annotate(identity_text=Cast(identity.attname, CharField()))
        name = "identity_text"
        if not connection.features.has_native_uuid_field:
            convert = _hex
    if after is not None:
        rows = rows.filter(**{f"{name}__gt": convert(after)})
    if upto is not None:
        rows = rows.filter(**{f"{name}__lte": convert(upto)})
    return rows


def _hex(value: Any) -> str:
    return uuid.UUID(str(value)).hex


def _far_field(link: ManyToManyField[Any, Any]) -> AnyField:
    return through(link)._meta.get_field(link.m2m_reverse_field_name())

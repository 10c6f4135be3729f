"""The rows of one DIGEST beside the rows here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import FieldError, ValidationError
from django.db.models import Model, QuerySet

from tui_ingest.digests.canonical import limits, text_of
from tui_ingest.digests.fields import column_fields, link_fields
from tui_ingest.digests.lines import Digest, Rows, key_line
from tui_ingest.digests.reading import Hasher, RowHash, Sum, between
from tui_ingest.ingest.identity import key_text
from tui_ingest.ingest.model_fields import AnyField, concrete
from tui_ingest.ingest.target import Target
from tui_ingest.models import DifferingRow


class NotComparableError(Exception):
    """Nothing follows from comparing these. The message says why, in one sentence."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A row that one side does not have, or has otherwise."""

    kind: DifferingRow.Kind
    key: str  # its primary key at the source, as a resend takes it; here, if only here
    identity: str  # as `DeadLetterRow.key` has it


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What came of comparing."""

    rows: int  # here
    source_rows: int
    is_equal: bool
    absent: Sequence[str] = ()  # fields of the source that are not here: not compared
    limits: Sequence[str] = ()  # what this database cannot hold as another can, in words
    differences: Sequence[Difference] | None = None  # None: the DIGEST does not name rows


def compare(target: Target, model: type[Model], digest: Digest) -> Comparison:
    """Compare what a DIGEST says with the rows that are here now.

    Raises:
        NotComparableError: they cannot be compared.
        DatabaseError: the rows cannot be read now.
    """
    model = concrete(model)
    identity = _identity(target, model, digest)
    known = {**column_fields(model), **link_fields(model)}
    absent = sorted(set(digest.fields) - known.keys())
    names = sorted(set(digest.fields) & known.keys())
    hasher = Hasher(
        model, identity=identity, names=names, naive=digest.naive, database=target.database
    )
    total = Sum()
    here: dict[bytes, RowHash] = {}
    for row in hasher.hashes(_rows(target, model, identity, digest)):
        total.add(row)
        if digest.rows is not None:
            here[text_of(row.identity)] = row
    is_equal = total.count == digest.count and (bool(absent) or total.hex == digest.sum)
    differences = None
    if digest.rows is not None and not absent:
        differences = [] if is_equal else [*_differences(identity, digest.rows, here)]
    return Comparison(
        rows=total.count,
        source_rows=digest.count,
        is_equal=is_equal,
        absent=absent,
        limits=[*limits(model, target.database)] if not is_equal else (),
        differences=differences,
    )


def _identity(target: Target, model: type[Model], digest: Digest) -> AnyField:
    field = target.identities.field(model)
    name = "pk" if field.primary_key else field.name
    if name != digest.identity:
        raise NotComparableError(
            f"The source tells rows apart by {digest.identity}, this project by {name}"
            " (see the setting IDENTITY)."
        )
    return field


def _rows(
    target: Target, model: type[Model], identity: AnyField, digest: Digest
) -> QuerySet[Model]:
    """Return the rows that a DIGEST is about.

    What it names comes out of the log: fields of the table itself, compared with a value, and
    nothing else that a query could ask.
    """
    own = {field.name for field in model._meta.local_concrete_fields}
    if unknown := sorted(digest.scope.keys() - own):
        raise NotComparableError(
            f"The source counts rows by {unknown[0]}, which is no field of this table (see its"
            " setting SCOPE)."
        )
    try:
        rows = target.rows(model).filter(**digest.scope)
        return between(rows, identity, digest.after, digest.upto)
    except (ValueError, TypeError, ValidationError, FieldError) as error:
        raise NotComparableError(f"No rows can be chosen as the source did: {error}") from error


def _differences(
    identity: AnyField, source: Rows, here: Mapping[bytes, RowHash]
) -> Iterator[Difference]:
    left = dict(here)
    for key, value, expected in zip(source.keys, source.identities, source.hashes, strict=True):
        row = left.pop(text_of(value), None)
        if row is not None and Rows.shortened(row.hash) == expected:
            continue
        kind = DifferingRow.Kind.DIFFERENT if row else DifferingRow.Kind.ONLY_SOURCE
        yield Difference(kind=kind, key=key_line(key), identity=key_text(identity, value))
    for row in left.values():
        key = list(row.pk) if len(row.pk) > 1 else row.pk[0]
        yield Difference(
            kind=DifferingRow.Kind.ONLY_HERE,
            key=key_line(key),
            identity=key_text(identity, row.identity),
        )

"""DIGESTs of a source's database, as lines of its log."""

from django.db import models

from tests.support.lines import line
from tui_ingest.digests.fields import column_fields, default_identity, link_fields
from tui_ingest.digests.lines import Digest, Rows
from tui_ingest.digests.reading import Hasher, Sum, between


def rows_of(model, database):
    return models.QuerySet(model=model, using=database)


def digest(model, *, database="source", names=None, scope=None, rows=False, parts=(None,), **more):
    """A DIGEST of all rows; one for each part, if `parts` says where they end."""
    identity = default_identity(model)
    names = names or sorted([*column_fields(model), *link_fields(model)])
    hasher = Hasher(model, identity=identity, names=names, naive=False, database=database)
    lines, after = [], None
    for upto in parts:
        chosen = between(
            rows_of(model, database).filter(**(scope or {})), identity, after, upto
        ).order_by(identity.attname)
        found = [*hasher.hashes(chosen)]
        total = Sum()
        for row in found:
            total.add(row)
        said = Digest(
            identity="pk" if identity.primary_key else identity.name,
            fields=names,
            count=total.count,
            sum=total.hex,
            after=after,
            upto=upto,
            scope=scope or {},
            rows=_named(found) if rows else None,
        ).as_object(model._meta.label_lower)
        lines.append(line("DIGEST", {**said, "fields": said["fields"] | more}))
        after = upto
    return lines


def _named(found):
    keys = [row.pk[0] if len(row.pk) == 1 else list(row.pk) for row in found]
    return Rows(
        keys=keys,
        identities=[row.identity for row in found],
        hashes=[Rows.shortened(row.hash) for row in found],
    )

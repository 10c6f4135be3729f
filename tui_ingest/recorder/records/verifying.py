"""Proof: what the rows of a model add up to, written into the log for the target to compare.

A DIGEST is written in a round after which no change of its model is left that the snapshot shows:
then the log up to it describes exactly the rows that were digested. A large table is digested part
by part, each in a round of its own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings as django_settings
from django.db.models import Model, QuerySet

from tui_ingest.digests.canonical import Canon
from tui_ingest.digests.fields import (
    AnyField,
    column_fields,
    default_identity,
    is_ordered_alike,
    link_fields,
)
from tui_ingest.digests.lines import Digest, Rows
from tui_ingest.digests.reading import Hasher, RowHash, Sum
from tui_ingest.recorder.conf import RecorderSettings
from tui_ingest.recorder.errors import is_of_the_row
from tui_ingest.recorder.models import Change, Resend, Verification, stored
from tui_ingest.recorder.records.resending import labels_in_order


@dataclass(kw_only=True)
class Part:
    """The rows of a verification that come next, summed up."""

    verification: Verification
    digest: Digest | None = None  # None: they cannot be read
    error: str = ""  # why not


def order(
    labels: Sequence[str], database: str, *, rows: bool, every: float | None
) -> list[Verification]:
    """Have models digested by the relay, from their first row on.

    Args:
        labels: none: all that are recorded.
        rows: each row by itself, too, in the pass that comes next.
        every: seconds between two passes; 0: no more; None: leave that as it is.

    Raises:
        RecorderError: a model is not recorded here.
    """
    done = []
    for label in labels_in_order(labels, database):
        values: dict[str, Any] = {"rows": rows, "after": None, "error": ""}
        values["due"] = None if every == 0 else time.time()
        if every is not None:
            values["every"] = every or None
        known = stored(Verification, database).filter(model=label)
        # No transaction that reads first: on SQLite it would not wait for its turn to write.
        if not known.update(**values):
            stored(Verification, database).create(model=label, **values)
        done.append(known.get())
    return done


class Digester:
    """Digests the models of one database, in the snapshot of the caller's round."""

    def __init__(
        self, settings: RecorderSettings, database: str, models: Mapping[str, type[Model]]
    ) -> None:
        self._database = database
        self._models = models
        self._scopes = {label.lower(): scope for label, scope in settings.scope.items()}

    def next_part(self, last_entry: int, limit: int) -> Part | None:
        """Return up to `limit` rows of the first verification that may go on; None without one.

        Args:
            last_entry: the highest entry that the round has taken; there may be others after it.
        """
        if limit <= 0:
            return None
        due = stored(Verification, self._database).filter(due__lte=time.time())
        for verification in due.order_by("due", "id"):
            model = self._models.get(verification.model)
            if model is not None and not _waits_for(verification, self._database, last_entry):
                return self._part(verification, model, limit)
        return None

    def _part(self, verification: Verification, model: type[Model], limit: int) -> Part:
        try:
            digest = self._digest(verification, model, limit)
            return Part(verification=verification, digest=digest)
        except Exception as error:
            if not is_of_the_row(error):
                raise
            return Part(verification=verification, error=f"{type(error).__name__}: {error}")

    def _digest(self, verification: Verification, model: type[Model], limit: int) -> Digest:
        identity = default_identity(model)
        names = sorted([*column_fields(model), *link_fields(model)])
        naive = not django_settings.USE_TZ
        hasher = Hasher(model, identity=identity, names=names, naive=naive, database=self._database)
        scope = self._scopes.get(verification.model, {})
        rows: QuerySet[Model] = QuerySet(model=model, using=self._database).filter(**scope)
        after = None if verification.after is None else json.loads(verification.after)
        is_part = is_ordered_alike(identity, self._database)
        if is_part:
            rows = rows.order_by(identity.attname)
            if after is not None:
                rows = rows.filter(**{f"{identity.attname}__gt": after})
            rows = rows[:limit]
        total = Sum()
        kept: list[RowHash] = []
        last: Any = None
        for row in hasher.hashes(rows if is_part else rows.order_by()):
            total.add(row)
            last = row.identity
            if verification.rows:
                kept.append(row)
        return Digest(
            identity="pk" if identity.primary_key else identity.name,
            fields=names,
            count=total.count,
            sum=total.hex,
            after=after,
            upto=last if is_part and total.count == limit else None,
            scope=scope,
            naive=naive,
            rows=self._rows(model, identity, kept, naive=naive) if verification.rows else None,
        )

    def _rows(
        self, model: type[Model], identity: AnyField, kept: Sequence[RowHash], *, naive: bool
    ) -> Rows:
        """Return rows by what a resend calls them, and by what identifies them elsewhere."""
        identities = [row.identity for row in kept]
        keys: list[Any] = identities
        if not identity.primary_key:
            convert = Canon(self._database, naive=naive).converter(model._meta.pk)
            keys = [convert(row.pk[0]) for row in kept]
        return Rows(
            keys=keys, identities=identities, hashes=[Rows.shortened(row.hash) for row in kept]
        )


def begin_anew(database: str) -> None:
    """Go back to the first row where some parts are in the log: the last one may be there twice.

    Nobody knows it whose process, or connection, ended between writing a part and noting that.
    """
    begun = stored(Verification, database).exclude(after=None)
    if begun.exists():  # an update waits for a writer, even of no row
        begun.update(after=None)


def settle(part: Part, database: str) -> None:
    """Note that a part is in the log; if nobody has ordered the model anew, go on after it."""
    before, now = part.verification, time.time()
    values: dict[str, Any] = {"error": part.error}
    if before.after is None:
        values["began"] = now
    if part.digest is not None:
        earlier = 0 if before.after is None else before.digested
        values["digested"] = earlier + part.digest.count
    if part.digest is not None and not part.digest.is_last:
        values["after"] = json.dumps(part.digest.upto)
    else:
        due = now + before.every if before.every else None
        values |= {"after": None, "ended": now, "due": due, "rows": False}
    stored(Verification, database).filter(pk=before.pk, due=before.due, after=before.after).update(
        **values
    )


def progress_of(verification: Verification, database: str) -> dict[str, Any]:
    """Return how far a verification is, for JSON.

    Its state is waiting, running, written, failed or stopped.
    """
    due, waits_for = verification.due, ""
    if due is not None and due <= time.time():
        waits_for = _waits_for(verification, database, 0)
        state = "running" if verification.after is not None else "waiting"
    elif verification.error:
        state = "failed"
    else:
        state = "written" if verification.ended is not None else "stopped"
    return {
        "model": verification.model,
        "state": state,
        "waits_for": waits_for or "the relay",
        "rows": verification.digested,  # of this pass; once it is written, of the last one
        "every": verification.every,
        "ended": verification.ended,
        "error": verification.error,
    }


def _waits_for(verification: Verification, database: str, last_entry: int) -> str:
    """Return what the log is to have first, if the rows are ahead of it; else nothing.

    Args:
        last_entry: the highest change that is in the log, or will be after this round.
    """
    pending = stored(Change, database).filter(model=verification.model)
    if pending.exclude(held=None).exists():
        return "a change that is held, because its row cannot be read"
    if pending.filter(id__gt=last_entry).exists():
        return "changes that are pending"
    resends = stored(Resend, database).filter(model=verification.model, state=Resend.State.WAITING)
    return "a resend" if resends.exists() else ""

"""What the source keeps: changes that are not in the log yet, resends, and how the relay does."""

from __future__ import annotations

from typing import TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


def stored(model: type[M], database: str) -> models.QuerySet[M]:
    """Return all rows of one of these tables in a database."""
    return models.QuerySet(model=model, using=database)


class Change(models.Model):
    """A row changed: noted by a trigger, in the transaction of the change.

    No column values: the relay reads the row when it writes the record. Nobody but triggers,
    resends and the relay writes here.
    """

    id = models.BigAutoField(primary_key=True)
    model = models.CharField(max_length=200)  # label in lower case
    key = models.TextField()  # JSON: a list of the columns of the primary key
    operation = models.CharField(max_length=6)  # save or delete
    # JSON, {field: value before}: of what other than the key may name a row. Set by deletions, and
    # by updates that changed one of them.
    unique = models.TextField(null=True)
    at = models.FloatField()  # seconds since the epoch, by the database's clock
    held = models.TextField(null=True)  # why its row could not be read; it waits for a person

    class Meta:
        # Named: where the app is not installed, its folder would make them tui_ingest's own.
        app_label = "tui_ingest_recorder"
        verbose_name = "pending change"

    def __str__(self) -> str:
        return f"{self.operation} {self.model} {self.key}"


class Resend(models.Model):
    """Rows to be written to the log again, in the order of their keys."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"  # for the relay
        PAUSED = "paused", "paused"
        DONE = "done", "done"
        GIVEN_UP = "given up", "given up"

    id = models.BigAutoField(primary_key=True)
    model = models.CharField(max_length=200)  # label in lower case
    keys = models.TextField(null=True)  # JSON, a list of keys: those rows only
    where = models.TextField(null=True)  # JSON, [field, value]: those rows only
    after = models.TextField(null=True)  # JSON, the key of the row that was sent last
    upto = models.TextField(null=True)  # JSON, the highest key at the start
    total = models.BigIntegerField(default=0)  # rows at the start
    sent = models.BigIntegerField(default=0)  # rows
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    why = models.TextField(default="")  # for a person
    began = models.FloatField(null=True)  # seconds since the epoch
    ended = models.FloatField(null=True)  # seconds since the epoch

    class Meta:
        app_label = "tui_ingest_recorder"
        verbose_name = "resend"

    def __str__(self) -> str:
        return f"{self.model}: {self.state}, {self.sent:,} of {self.total:,} rows"


class Verification(models.Model):
    """A model whose rows are to be summed up in the log, once or every so often."""

    id = models.BigAutoField(primary_key=True)
    model = models.CharField(max_length=200, unique=True)  # label in lower case
    rows = models.BooleanField(default=False)  # each row by itself, too, in this pass
    every = models.FloatField(null=True)  # seconds between two passes; None: once
    due = models.FloatField(null=True)  # seconds since the epoch; None: not again
    after = models.TextField(null=True)  # JSON, what identifies the row that was read last
    digested = models.BigIntegerField(default=0)  # rows of this pass; once it is over, of the last
    began = models.FloatField(null=True)  # seconds since the epoch
    ended = models.FloatField(null=True)  # seconds since the epoch
    error = models.TextField(default="")  # why its rows could not be read

    class Meta:
        app_label = "tui_ingest_recorder"
        verbose_name = "verification"

    def __str__(self) -> str:
        return f"{self.model}: {self.digested:,} rows"


class RelayStatus(models.Model):
    """How the relay of this database does: one row."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    # Of the models that the triggers were made for; empty while a migration runs. A relay whose
    # code knows other models would leave columns out.
    models_digest = models.CharField(max_length=64, default="")
    log = models.TextField(default="")  # path
    state = models.CharField(max_length=20, default="")
    reason = models.TextField(default="")  # why it waits
    last_error = models.TextField(default="")
    last_error_at = models.FloatField(null=True)  # seconds since the epoch
    last_written = models.FloatField(null=True)  # seconds since the epoch
    records = models.BigIntegerField(default=0)  # written since the beginning

    class Meta:
        app_label = "tui_ingest_recorder"
        verbose_name = "relay"

    def __str__(self) -> str:
        return self.state

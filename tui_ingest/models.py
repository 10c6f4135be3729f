"""What tui-ingest keeps, in the database of the rows it writes and in their transactions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models, router, transaction
from django.db.models.base import ModelBase

from tui_ingest.fields import UTCDateTimeField
from tui_ingest.oplog.records import RecordLocation
from tui_ingest.words.terminal_safe import terminal_safe


class KeptRows(models.QuerySet[Any]):
    """What hangs on a row is read where that is, whatever the project's routers say of reads.

    A replica lags, and knows nothing of what the transaction has done.
    """

    @property
    def db(self) -> str:
        row = self._hints.get("instance")  # type: ignore[attr-defined]
        return self._db or (row and row._state.db) or super().db  # type: ignore[attr-defined]


class Kept(models.Model):
    """What the engine keeps for itself: no receiver of the project's is told of it.

    One that is connected for every model, and cannot do with these, would stop every session.
    """

    objects = KeptRows.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save_base(
        self,
        raw: bool = False,
        force_insert: bool | tuple[ModelBase, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Write the row, as Django does between its signals."""
        using = using or router.db_for_write(type(self), instance=self)
        with transaction.mark_for_rollback_on_error(using=using):
            self._save_table(  # type: ignore[attr-defined]
                raw, type(self), bool(force_insert), force_update, using, update_fields
            )
        self._state.db = using
        self._state.adding = False


class ProcessedFile(Kept):
    """The checkpoint of one log, and what an operator asks about it when no session runs."""

    file_path = models.CharField(max_length=512, unique=True)
    last_processed_position = models.PositiveBigIntegerField(
        default=0, help_text="Bytes of the generation, or messages, that have taken effect."
    )
    generation = models.CharField(
        max_length=64, blank=True, help_text="Digest of the generation's first complete line."
    )
    size = models.PositiveBigIntegerField(
        default=0, help_text="How far the generation reached when last seen."
    )
    evidence = models.TextField(
        blank=True, help_text="The log's own notes, by which it finds the position again."
    )
    last_record_time = UTCDateTimeField(
        null=True, blank=True, help_text="The last applied record's own time."
    )
    repeats_until = UTCDateTimeField(
        null=True,
        blank=True,
        help_text="Records up to this time may have been read before: rows here may be newer.",
    )
    witnesses = models.JSONField(
        default=list, blank=True, help_text="What identifies the rows that were written last."
    )
    unread = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        help_text="Bytes to be applied, at its session's last sign of life. Null: not known.",
    )
    state = models.CharField(max_length=20, blank=True)
    state_reason = models.TextField(blank=True)
    # By the database's own clock, as the next: clocks of several machines may differ.
    heartbeat = UTCDateTimeField(
        null=True, blank=True, help_text="When its session last said that it is alive."
    )
    owner = models.CharField(
        max_length=80, blank=True, help_text="The session that holds the lease of this log."
    )
    owner_host = models.CharField(max_length=255, blank=True)
    owner_pid = models.PositiveIntegerField(null=True, blank=True)
    owner_since = UTCDateTimeField(null=True, blank=True)
    # Orders that last: the next session begins with them.
    paused_by = models.CharField(max_length=255, blank=True, help_text="Empty: not paused.")
    paused_since = UTCDateTimeField(null=True, blank=True)
    stop_on_error_by = models.CharField(max_length=255, blank=True)

    class Meta:
        verbose_name = "log"
        permissions = (("control_processedfile", "Can pause, resume and step sessions"),)

    def __str__(self) -> str:
        return terminal_safe(f"{self.file_path} at {self.last_processed_position}")


class ModelTotal(Kept):
    """How many records of a model came out of a log, by what became of them.

    A record counts once for each model it names, in exactly one column.
    """

    file = models.ForeignKey(ProcessedFile, models.CASCADE, related_name="totals")
    model = models.CharField(max_length=255, help_text="app_label.model")
    saved = models.PositiveBigIntegerField(default=0)
    deleted = models.PositiveBigIntegerField(default=0)
    missing = models.PositiveBigIntegerField(
        default=0, help_text="Deletions of a row that was not there."
    )
    failed = models.PositiveBigIntegerField(default=0)
    skipped = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["file", "model"], name="tui_ingest_total_per_model"),
        )

    def __str__(self) -> str:
        return f"{self.model}: {self.saved} saved, {self.deleted} deleted, {self.failed} failed"


class ModelVerification(Kept):
    """Whether the rows of a model are those of the source, as the last DIGEST of a log says."""

    file = models.ForeignKey(ProcessedFile, models.CASCADE, related_name="verifications")
    model = models.CharField(max_length=255, help_text="app_label.model")
    state = models.CharField(max_length=16, blank=True, help_text="Blank before the first verdict.")
    reason = models.TextField(blank=True)
    rows = models.PositiveBigIntegerField(default=0, help_text="Here.")
    source_rows = models.PositiveBigIntegerField(default=0)
    differing = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Rows that were found to differ, if rows were named."
    )
    generation = models.CharField(max_length=64, blank=True)
    position = models.PositiveBigIntegerField(default=0, help_text="Where the DIGEST starts.")
    at = UTCDateTimeField(null=True, blank=True, help_text="The DIGEST's own time.")
    equal_at = UTCDateTimeField(
        null=True, blank=True, help_text="When the rows were found equal last, by the clock here."
    )
    parts = models.JSONField(
        null=True, blank=True, help_text="What is known of a table that is compared part by part."
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["file", "model"], name="tui_ingest_verification_per_model"
            ),
        )

    def __str__(self) -> str:
        return f"{self.model}: {self.state}"


class DifferingRow(Kept):
    """A row that was found to differ by a DIGEST that names rows."""

    class Kind(models.TextChoices):
        ONLY_SOURCE = "only source"
        ONLY_HERE = "only here"
        DIFFERENT = "different"

    verification = models.ForeignKey(
        ModelVerification, models.CASCADE, related_name="differing_rows"
    )
    kind = models.CharField(max_length=11, choices=Kind)
    key = models.TextField(
        help_text="Its primary key at the source, as a resend takes it; here, if it is only here."
    )
    identity = models.CharField(max_length=255, help_text="What identifies it, as text.")

    def __str__(self) -> str:
        return terminal_safe(f"{self.kind}: {self.key}")


class DeadLetter(Kept):
    """A record that could not be applied, kept until somebody or something puts it right."""

    class Status(models.TextChoices):
        OPEN = "open"
        APPLIED = "applied"  # a retry succeeded
        SUPERSEDED = "superseded"  # a later record of the same row was applied
        DISCARDED = "discarded"

    file = models.ForeignKey(ProcessedFile, models.CASCADE, related_name="dead_letters")
    generation = models.CharField(max_length=64)
    position = models.PositiveBigIntegerField(help_text="Byte at which the line starts.")
    length = models.PositiveBigIntegerField(help_text="Bytes, line terminator included.")
    raw = models.BinaryField(help_text="The exact bytes of the line, or its first KiB.")
    edited = models.BinaryField(
        null=True, blank=True, help_text="The bytes that an operator put in place of raw."
    )
    record_time = UTCDateTimeField(null=True, blank=True)
    operation = models.CharField(max_length=6, blank=True)
    model = models.CharField(max_length=255, blank=True)
    pk_text = models.CharField(max_length=255, blank=True, help_text="The primary key as logged.")
    reason = models.CharField(max_length=32)
    error = models.TextField()
    traceback = models.TextField(blank=True)
    # The first of the rows that it waits for: a missing parent, or who has its unique value.
    waiting_for_model = models.CharField(max_length=255, blank=True)
    waiting_for_key = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    attempts = models.PositiveIntegerField(default=1)
    created = UTCDateTimeField()
    last_attempt = UTCDateTimeField()
    resolved = UTCDateTimeField(null=True, blank=True)
    resolution = models.TextField(blank=True, help_text="Why it was discarded, or by what.")

    class Meta:
        permissions = (  # what is done in the admin, where nothing is changed by hand
            ("retry_deadletter", "Can retry dead letters"),
            ("discard_deadletter", "Can discard dead letters"),
        )
        indexes = (
            models.Index(fields=["file", "status", "id"], name="tui_ingest_dl_status"),
            models.Index(fields=["file", "generation", "position"], name="tui_ingest_dl_place"),
        )

    def __str__(self) -> str:
        return terminal_safe(f"{self.reason} at {self.position}: {self.subject}")

    @property
    def subject(self) -> str:
        """What the record is about: 'SAVE polls.choice 9'; nothing if the line is none."""
        return " ".join(filter(None, (self.operation, self.model, self.pk_text)))

    @property
    def location(self) -> RecordLocation:
        """Where the line is in its log."""
        return RecordLocation(self.generation, self.position, self.length)


class DeadLetterRow(Kept):
    """A row that a dead letter speaks of, so that a later record of it can be recognised."""

    dead_letter = models.ForeignKey(DeadLetter, models.CASCADE, related_name="rows")
    model = models.CharField(max_length=255)
    key = models.CharField(max_length=255, help_text="The row's identity as text.")
    superseded = models.BooleanField(default=False)

    class Meta:
        indexes = (models.Index(fields=["model", "key"], name="tui_ingest_dl_row"),)

    def __str__(self) -> str:
        return f"{self.model} {self.key}"


class DeadLetterKey(Kept):
    """A row that a waiting dead letter needs, or one that it would bring or change.

    A row is named as those do who refer to it (`field=value`), or by its identity.
    """

    dead_letter = models.ForeignKey(DeadLetter, models.CASCADE, related_name="keys")
    is_needed = models.BooleanField(help_text="Needed, not brought.")
    model = models.CharField(max_length=255)
    key = models.CharField(max_length=255)

    class Meta:
        indexes = (models.Index(fields=["model", "key"], name="tui_ingest_dl_key"),)

    def __str__(self) -> str:
        return f"{'needs' if self.is_needed else 'brings'} {self.model} {self.key}"


class Order(Kept):
    """What somebody ordered the session of a log to do, and what became of it."""

    class Status(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        REFUSED = "refused"

    file = models.ForeignKey(ProcessedFile, models.CASCADE, related_name="orders")
    kind = models.CharField(max_length=16)
    argument = models.TextField(blank=True)
    given = UTCDateTimeField(help_text="By the database's own clock, as the next.")
    given_by = models.CharField(max_length=255)
    answered = UTCDateTimeField(null=True, blank=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    answer = models.TextField(blank=True)

    class Meta:
        indexes = (models.Index(fields=["status", "file", "id"], name="tui_ingest_order_open"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.argument}".rstrip() + f" by {self.given_by}: {self.status}"


class LogEvent(Kept):
    """Something an operator should find later: a gap, a rotation, a seek, a retry."""

    file = models.ForeignKey(ProcessedFile, models.CASCADE, related_name="events")
    time = UTCDateTimeField()
    kind = models.CharField(max_length=32)
    message = models.TextField()
    missing_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    # Where it was met, of what the log itself told: what comes first after a gap.
    generation = models.CharField(max_length=64, blank=True)
    position = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["file", "kind"], name="tui_ingest_event_kind"),)

    def __str__(self) -> str:
        return terminal_safe(f"{self.kind}: {self.message}")

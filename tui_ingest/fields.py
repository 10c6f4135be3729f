"""Points in time, the same whatever a project says about time zones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone


class UTCDateTimeField(models.DateTimeField):  # type: ignore[type-arg]
    """A date and time that Python always sees as an aware one.

    Where USE_TZ is False, databases take and give naive ones; there they are UTC.
    """

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """Be a DateTimeField to migrations: the column is the same."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.DateTimeField", args, kwargs

    def get_db_prep_value(
        self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> Any:
        if isinstance(value, datetime) and timezone.is_aware(value) and not settings.USE_TZ:
            value = timezone.make_naive(value, UTC)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: datetime | None, *_: Any) -> datetime | None:
        if value is None or timezone.is_aware(value):
            return value
        return value.replace(tzinfo=UTC)


def as_datetime(timestamp: float) -> datetime | None:
    """Return an aware datetime; None for a time no calendar has (the source may write any)."""
    try:
        return datetime.fromtimestamp(timestamp, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def as_timestamp(moment: datetime | None) -> float | None:
    """Return seconds since the epoch."""
    return moment.timestamp() if moment else None


def as_iso(timestamp: float | None) -> str | None:
    """Return a time as JSON has it, ISO 8601 in UTC; None for none, and for one as above."""
    moment = None if timestamp is None else as_datetime(timestamp)
    return moment.isoformat() if moment else None

"""Not recording for a while: what an ingester writes was recorded where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, router, transaction


@contextmanager
def suspended(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Have nothing recorded of what this thread writes to a database inside.

    Inside a transaction, or as one. With `RAW` everything is recorded all the same.
    """
    with transaction.atomic(using=using, savepoint=False):
        if not _is_recording(using):
            yield
            return
        from tui_ingest.recorder.triggers import dialect_of

        dialect = dialect_of(connections[using])
        before = dialect.silence()
        try:
            yield
        finally:
            dialect.end_silence(before)


def _is_recording(using: str) -> bool:
    if not apps.is_installed("tui_ingest.recorder"):
        return False
    from tui_ingest.recorder.conf import get_settings
    from tui_ingest.recorder.models import Change

    return not get_settings().raw and router.allow_migrate_model(using, Change)

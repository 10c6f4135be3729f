"""An app whose receivers are told of every row, as those of a search index are."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models import Model, signals

SENT = ("pre_save", "post_save", "pre_delete", "post_delete")
touched: set[str] = set()  # what an index would look at again


def touch(instance: Model, **_: Any) -> None:
    """Take note of a row."""
    touched.add(f"{instance._meta.label_lower} {instance.pk}")


class Listeners(AppConfig):
    name = "tests.benchmarks"
    label = "listeners"

    def ready(self) -> None:
        for name in SENT:
            getattr(signals, name).connect(touch)

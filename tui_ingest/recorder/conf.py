"""The recorder's setting, `TUI_INGEST_RECORDER`: a dict in the source project's settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model


@dataclass(frozen=True, kw_only=True)
class RecorderSettings:
    """What can be set; the keys are these names in capitals."""

    # `app_label` or `app_label.model`. None: every model outside `django.contrib.*`.
    models: Sequence[str] | None = None
    exclude: Sequence[str] = ()  # of the same form
    raw: bool = False  # also record fixtures (`loaddata`) and what an ingester writes here

    def records(self, model: type[Model]) -> bool:
        """Tell whether changes of this model are written to the log."""
        label = model._meta.label_lower
        app_label = model._meta.app_label
        if app_label == "tui_ingest" or {label, app_label} & _lower(self.exclude):
            return False
        if self.models is None:
            return not apps.get_app_config(app_label).name.startswith("django.contrib.")
        return bool({label, app_label} & _lower(self.models))


def get_settings() -> RecorderSettings:
    """Return the project's `TUI_INGEST_RECORDER`, checked.

    Raises:
        ImproperlyConfigured: an unknown key or a value of the wrong type.
    """
    configured = getattr(django_settings, "TUI_INGEST_RECORDER", {})
    known = {field.name.upper(): field.name for field in dataclasses.fields(RecorderSettings)}
    if not isinstance(configured, Mapping) or set(configured) - set(known):
        raise ImproperlyConfigured(
            f"TUI_INGEST_RECORDER must be a dict with no other keys than {', '.join(known)}."
        )
    for name in ("MODELS", "EXCLUDE"):
        if isinstance(configured.get(name), str):
            raise ImproperlyConfigured(
                f"TUI_INGEST_RECORDER['{name}'] must be a list of 'app_label' or 'app_label.model'."
            )
    return RecorderSettings(**{known[key]: value for key, value in configured.items()})


def _lower(names: Sequence[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)

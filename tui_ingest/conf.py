"""The one setting, `TUI_INGEST`: a dict in the project's settings module.

Read when a session starts, never at import, so that tests and scripts can override it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured

DEFAULT_EXCLUDE = (
    "sessions",
    "contenttypes",
    "auth.permission",
    "admin.logentry",
    "tui_ingest",
)
ON_GAP_CHOICES = ("continue", "stop")
NATS_KEYS = {"SERVERS", "CREDENTIALS", "CA"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a project can set in `TUI_INGEST`; the keys are these names in capitals."""

    # `app_label` or `app_label.model`. None: every installed model outside `django.contrib.*`.
    models: Sequence[str] | None = None
    exclude: Sequence[str] = DEFAULT_EXCLUDE  # of the same form: skipped and merely counted
    identity: Mapping[str, str] = field(default_factory=dict)  # {"app.model": "field"}
    receivers: Sequence[str] = ()  # modules or dotted names that are called; "*": all of them
    ignore_unknown_fields: bool = False
    max_record_bytes: int = 64 * 1024 * 1024  # a longer line is kept as a dead letter
    max_consecutive_failures: int = 1_000  # records set aside in a row, then the session pauses
    olddir: str | None = None  # a folder with rotated files, as logrotate's; beside the log if None
    on_gap: str = "continue"  # or "stop"
    # A command with its arguments, or the dotted name of a callable: told of what is grave.
    on_event: Sequence[str] | str | None = None
    prune_after_days: int | None = None  # of age of what is kept for people to read
    bell: bool = False  # the console rings at the first failure after a quiet time
    log_payloads: bool = False  # write the content of failed records to Python's logging
    keys: Mapping[str, str] = field(default_factory=dict)  # {"pause": "f5"}; the console's keys
    # How to be let in by a broker, where a log is a stream: NATS_KEYS, each a text.
    nats: Mapping[str, str] = field(default_factory=dict)


def get_settings() -> Settings:
    """Return the project's `TUI_INGEST`, checked.

    Raises:
        ImproperlyConfigured: an unknown key or a value of the wrong type.
    """
    configured = getattr(django_settings, "TUI_INGEST", {})
    if not isinstance(configured, Mapping):
        raise ImproperlyConfigured(f"TUI_INGEST must be a dict, not {type(configured).__name__}.")
    known = {f.name.upper(): f.name for f in dataclasses.fields(Settings)}
    unknown = sorted(str(key) for key in configured if key not in known)
    if unknown:
        raise ImproperlyConfigured(
            f"TUI_INGEST has unknown keys: {', '.join(unknown)}."
            f" Known keys: {', '.join(sorted(known))}."
        )
    settings = Settings(**{known[key]: value for key, value in configured.items()})
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    labels = "'app_label' or 'app_label.model'"
    _check_list("MODELS", () if settings.models is None else settings.models, labels)
    _check_list("EXCLUDE", settings.exclude, labels)
    _check_list("RECEIVERS", settings.receivers, "modules or dotted names, or ['*']")
    _check_dicts(settings)
    _check_on_event(settings.on_event)
    numbers = ["max_record_bytes", "max_consecutive_failures"]
    if settings.prune_after_days is not None:
        numbers.append("prune_after_days")
    for name in numbers:
        value = getattr(settings, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ImproperlyConfigured(
                f"TUI_INGEST['{name.upper()}'] must be a whole number above 0, not {value!r}."
            )
    for name in ("ignore_unknown_fields", "bell", "log_payloads"):
        if not isinstance(getattr(settings, name), bool):
            raise ImproperlyConfigured(f"TUI_INGEST['{name.upper()}'] must be True or False.")
    if settings.olddir is not None and not (isinstance(settings.olddir, str) and settings.olddir):
        raise ImproperlyConfigured(
            "TUI_INGEST['OLDDIR'] must be the path of a folder, relative to that of the log,"
            f" not {settings.olddir!r}."
        )
    if settings.on_gap not in ON_GAP_CHOICES:
        raise ImproperlyConfigured(
            f"TUI_INGEST['ON_GAP'] must be 'continue' or 'stop', not {settings.on_gap!r}."
        )


def _check_on_event(value: object) -> None:
    if value is None or (isinstance(value, str) and value):
        return
    if not value:
        raise ImproperlyConfigured("TUI_INGEST['ON_EVENT'] is empty.")
    _check_list("ON_EVENT", value, "a command and its arguments; or a dotted name")


def _check_dicts(settings: Settings) -> None:
    if not _is_dict_of_names(settings.identity):
        raise ImproperlyConfigured(
            "TUI_INGEST['IDENTITY'] must be a dict like {'app_label.model': 'field'}."
        )
    if not _is_dict_of_names(settings.keys):
        raise ImproperlyConfigured("TUI_INGEST['KEYS'] must be a dict like {'pause': 'f5'}.")
    if not _is_dict_of_names(settings.nats) or not settings.nats.keys() <= NATS_KEYS:
        raise ImproperlyConfigured(
            "TUI_INGEST['NATS'] must be a dict of texts with these keys:"
            f" {', '.join(sorted(NATS_KEYS))}."
        )


def _check_list(name: str, value: object, what: str) -> None:
    if (
        not isinstance(value, Collection)
        or isinstance(value, str | Mapping)
        or not all(isinstance(item, str) for item in value)
    ):
        raise ImproperlyConfigured(f"TUI_INGEST['{name}'] must be a list of {what}.")


def _is_dict_of_names(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) for pair in value.items() for name in pair
    )

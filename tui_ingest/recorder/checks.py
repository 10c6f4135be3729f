"""A system check: what nobody writes down is lost."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning, register  # noqa: A004  # Django's name

from tui_ingest.recorder.recording import LOGGER


@register
def check_logger(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001  # Django's signature
    **kwargs: Any,  # noqa: ARG001
) -> list[CheckMessage]:
    """W001: the logger has a handler that takes records of level INFO."""
    logger = logging.getLogger(LOGGER)
    if logger.hasHandlers() and logger.isEnabledFor(logging.INFO):
        return []
    return [
        Warning(
            f"The logger '{LOGGER}' has no handler for level INFO: no change is recorded.",
            hint="Give it a RotatingFileHandler with tui_ingest.recorder.OplogFormatter in"
            " LOGGING.",
            id="tui_ingest_recorder.W001",
        )
    ]

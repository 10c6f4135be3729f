"""What an operator cannot do with a dead letter."""

from __future__ import annotations

from tui_ingest.errors import TuiIngestError


class DeadLetterError(TuiIngestError):
    """There is no such dead letter, or it is past being changed. The message says which."""


class InvalidEditError(DeadLetterError):
    """The new bytes are not a record. The message says what is wrong with them."""

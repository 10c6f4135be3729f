"""The target's receivers: those that are told of what a log writes, and those that are not.

Rows are replicated, business logic is not repeated: the source has logged what its receivers did.
So only those that the setting RECEIVERS names are called, and by whoever writes the rows: no signal
is sent. Silence is no state of the process: whatever else saves and deletes sends its signals.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from asgiref.sync import async_to_sync
from django.db.models import Model, signals

from tui_ingest.ingest.reasons import ReceiverError

EVERY = "*"
SAVING = ("pre_save", "post_save")
DELETING = ("pre_delete", "post_delete")
LINKING = ("m2m_changed",)
SIGNALS: dict[str, signals.ModelSignal] = {
    name: getattr(signals, name) for name in (*SAVING, *DELETING, *LINKING)
}

Receiver = Callable[..., Any]


class Receivers:
    """The receivers that the setting RECEIVERS names.

    Args:
        names: modules, or dotted names of functions, classes or methods. "*": every receiver.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = tuple(names)

    def called(self, signal: str, sender: type[Model]) -> list[Receiver]:
        """Return the receivers that are told of a signal of a model, in the order of connection.

        Asked anew for every run of records: receivers come and go while a session runs.
        """
        if not self._names:
            return []
        return [one for one in connected(signal, sender) if self.is_named(one)]

    def are_called(self, kinds: Sequence[str], sender: type[Model]) -> bool:
        """Tell whether any receiver is told of any of these signals."""
        return any(self.called(kind, sender) for kind in kinds)

    def is_named(self, receiver: Receiver) -> bool:
        """Tell whether the setting names a receiver, or what it is in."""
        if EVERY in self._names:
            return True
        name = dotted_name(receiver)
        return any(name == known or name.startswith(f"{known}.") for known in self._names)


def connected(signal: str, sender: type[Model]) -> list[Receiver]:
    """Return the receivers of a signal of a model: those that Django would call, in its order."""
    if not SIGNALS[signal].has_listeners(sender):
        return []
    # What `Signal.send` asks itself; nothing public says it.
    of_now, of_loops = SIGNALS[signal]._live_receivers(sender)
    return [*of_now, *map(_awaited, of_loops)]


def call(receivers: Sequence[Receiver], signal: str, sender: type[Model], **given: Any) -> None:
    """Call receivers one after the other.

    Raises:
        ReceiverError: one of them raised; its cause is chained.
    """
    for receiver in receivers:
        try:
            receiver(signal=SIGNALS[signal], sender=sender, **given)
        except MemoryError:
            raise
        except Exception as error:  # the project's own code
            raise ReceiverError(
                f"The receiver {dotted_name(receiver)} of {signal} failed for"
                f" {sender._meta.label_lower}. {type(error).__name__}: {error}"
            ) from error


def every_one() -> Iterator[Receiver]:
    """Yield every receiver of these signals that is connected, whatever its sender."""
    from django.apps import apps  # its models are there by now

    for model in apps.get_models(include_auto_created=True):
        for signal in SIGNALS:
            yield from connected(signal, model)


def dotted_name(receiver: Receiver) -> str:
    """Return where a receiver is defined; of an object that is called, its class."""
    while isinstance(receiver, functools.partial):
        receiver = receiver.func
    named = receiver if hasattr(receiver, "__qualname__") else type(receiver)
    return f"{named.__module__}.{named.__qualname__}"


def _awaited(receiver: Receiver) -> Receiver:
    return functools.wraps(receiver)(async_to_sync(receiver))

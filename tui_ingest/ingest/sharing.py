"""Several processes, the same logs: each applies a fair share of them.

Nothing but the leases says which processes there are. What a process has is what its sessions hold;
one that has nothing needs no row to be known by, because who has less asks: where another process
has at least two logs more, one of those that it stands by for is ordered to be handed over (`SHARE`
among the orders), from whoever has most. Whoever has more gives after its batch, or says why not.

- It comes to rest. A log only goes to a process that had at least two less, so each step makes the
  shares more even, none is ever taken back, and at rest two processes that know the same logs
  differ by one at the most.
- Several may ask at once: what was ordered counts as given, and whoever is to give looks at the
  leases as they are then. Too much is asked, but not given.
- A process that dies needs no rule: its leases end, whoever stands by takes them, and then the
  shares are made even.
- A row for each waiting process, and a share that the holders compute, would need signs of life, an
  end for the rows of the dead, and a rule for processes that know different logs. Here it is the
  same rule: a process asks only for what it stands by for.

A session that works once keeps its log, and so does a console's: somebody waits for that very one.
"""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db.models.functions import Now

from tui_ingest.ingest import leases, orders
from tui_ingest.ingest.leases import Owner
from tui_ingest.ingest.orders import OrderKind
from tui_ingest.ingest.target import Target
from tui_ingest.models import Order, ProcessedFile

REFUSED_SECONDS = 30.0  # before a log is asked for again that was not given

giving = threading.Lock()  # between a look at the shares and what is given, in this process


def ask(target: Target, waiting: Mapping[str, Owner]) -> None:
    """Order as many logs to be handed over to this process as make the shares even.

    Args:
        waiting: sessions of this process that stand by and could begin at once, by their log.

    Raises:
        Exception: the database cannot be used now.
    """
    if not waiting:
        return
    me = next(iter(waiting.values())).process
    logs = _Logs(target)
    wanted = set(waiting) - logs.ordered - _refused(target, waiting.values())
    while path := logs.next_for(me, wanted):
        file = target.rows(ProcessedFile).get(file_path=path)
        heir = waiting[path]
        orders.give(target, file, OrderKind.SHARE, orders.owner_argument(heir), by=str(heir))
        logs.move(path, me)


def is_fair(target: Target, giver: Owner, heir: Owner) -> bool:
    """Tell whether a log that is given makes the shares of two processes more even.

    Raises:
        Exception: the database cannot be used now.
    """
    held = _held(target)
    return len(held[giver.process]) >= len(held[heir.process]) + 2


class _Logs:
    """Which process has which logs, once all that is ordered is done."""

    def __init__(self, target: Target) -> None:
        self._held = _held(target)
        self.ordered: set[str] = set()
        for order in orders.unanswered(target).filter(kind=OrderKind.SHARE).select_related("file"):
            heir = orders.heir_of(order)
            if heir is not None:
                self.ordered.add(order.file.file_path)
                self.move(order.file.file_path, heir.process)

    def move(self, path: str, process: str) -> None:
        for paths in self._held.values():
            if path in paths:
                paths.remove(path)
                self._held[process].add(path)
                return

    def next_for(self, process: str, wanted: Iterable[str]) -> str | None:
        """Return a log that a process should have, of another one that has most."""
        enough = len(self._held[process]) + 2
        others = (paths for name, paths in self._held.items() if name != process)
        for paths in sorted(others, key=len, reverse=True):
            if len(paths) < enough:
                break
            if found := sorted(paths.intersection(wanted)):
                return random.choice(found)  # noqa: S311  # others may be choosing, too
        return None


def _held(target: Target) -> dict[str, set[str]]:
    """Return the logs that processes have, by the process; those of the dead are nobody's."""
    held: dict[str, set[str]] = defaultdict(set)
    for path, holder in leases.holders(target).items():
        if holder.is_alive:
            held[holder.owner.process].add(path)
    return held


def _refused(target: Target, heirs: Iterable[Owner]) -> set[str]:
    rows = target.rows(Order).filter(kind=OrderKind.SHARE, status=Order.Status.REFUSED)
    rows = rows.filter(
        given_by__in={str(heir) for heir in heirs},
        answered__gt=Now() - timedelta(seconds=REFUSED_SECONDS),
    )
    return set(rows.values_list("file__file_path", flat=True))

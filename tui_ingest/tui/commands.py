"""The command palette: every action of the screen it was called from, found by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from textual.app import App
from textual.binding import ActiveBinding, Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.screen import Screen


class ActionCommands(Provider):
    """One entry for each described key that works at the moment."""

    async def discover(self) -> Hits:
        for title, tip, run in self._actions():
            yield DiscoveryHit(title, run, help=tip or None)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for title, tip, run in self._actions():
            if (score := matcher.match(f"{title} {tip}")) > 0:
                yield Hit(score, matcher.highlight(title), run, help=tip or None)

    def _actions(self) -> Iterator[tuple[str, str, Callable[[], Any]]]:
        """Yield the title of each, what else there is to say of it, and what does it."""
        found: dict[str, Binding] = {}
        for active in our_keys(self.screen):
            if active.enabled:
                found.setdefault(active.binding.action, active.binding)
        for action, binding in found.items():
            title = f"{binding.description}  ({self.app.get_key_display(binding)})"
            yield title, binding.tooltip, partial(self.screen.run_action, action)


def our_keys(screen: Screen[Any]) -> list[ActiveBinding]:
    """Return the console's own keys that work on a screen, the screen's before its panes'.

    Textual's widgets bring more, to scroll sideways for instance; ours have an id.
    """
    ours = (active for active in screen.active_bindings.values() if active.binding.id)
    return sorted(ours, key=_rank)


def _rank(active: ActiveBinding) -> int:
    if isinstance(active.node, Screen):
        return 0
    return 2 if isinstance(active.node, App) else 1

"""The command palette: every action of the screen it was called from, found by name."""

from __future__ import annotations

from functools import partial
from typing import Any

from textual.app import App
from textual.binding import ActiveBinding, Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.screen import Screen


class ActionCommands(Provider):
    """One entry for each described key that works at the moment."""

    async def discover(self) -> Hits:
        for binding in self._actions():
            yield DiscoveryHit(
                self._title(binding),
                partial(self.screen.run_action, binding.action),
                help=binding.tooltip or None,
            )

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for binding in self._actions():
            title = self._title(binding)
            score = matcher.match(f"{title} {binding.tooltip}")
            if score > 0:
                yield Hit(
                    score,
                    matcher.highlight(title),
                    partial(self.screen.run_action, binding.action),
                    help=binding.tooltip or None,
                )

    def _actions(self) -> list[Binding]:
        found: dict[str, Binding] = {}
        for active in our_keys(self.screen):
            if active.enabled:
                found.setdefault(active.binding.action, active.binding)
        return list(found.values())

    def _title(self, binding: Binding) -> str:
        return f"{binding.description}  ({self.app.get_key_display(binding)})"


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

"""The command palette: every action of the screen it was called from, found by name."""

from __future__ import annotations

from functools import partial

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider


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
        for active in self.screen.active_bindings.values():
            if active.enabled and active.binding.description and not active.binding.system:
                found.setdefault(active.binding.action, active.binding)
        return list(found.values())

    def _title(self, binding: Binding) -> str:
        return f"{binding.description}  ({self.app.get_key_display(binding)})"

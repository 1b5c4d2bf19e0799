"""The command palette: every key that works here is a command with a name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.dom import DOMNode

from analyzer.tui.cells import printable
from analyzer.tui.help import keys_text
from analyzer.tui.screen import CaseScreen


class Commands(Provider):
    """Offers the bindings of the screen and of what has the focus."""

    def _commands(self) -> Iterator[tuple[str, str, DOMNode, str]]:
        """Yield name, keys, where it acts, and the action; keys of one action together."""
        found: dict[tuple[str, str], list[str]] = {}
        nodes: dict[tuple[str, str], DOMNode] = {}
        for key, active in self.screen.active_bindings.items():
            if active.enabled and active.binding.description:
                name = (active.binding.description, active.binding.action)
                found.setdefault(name, []).append(key)
                nodes[name] = active.node
        for (title, action), keys in found.items():
            yield title, keys_text(",".join(keys)), nodes[title, action], action

    def _filters(self) -> Iterator[tuple[str, str]]:
        """Yield the saved filters, each with how it is offered."""
        if isinstance(self.screen, CaseScreen):
            for name, text in self.screen.saved_filters.items():
                yield f"Filter {printable(name)}: {printable(text)}", text

    def _apply(self, text: str) -> None:
        if isinstance(self.screen, CaseScreen):
            self.screen.filter_by(text)

    async def discover(self) -> AsyncIterator[DiscoveryHit]:
        for title, keys, node, action in self._commands():
            name = f"{title}  ({keys})"
            yield DiscoveryHit(Content(name), partial(self.app.run_action, action, node), name)
        for name, text in self._filters():
            yield DiscoveryHit(Content(name), partial(self._apply, text), name)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for title, keys, node, action in self._commands():
            score = matcher.match(title)
            if score > 0:
                name = f"{title}  ({keys})"
                yield Hit(score, matcher.highlight(name), partial(self.app.run_action, action, node), name)
        for name, text in self._filters():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), partial(self._apply, text), name)

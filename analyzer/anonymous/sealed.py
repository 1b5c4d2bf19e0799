"""ESP packets under new keys: what is within is made anew, padded as it was, encrypted and authenticated again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from analyzer.anonymous.rekey import Rekeyed
from analyzer.decode.esp import HEADER, TRAILER, Association, Layout, strip, told
from analyzer.keys import agreements, esp
from analyzer.keys.agreements import Agreement, Keys
from analyzer.keys.keyring import EspSa


@dataclass(frozen=True, slots=True)
class Contents:
    """What an ESP packet carries, and what makes such a packet of as many other octets."""

    protocol: int
    data: bytes = field(repr=False)
    sealed: Callable[[bytes], bytes]


class Sealed:
    """Opens packets with the keys of a case and closes them with new ones; of several captures the same way."""

    def __init__(self, rekeyed: Rekeyed) -> None:
        analysis = rekeyed.analysis
        self._rekeyed = rekeyed
        self.renewed: Mapping[EspSa, EspSa] = {
            **{sa: rekeyed.sa(sa) for sa in analysis.keyring.esp},
            **agreements.renewed(analysis.messages, analysis.keyring, self._keys),
        }
        self.learnt = False  # something on the way that packets before could not know
        self._by_spi: dict[int, list[EspSa]] = {}
        for sa in self.renewed:
            self._by_spi.setdefault(sa.spi, []).append(sa)
        self._known: dict[tuple[str, str, bytes], Association] = {}

    def contents(self, src: str, dst: str, data: bytes) -> Contents | None:
        """Return what a packet between these addresses carries, None where nothing opens it."""
        if len(data) < HEADER + TRAILER:
            return None
        one = self._known.setdefault((src, dst, data[:4]), Association())
        for sa in self._by_spi.get(int.from_bytes(data[:4], "big"), ())[-esp.MAX_TRIED :]:
            if sa.src in (None, src) and sa.dst in (None, dst):
                plain = esp.open_packet(sa, src, dst, data)
                if plain is not None:
                    self._learn(one, plain.layout)
                    return self._of(sa, plain.protocol, plain.data, data)
        if one.layout is None:
            self._learn(one, told(one, src, dst, data))
        return None if one.layout is None else self._unsealed(one.layout, data)

    def _keys(self, agreement: Agreement, keys: Keys) -> Keys:
        return Keys(*self._rekeyed.pair(agreement.rand, agreement.autn, keys.ck, keys.ik))

    def _learn(self, one: Association, layout: Layout | None) -> None:
        if one.layout is None and layout is not None:
            one.layout, self.learnt = layout, True

    def _of(self, sa: EspSa, protocol: int, inner: bytes, data: bytes) -> Contents:
        iv, clear = esp.unsealed(sa, data)
        after = clear[len(inner) :]  # padding and trailer
        return Contents(
            protocol, inner, lambda made: esp.sealed(self.renewed[sa], data[:HEADER], iv, made + after)
        )  # fmt: skip

    def _unsealed(self, layout: Layout, data: bytes) -> Contents | None:
        """Return what a packet carries that is in the clear; its ICV, of which no key is known, is drawn."""
        found = strip(data, layout)
        if found is None:
            return None
        protocol, inner = found
        start, end = HEADER + layout.iv, len(data) - layout.icv
        icv = self._rekeyed.names.octets(data[end:], "ICV") if layout.icv else b""
        after = data[start + len(inner) : end]
        return Contents(protocol, inner, lambda made: data[:start] + made + after + icv)

"""The key chain of a case: what is known, what opened what, and what stayed shut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from analyzer.keys.aka import AkaRun
from analyzer.keys.key import Key
from dissectors import Message

MskId = tuple[bytes | None, bytes]  # Key Domain ID, MSK ID
MtkId = tuple[bytes | None, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Opened:
    """A MIKEY message whose MAC verified: under which key, in which reading of the texts, what was inside."""

    message: Message
    key: Key
    auth_key: bytes = field(repr=False)
    variant: str
    plain: Message | None  # protocol "mikey.keydata"; None when there was nothing inside
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Shut:
    """A MIKEY message that no key opened; `tried` keys were at hand."""

    message: Message
    tried: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A digest or a MAC that was recomputed: `ok` is None when no key was at hand to do it."""

    ok: bool | None
    key: Key | None = None
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What became of a DCF: how many keys were tried, and the MTK that fitted.

    `ok` says whether its signature holds, None where it has none or no key was at hand. `plains` are its contents in
    the clear, None what did not decrypt; empty where no key fitted.
    """

    message: Message
    tried: int = 0
    key: Key | None = None
    ok: bool | None = None
    variant: str = ""
    plains: tuple[bytes | None, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Vector:
    """What was made of a challenge, and the long-term key that it was made of, None where there was none."""

    run: AkaRun
    root: Key | None = None


@dataclass(slots=True)
class Chain:
    """Keys by what they are for; filled by `unlock`, read by rules and views."""

    keys: list[Key] = field(default_factory=list)  # those supplied, seen, or proven by use, in the order of finding
    ks: dict[str, list[Key]] = field(default_factory=dict)  # by B-TID
    aka: dict[bytes, AkaRun] = field(default_factory=dict)  # by RAND; the one whose MAC fits, if any does
    vectors: dict[bytes, dict[Vector, None]] = field(default_factory=dict)  # by RAND; what the keyring can make of it
    resynchronisations: dict[int, bytes] = field(default_factory=dict)  # SQN_MS by message; b"" where no K fits AUTS
    muks: dict[str, list[Key]] = field(default_factory=dict)  # candidates by B-TID
    mrks: dict[str, list[Key]] = field(default_factory=dict)
    msks: dict[MskId, list[Key]] = field(default_factory=dict)
    mtks: dict[MtkId, list[Key]] = field(default_factory=dict)
    opened: dict[int, Opened] = field(default_factory=dict)  # by id() of the message
    shut: dict[int, Shut] = field(default_factory=dict)
    digests: dict[int, Checked] = field(default_factory=dict)  # requests and answers that carry a digest
    verifications: dict[int, Checked] = field(default_factory=dict)  # MIKEY verification messages
    unpacked: dict[int, Unpacked] = field(default_factory=dict)  # DCFs that name an MTK
    proven: set[bytes] = field(default_factory=set, repr=False)  # octets under which something verified
    _places: dict[tuple[object, ...], int] = field(default_factory=dict, repr=False)  # of a key in `keys`
    _used: dict[int, Key] = field(default_factory=dict, repr=False)  # by id; most are used again and again

    def use(self, key: Key) -> None:
        """Note that a key is real, as something verified under it: it, and what it came from, belong in the report."""
        if id(key) in self._used:
            return
        self._used[id(key)] = key
        self.proven.add(key.value)
        for parent in key.parents:
            self.use(parent)
        self.tell(key)

    def tell(self, key: Key) -> None:
        """Put a key into the report that was supplied or seen, and may have proven nothing."""
        place = self._places.setdefault(identity(key), len(self.keys))
        if place == len(self.keys):
            self.keys.append(key)
        elif not self.keys[place].parents and key.parents:
            # Supplied or seen outright, and derived as well: it hangs on what it comes from.
            self.keys[place] = self.keys[place]._replace(parents=key.parents)

    def is_sure(self, key: Key) -> bool:
        """Say whether a key is beyond doubt that of its B-TID: the capture shows it, or something verified under it.

        A Ks is too when its K has made the AUTN; what is derived from it only if the reading is the right one. A key
        of the keyring that opened nothing may be a slip of the pen, and is no evidence against anybody.
        """
        if key.status == "seen" or key.value in self.proven:
            return True
        run = self.aka.get(key.rand) if key.kind == "Ks" and key.rand is not None else None
        if run is not None and run.mac_ok and run.ck + run.ik == key.value:
            return True
        return key.status == "derived" and any(map(self.is_sure, key.parents))

    def opening(self, message: Message) -> Opened | None:
        return self.opened.get(id(message))

    def closing(self, message: Message) -> Shut | None:
        return self.shut.get(id(message))

    def digest(self, message: Message) -> Checked:
        return self.digests.get(id(message), Checked(None))

    def verification(self, message: Message) -> Checked:
        return self.verifications.get(id(message), Checked(None))

    def candidates(self, b_tid: str | None) -> Iterator[Key]:
        """Yield the MUKs that a message for a B-TID may be under: its own first, then all others."""
        if b_tid is not None:
            yield from self.muks.get(b_tid, ())
        for other, keys in self.muks.items():
            if other != b_tid:
                yield from keys


def identity(key: Key) -> tuple[object, ...]:
    """What makes two findings the same key, however each was come by."""
    return key.kind, key.value, key.b_tid, key.naf, key.key_domain, key.msk_id, key.mtk_id

"""Anonymises one case: gathers names and keys, makes all messages anew, and writes the frames that carry them."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from analyzer.analysis import Analysis
from analyzer.anonymous import huffman
from analyzer.anonymous.contents import Contents
from analyzer.anonymous.diameter_messages import DiameterMessages
from analyzer.anonymous.frames import Frames
from analyzer.anonymous.http2_frames import Told
from analyzer.anonymous.media import Media
from analyzer.anonymous.messages import Messages
from analyzer.anonymous.mikey_messages import MikeyMessages
from analyzer.anonymous.objects import Objects
from analyzer.anonymous.pseudonyms import Pseudonyms
from analyzer.anonymous.rekey import Rekeyed
from analyzer.anonymous.sealed import Sealed
from analyzer.anonymous.settings import without_remarks
from analyzer.anonymous.streams import Ends
from analyzer.anonymous.texts import Texts, domains_of, hosts_in
from analyzer.capture.reader import open_capture
from analyzer.capture.search import SHORTEST, standing
from analyzer.capture.writer import PcapngWriter
from analyzer.correlate import gba
from analyzer.report import CaseReport
from dissectors import Message, tree
from dissectors.http import Http
from dissectors.mikey import Mikey

LOOKS = 2  # at the frames of a capture: the first may learn what is needed to open ESP of its beginning
SHORTEST_KEY = 8  # octets that are looked for as they are
SHORTEST_SECRET = 6  # octets that are looked for in captures
_NONCE = re.compile(r'[nN]once="?([A-Za-z0-9+/]{40,}={0,2})"?')
_NAME = re.compile(r"(?:[A-Za-z0-9_-]+\.)+[A-Za-z][A-Za-z0-9-]*")
_ESCAPES = str.maketrans({"+": "%2B", "/": "%2F", "=": "%3D"})
STREAMS = "octets of TCP that are no message keyshark reads as it was sent blanked"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of the files beside the captures; None where there is nothing to write."""

    keyring: str | None
    config: str | None


@dataclass(slots=True)
class Anonymiser:
    """Anonymises a case; `names` decide what stands for what, in several cases the same."""

    analysis: Analysis
    names: Pseudonyms = field(repr=False)
    counts: Counter[str] = field(default_factory=Counter)
    rekeyed: Rekeyed = field(init=False, repr=False)
    sealed: Sealed = field(init=False, repr=False)
    texts: Texts = field(init=False, repr=False)
    messages: Messages = field(init=False, repr=False)
    _frames: Frames | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        domains = domains_of(self._hosts())
        known = dict(self._b_tids())
        plain = Texts(self.names, known, domains)
        self.rekeyed = Rekeyed(self.analysis, self.names, plain.text)
        self.sealed = Sealed(self.rekeyed)
        known |= dict(self._nonces())
        for old, new in list(self.rekeyed.values.items()):
            known |= dict(_forms(old, new))
        texts = Texts(self.names, known, domains)
        mikey = MikeyMessages(self.analysis, self.rekeyed, texts)
        for message in self._all():
            if isinstance(message.body, Mikey):
                old, new = message.payload.data, mikey.octets(message)
                known[base64.b64encode(old).decode()] = base64.b64encode(new).decode()
                known[old.decode("latin-1")] = new.decode("latin-1")
        for old, new in list(self.rekeyed.values.items()):
            known |= dict(_forms(old, new))
        self.texts = Texts(self.names, known, domains)
        objects = Objects(self.analysis, self.rekeyed, self.texts, mikey.octets)
        contents = Contents(self.texts, mikey.octets, objects.dcf, self.counts)
        diameter = DiameterMessages(self.rekeyed, contents, self.counts)
        self.messages = Messages(self.analysis, self.rekeyed, self.texts, mikey, contents, diameter)
        self.messages.make()
        self.messages.made |= dict(objects.make(contents.document))

    def write(self, index: int, out: PcapngWriter) -> None:
        """Write the frames of a capture."""
        frames = self._looked()
        path = self.analysis.case.captures[index]
        media = Media(self.analysis, self.rekeyed, self.sealed.renewed)
        carried: dict[bytes, bytes] = {}
        frames.datagram = lambda data: carried.get(data) or self.messages.made.get(data)
        capture = open_capture(path, index)
        facts = replace(capture.facts, frame_comments={}, interfaces=[])  # nothing of what a capture says
        for frame in capture:
            carried = dict(media.packets(frame))
            out.write(frame._replace(data=frames.made(frame)), facts)

    def _looked(self) -> Frames:
        """Return the frames of all captures, looked at: a message may begin in one and end in another."""
        if self._frames is None:
            self._frames = Frames(self.names, self.messages.made.get, self.sealed.contents, counts=self.counts)
            for _ in range(LOOKS):
                self.sealed.learnt = False
                for index, path in enumerate(self.analysis.case.captures):
                    for frame in open_capture(path, index):
                        self._frames.look(frame)
                if not self.sealed.learnt:
                    break
            left = self._frames.streams.fill(self._pieces(), self._http2(), self.messages.made.get, self.counts)
            if left:
                self.counts[STREAMS] += left
        return self._frames

    def outcome(self, files: Mapping[str, str]) -> Outcome:
        """Return what becomes of keyring and case.toml; `files` are the captures by the names that they had."""
        keyring, config = self.analysis.keyring, self.analysis.case.config
        has_keys = bool(keyring.ues or keyring.msks or keyring.mtks or keyring.esp)
        has_keys |= len(self.analysis.case.captures) > 1 and config is None  # a folder with a keyring is one case
        return Outcome(
            self.rekeyed.keyring(keyring) if has_keys else None, None if config is None else self._config(config, files)
        )

    def _config(self, path: str, files: Mapping[str, str]) -> str:
        text = without_remarks(Path(path).read_text(encoding="utf-8"))
        for old, new in files.items():
            text = text.replace(f'"{old}"', f'"{new}"')
        return self.texts.text(text)

    def secrets(self) -> Iterator[bytes]:
        """Yield the octets that may stand nowhere in what was written: keys, names and addresses, in their forms."""
        for old, new in self.rekeyed.values.items():
            if len(old) >= SHORTEST_KEY and old != new:
                yield from (form.encode("latin-1") for form, _ in _forms(old, new))
        for name in (*self._users(), *self._b_tid_names(), *self.texts.domains):
            if self.texts.text(name) != name:
                yield from spellings(name)
        for ue in self.analysis.report.ues:
            for address in ue.addresses:
                if self.names.address(address) != address:
                    yield address.encode()

    # ------------------------------------------------------------------------------------------------- what there is

    def _pieces(self) -> Iterator[tuple[Ends, bytes, bytes]]:
        for message in self.analysis.messages:
            payload = message.payload
            if payload.transport == "tcp" and payload.data in self.messages.made and not _is_http2(message):
                ends = payload.src, payload.sport, payload.dst, payload.dport
                yield ends, payload.data, self.messages.made[payload.data]

    def _http2(self) -> dict[Ends, dict[int, Told]]:
        """Return what is told on streams of HTTP/2, by the connections that they are of."""
        found: dict[Ends, dict[int, Told]] = {}
        for message in self.analysis.messages:
            payload, made = message.payload, self.messages.made.get(message.payload.data)
            if made is not None and isinstance(message.body, Http) and message.body.stream is not None:
                ends = payload.src, payload.sport, payload.dst, payload.dport
                told = found.setdefault(ends, {}).setdefault(message.body.stream, Told())
                told.add(payload.data, made, (each for outer in tree(message) for each in outer.walk()))
        return found

    def _all(self) -> Iterator[Message]:
        for message in self.analysis.messages:
            yield from message.walk()

    def _hosts(self) -> Iterator[str]:
        for message in self._all():
            if message.protocol == "diameter":
                for outer in tree(message):
                    for each in outer.walk():
                        if isinstance(each.value, str) and _NAME.fullmatch(each.value.rpartition("@")[2]):
                            yield each.value.rpartition("@")[2].lower()
            elif isinstance(message.body, Http) and message.body.host:
                yield from hosts_in(f"Host: {message.body.host}")
            if message.protocol not in ("diameter", "rtp", "rtcp"):
                yield from hosts_in(message.payload.data.decode("latin-1"))
            if isinstance(message.body, Mikey):
                for identity in message.body.identities:
                    name = identity.text.rpartition("@")[2].lower()
                    if _NAME.fullmatch(name):
                        yield name
        for name in self._users():
            yield from hosts_in(f"@{name.rpartition('@')[2]}" if "@" in name else f"sip:{name}")

    def _users(self) -> Iterator[str]:
        for session in self.analysis.story.traffic.sessions:
            yield from (*session.impi, *session.impu)
        for ue in self.analysis.keyring.ues:
            yield from (ue.impi, *ue.impu)
            yield from (naf.fqdn for naf in ue.naf)

    def _b_tid_names(self) -> Iterator[str]:
        story = self.analysis.story
        for run in story.traffic.bootstrappings:
            yield run.b_tid or ""
        for session in story.traffic.sessions:
            yield from session.b_tid
        for told in story.traffic.naf_keys:
            yield told.b_tid or ""
        for ue in self.analysis.keyring.ues:
            yield from (run.b_tid or "" for run in ue.gba)
            yield from (naf.b_tid or "" for naf in ue.naf)
        for kind in (story.chain.ks, story.chain.muks, story.chain.mrks):
            yield from kind

    def _b_tids(self) -> Iterator[tuple[str, str]]:
        """Yield the user parts of B-TIDs, as they are and as they are escaped."""
        for name in self._b_tid_names():
            user = name.partition("@")[0]
            if len(user) < 4:
                continue
            bare = len(user) == 22
            made = self.names.encoded(user + "==" if bare else user)[: len(user)]
            yield user, made
            yield user.translate(_ESCAPES), made.translate(_ESCAPES)
            yield user.translate(_ESCAPES).lower(), made.translate(_ESCAPES).lower()

    def _nonces(self) -> Iterator[tuple[str, str]]:
        for message in self._all():
            if message.protocol in ("sip", "http"):
                for nonce in _NONCE.findall(message.payload.data.decode("latin-1")):
                    made = self.rekeyed.nonce(nonce)
                    if made is not None:
                        yield nonce, made
                yield from self._resynchronisations(message)

    def _resynchronisations(self, message: Message) -> Iterator[tuple[str, str]]:
        body = message.body
        given = gba.authorization(body) if isinstance(body, Http) else None
        vector = None if given is None else gba.nonce_vector(given.get("nonce"))
        told = "" if given is None else given.get("auts") or ""
        if vector is not None and told:
            try:
                octets = base64.b64decode(told, validate=True)
            except ValueError:
                return
            yield told, base64.b64encode(self.rekeyed.auts(vector[0], octets)).decode()


def _is_http2(message: Message) -> bool:
    return isinstance(message.body, Http) and message.body.stream is not None


def _forms(old: bytes, new: bytes) -> Iterator[tuple[str, str]]:
    """Yield how octets stand in messages: as they are, in hex, in base64."""
    if len(old) >= SHORTEST_KEY and len(old) == len(new):
        yield old.decode("latin-1"), new.decode("latin-1")
        yield old.hex(), new.hex()
        yield old.hex().upper(), new.hex().upper()
        yield base64.b64encode(old).decode(), base64.b64encode(new).decode()


def spellings(name: str) -> Iterator[bytes]:
    """Yield how a name stands in messages: as it is, escaped, in UTF-16, in Huffman code, a number in BCD."""
    octets = name.encode("utf-8")
    yield octets
    yield quote(name, safe="").encode()
    yield name.encode("utf-16-le")
    yield base64.b64encode(octets)[: len(octets) // 3 * 4]
    yield huffman.encoded(octets)[:-1]  # the last octet may have bits of what follows
    digits = name.partition("@")[0].lstrip("+").removeprefix("tel:+")
    if digits.isdigit():
        yield bytes(int(one + other, 16) for one, other in zip(digits[1::2], digits[::2], strict=False))


def leaks(written: BinaryIO, secrets: Iterable[bytes]) -> int:
    """Return how many secrets stand in what was written; none that is so short that chance would put it there."""
    return len(standing(written, {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}))


def said(analysis: Analysis, secrets: Iterable[bytes]) -> int:
    """Return how many secrets stand in messages, with all that is unpacked of them."""
    octets = b"\0".join(each.payload.data for message in analysis.messages for each in message.walk())
    return len(standing(BytesIO(octets), {secret for secret in secrets if len(secret) >= SHORTEST}))


def judged(report: CaseReport) -> Counter[tuple[str, str]]:
    """Return how often each rule had each verdict."""
    return Counter((one.rule, one.verdict.name.lower()) for one in report.judgements)

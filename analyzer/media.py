"""Media streams: which MKI protects them, what authenticates, what stays shut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from analyzer.correlate import bodies
from analyzer.correlate.sightings import Sightings
from analyzer.correlate.traffic import Traffic
from analyzer.decode.packets import MediaPacket
from analyzer.keys import srtp
from analyzer.keys.chain import Chain
from analyzer.keys.key import Key
from analyzer.medialog import MediaLog, Stream

MKI_OCTETS = 6  # MSK ID and MTK ID (TS 33.246 6.6.2)
SAMPLE = 64  # packets that have to agree on an MKI that nobody named
MAX_SHOWN = 20  # frames of one kind that a group remembers
RTP_HEADER, RTCP_HEADER = 12, 8
SENDER_REPORT = 200
RTCP_INDICES = 1 << 31
HALF_OF_SEQUENCES = 0x8000
LATE = 10**9  # ns; packets that overtake each other are not further apart
# RFC 4771 4: what is tried when no SP tells the policy: mode RCCm2, m1, m3, then none; tag lengths 14, 10, 4.
UNTOLD_POLICIES: tuple[tuple[tuple[int, bytes], ...], ...] = (
    ((2, b"\x03"), (11, b"\x0e"), (13, b"\x00\x10"), (19, b"\x0a")),
    ((2, b"\x01"), (11, b"\x0a")),
    ((2, b"\x01"), (11, b"\x04")),
    ((2, b"\x02"), (11, b"\x0e"), (13, b"\x00\x01"), (19, b"\x0a")),
    ((2, b"\x04"), (11, b"\x04"), (13, b"\x00\x01"), (19, b"\x0a")),
)

MkiKey = bytes
Place = tuple[int, int]  # capture and frame


@dataclass(slots=True)
class Group:
    """The packets of one stream under one MKI; `mki` is None for what is in the clear.

    A packet that two captures or interfaces saw counts once. `failed` is what does not authenticate, of it `misplaced`
    what has its MKI elsewhere than the policy says; `not_checked` are packets that bring nothing to check, too. Of the
    frames of each kind MAX_SHOWN are remembered.
    """

    protocol: str  # srtp, srtcp, rtp (in the clear)
    destination: str
    port: int
    ssrc: int
    mki: MkiKey | None
    key_domain: bytes | None = None
    policy_told: bool = False  # an SP payload of the MSK message names the algorithms
    packets: int = 0
    authenticated: int = 0
    failed: int = 0
    misplaced: int = 0
    no_key: int = 0
    not_checked: int = 0
    capture: int = 0
    frame: int = 0  # the first
    first: int = 0
    last: int = 0
    failed_frames: list[Place] = field(default_factory=list)
    misplaced_frames: list[Place] = field(default_factory=list)
    repeated_frames: list[Place] = field(default_factory=list)  # same index again (RFC 3711 9.1)
    roc_frames: list[Place] = field(default_factory=list)  # ROC in the tag that goes back (RFC 4771 2)
    index_frames: list[Place] = field(default_factory=list)  # SRTCP index that does not go up (RFC 3711 3.4)
    report_frames: list[Place] = field(default_factory=list)  # RTCP that is no sender report (TS 33.246 6.6.2)

    @property
    def msk_id(self) -> bytes | None:
        return None if self.mki is None else self.mki[:4]

    @property
    def mtk_id(self) -> bytes | None:
        return None if self.mki is None else self.mki[4:]


@dataclass(frozen=True, slots=True)
class Named:
    """What MIKEY says of keys in the clear: ids of MSKs and MTKs, and the policy of each MSK."""

    mkis: frozenset[MkiKey]
    msks: frozenset[bytes]
    domains: dict[bytes, bytes | None]
    policies: dict[bytes, srtp.Policy]  # by MSK ID
    rocs: dict[int, int]  # SSRC → ROC of the SRTP-ID map


def named(traffic: Traffic) -> Named:
    """Collect the ids, policies and rollover counters that MIKEY messages show."""
    mkis: set[MkiKey] = set()
    msks: set[bytes] = set()
    domains: dict[bytes, bytes | None] = {}
    policies: dict[bytes, srtp.Policy] = {}
    rocs: dict[int, int] = {}
    for message in traffic.mikey:
        body = bodies.mikey(message)
        if body is None or body.msk_id is None:
            continue
        domains.setdefault(body.msk_id, body.key_domain_id)
        if body.mtk_id is not None:
            mkis.add(body.msk_id + body.mtk_id)
        elif bodies.is_msk_message(body) and not bodies.is_solicited_pull(body):
            msks.add(body.msk_id)
        for policy in body.policies:
            policies.setdefault(body.msk_id, srtp.policy_of(policy.params))
        rocs |= {entry.ssrc: entry.roc for entry in body.srtp_ids if entry.ssrc}
    return Named(frozenset(mkis), frozenset(msks), domains, policies, rocs)


def examine(log: MediaLog, traffic: Traffic, chain: Chain) -> tuple[Group, ...]:
    """Sort the packets of every stream by MKI and verify those whose MTK is known."""
    told = named(traffic)
    groups: list[Group] = []
    beside: dict[str, set[MkiKey]] = {}  # MKIs of RTP by destination: SRTCP has too few packets to tell by itself
    for stream in sorted(log.streams.values(), key=lambda stream: stream.rtcp):
        known = beside.setdefault(stream.destination, set())
        found = list(_Examination(stream, told, chain, frozenset(known)).groups())
        known.update(group.mki for group in found if group.mki is not None)
        groups += found
    return tuple(sorted(groups, key=lambda g: (g.capture, g.frame, g.destination, g.port, g.ssrc)))


class _Examination:
    """One pass over the kept packets of a stream."""

    def __init__(self, stream: Stream, told: Named, chain: Chain, beside: frozenset[MkiKey]) -> None:
        self.stream = stream
        self.beside = beside
        self.told = told
        self.chain = chain
        self.found: dict[MkiKey | None, Group] = {}
        self.keys: dict[MkiKey, list[tuple[Key, srtp.SessionKeys]]] = {}
        self.roc: int | None = told.rocs.get(stream.ssrc)
        self.highest = -1  # sequence number, for the guess of RFC 3711 3.3.1
        self.ahead: tuple[int, int] | None = None  # sequence number and ROC of the first packet that carries one
        self.seen: dict[MkiKey, set[int]] = {}
        self.last_index: tuple[int, int] | None = None  # of SRTCP, and when
        self.last_mki: MkiKey | None = None
        self.policies = list(dict.fromkeys(told.policies.values()))
        self.untold = [] if self.policies else [srtp.policy_of(params) for params in UNTOLD_POLICIES]

    def groups(self) -> Iterator[Group]:
        kept = _once(self.stream.kept)
        located = [self.locate(packet.data) for packet in kept]
        self.ahead = next(filter(None, map(_carried, kept, located)), None) if not self.stream.rtcp else None
        strange = [packet.data for packet, found in zip(kept, located, strict=True) if found is None]
        unnamed = self.unnamed_mkis(strange, alone=len(strange) == len(located)) if strange else {}
        for packet, found in zip(kept, located, strict=True):
            self.take(packet, found or self.unnamed(packet.data, unnamed))
        beyond = self.stream.packets - len(self.stream.kept)
        if beyond and self.found:  # past the limit: counted with the MKI that was last in use
            group = self.found[self.last_mki]
            group.packets += beyond
            group.not_checked += beyond
            group.last = self.stream.last
        yield from self.found.values()

    def unnamed_mkis(self, strange: list[bytes], *, alone: bool) -> dict[srtp.Policy, frozenset[MkiKey]]:
        """Find MKIs that nobody named: the same value at the same place again and again.

        In a stream where other packets have a known MKI twice is enough; in one `alone` all packets need a value that
        comes back, since what looks like an MKI may be the end of a picture in the clear.
        """
        shown = strange[:SAMPLE] if alone else strange
        for policy in (*self.policies, *self.untold):
            counts = Counter(self.mki_at(data, policy) for data in shown)
            again = {value: n for value, n in counts.items() if value and len(set(value)) > 1 and n > 1}
            if again and (not alone or sum(again.values()) == len(shown)):
                return {policy: frozenset(again)}
        return {}

    def unnamed(
        self, data: bytes, found: dict[srtp.Policy, frozenset[MkiKey]]
    ) -> tuple[srtp.Policy, MkiKey] | None:  # fmt: skip
        for policy, values in found.items():
            mki = self.mki_at(data, policy)
            if mki in values and mki is not None:
                return policy, mki
        return None

    def mki_at(self, data: bytes, policy: srtp.Policy) -> MkiKey | None:
        tag = self.tag_length(data, policy)
        end = len(data) - tag
        header = RTCP_HEADER + 4 if self.stream.rtcp else RTP_HEADER
        return data[end - MKI_OCTETS : end] if end - MKI_OCTETS >= header else None

    def tag_length(self, data: bytes, policy: srtp.Policy) -> int:
        if self.stream.rtcp:
            return policy.srtcp_tag_length
        return sum(srtp.tag_layout(policy, int.from_bytes(data[2:4], "big")))

    def locate(self, data: bytes) -> tuple[srtp.Policy, MkiKey] | None:
        """Find the policy whose tag length uncovers an MKI that MIKEY has named: whole, else its MSK ID."""
        shown = [(policy, self.mki_at(data, policy)) for policy in (*self.policies, *self.untold)]
        for policy, mki in shown:
            if mki is not None and mki in self.told.mkis:
                return policy, mki
        for policy, mki in shown:
            if mki is not None and (mki[:4] in self.told.msks or (None, mki[:4]) in self.chain.msks):
                return policy, mki
        for policy, mki in shown:
            if mki is not None and (mki in self.beside or any(mki == known[1] + known[2] for known in self.chain.mtks)):
                return policy, mki
        return None

    def group(self, mki: MkiKey | None, packet: MediaPacket, policy_told: bool) -> Group:
        group = self.found.get(mki)
        if group is None:
            protocol = "rtcp" if self.stream.rtcp else "rtp"
            group = self.found[mki] = Group(
                protocol=protocol if mki is None else "s" + protocol,
                destination=self.stream.destination,
                port=self.stream.port,
                ssrc=self.stream.ssrc,
                mki=mki,
                key_domain=None if mki is None else self.told.domains.get(mki[:4]),
                policy_told=policy_told,
                capture=packet.capture,
                frame=packet.frame,
                first=packet.time,
            )
        return group

    def take(self, packet: MediaPacket, located: tuple[srtp.Policy, MkiKey] | None) -> None:
        mki = None if located is None else located[1]
        if located is None and self.last_mki is not None:  # inside a protected stream: broken, not in the clear
            group = self.found[self.last_mki]
            self.count(group, packet)
            group.failed += 1
            if any(mki in packet.data[RTP_HEADER:] for mki in self.found if mki is not None):
                group.misplaced += 1
                _remember(group.misplaced_frames, packet)
            else:
                _remember(group.failed_frames, packet)
            return
        group = self.group(mki, packet, located is not None and located[0] in self.policies)
        self.last_mki = mki
        self.count(group, packet)
        if self.stream.rtcp and packet.data[1] != SENDER_REPORT:
            _remember(group.report_frames, packet)
        if located is None:
            group.no_key += 1
            return
        self.verify(group, packet, *located)

    def count(self, group: Group, packet: MediaPacket) -> None:
        group.packets += 1
        group.last = packet.time

    def session_keys(self, mki: MkiKey) -> list[tuple[Key, srtp.SessionKeys]]:
        known = self.keys.get(mki)
        if known is None:
            mtks = [
                key
                for (domain, msk_id, mtk_id), keys in self.chain.mtks.items()
                if msk_id + mtk_id == mki and domain in (None, self.told.domains.get(mki[:4], domain))
                for key in keys
            ]
            known = self.keys[mki] = [
                (key, srtp.session_keys(master_key=key.value, master_salt=key.salt, rtcp=self.stream.rtcp))
                for key in mtks
                if key.salt and len(key.value) in (16, 24, 32)
            ]
        return known

    def verify(self, group: Group, packet: MediaPacket, policy: srtp.Policy, mki: MkiKey) -> None:
        if not self.session_keys(mki):
            group.no_key += 1
            return
        found = (
            self.verify_rtcp(packet, policy, mki) if self.stream.rtcp else self.verify_rtp(group, packet, policy, mki)
        )
        if found is None and self.is_roc_unknown(policy):
            group.not_checked += 1
            return
        if found is None:
            group.failed += 1
            _remember(group.failed_frames, packet)
            return
        index, by_mac = found
        if by_mac:
            group.authenticated += 1
        else:
            group.not_checked += 1
        used = self.seen.setdefault(mki, set())
        if index in used:
            _remember(group.repeated_frames, packet)
        elif self.stream.rtcp:
            self.follow_rtcp(group, packet, index)
        used.add(index)

    def follow_rtcp(self, group: Group, packet: MediaPacket, index: int) -> None:
        """RFC 3711 3.4: the index goes up, whatever the key; one that was overtaken on the way may be late."""
        last, when = self.last_index or (index - 1, packet.time)
        if 0 < (index - last) % RTCP_INDICES < RTCP_INDICES // 2:
            self.last_index = index, packet.time
        elif packet.time - when > LATE:
            _remember(group.index_frames, packet)

    def verify_rtcp(self, packet: MediaPacket, policy: srtp.Policy, mki: MkiKey) -> tuple[int, bool] | None:
        """Return the index, and whether a MAC vouches for it; None for what does not authenticate."""
        for _, keys in self.session_keys(mki):
            checked = srtp.verify_rtcp(keys=keys, policy=policy, data=packet.data, mki_length=MKI_OCTETS)
            if checked.ok:
                return checked.index, checked.mac
        return None

    def verify_rtp(
        self, group: Group, packet: MediaPacket, policy: srtp.Policy, mki: MkiKey
    ) -> tuple[int, bool] | None:
        """Return the same of an SRTP packet, and follow its ROC."""
        data = packet.data
        sequence = int.from_bytes(data[2:4], "big")
        header = _rtp_header(data)
        if header is None:
            return None
        for roc in self.rocs(sequence):
            for _, keys in self.session_keys(mki):
                checked = srtp.verify_packet(
                    keys=keys, policy=policy, data=data, header_length=header, mki_length=MKI_OCTETS, roc=roc
                )
                if not checked.ok:
                    continue
                self.follow_rtp(group, packet, checked.roc, sequence)
                return checked.roc << 16 | sequence, checked.mac
        return None

    def follow_rtp(self, group: Group, packet: MediaPacket, roc: int, sequence: int) -> None:
        """RFC 3711 3.3.1: a packet that was overtaken changes nothing."""
        known = self.roc if self.roc is not None and self.highest >= 0 else roc
        ahead = self.highest < 0 or 0 < (sequence - self.highest) & 0xFFFF < HALF_OF_SEQUENCES
        if ahead and roc < known:
            _remember(group.roc_frames, packet)
        if ahead or (roc, sequence) > (known, self.highest):
            self.roc, self.highest = roc, sequence

    def rocs(self, sequence: int) -> tuple[int, ...]:
        """The rollover counters that a packet may have (RFC 3711 3.3.1)."""
        if self.roc is None or self.highest < 0:
            return self.first_rocs(sequence)
        if self.highest - sequence > HALF_OF_SEQUENCES:
            return (self.roc + 1, self.roc)
        if sequence - self.highest > HALF_OF_SEQUENCES and self.roc:
            return (self.roc - 1, self.roc)
        return (self.roc, self.roc + 1)  # the latter where more packets than half of all numbers are missing

    def first_rocs(self, sequence: int) -> tuple[int, ...]:
        """Before a packet has proven one: what the first tag with a ROC gives, what MIKEY told, and 0."""
        shown = () if self.ahead is None else (self.ahead[1] - (sequence > self.ahead[0]),)
        told = () if self.roc is None else (self.roc,)
        return tuple(dict.fromkeys(roc for roc in (*shown, *told, 0) if roc >= 0))

    def is_roc_unknown(self, policy: srtp.Policy) -> bool:
        """Nothing has proven a ROC, and neither a tag nor MIKEY tells it: the stream had begun before the capture."""
        told = self.ahead is not None if policy.mode else self.stream.ssrc in self.told.rocs
        return not self.stream.rtcp and not told and self.highest < 0


def _carried(packet: MediaPacket, located: tuple[srtp.Policy, MkiKey] | None) -> tuple[int, int] | None:
    """Return the sequence number and the ROC of a packet that carries one (RFC 4771 2)."""
    if located is None:
        return None
    sequence = int.from_bytes(packet.data[2:4], "big")
    roc_octets, mac_octets = srtp.tag_layout(located[0], sequence)
    end = len(packet.data) - mac_octets
    return (sequence, int.from_bytes(packet.data[end - roc_octets : end], "big")) if roc_octets else None


def _rtp_header(data: bytes) -> int | None:
    """Length of the RTP header with CSRCs and extension (RFC 3550 5.1), None where it runs out of the packet."""
    length = RTP_HEADER + 4 * (data[0] & 0x0F)
    if data[0] & 0x10:
        if len(data) < length + 4:
            return None
        length += 4 + 4 * int.from_bytes(data[length + 2 : length + 4], "big")
    return length if length <= len(data) else None


def _once(packets: list[MediaPacket]) -> list[MediaPacket]:
    """Put packets in the order of time, each that was seen more than once by its first sighting."""
    seen: Sightings[MediaPacket] = Sightings()
    ordered = sorted(packets, key=lambda packet: (packet.time, packet.capture, packet.frame))
    return [p for p in ordered if seen.first(p, p.data, p.capture, p.time) is None]


def _remember(frames: list[Place], packet: MediaPacket) -> None:
    if len(frames) < MAX_SHOWN:
        frames.append((packet.capture, packet.frame))

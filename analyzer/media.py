"""Media streams: which MKI protects them, what authenticates, what stays shut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from analyzer.correlate.sightings import Sightings
from analyzer.correlate.traffic import Traffic
from analyzer.decode.packets import MediaPacket
from analyzer.decode.rtp import RTP_HEADER, header_length
from analyzer.keys import srtp
from analyzer.keys.chain import Chain
from analyzer.keys.key import Key
from analyzer.medialog import MediaLog, Stream
from analyzer.mki import MKI_OCTETS, Located, Locator, Mki, Named, named

MAX_SHOWN = 20  # frames of one kind that a group remembers
SENDER_REPORT = 200
RTCP_INDICES = 1 << 31
HALF_OF_SEQUENCES = 0x8000
LATE = 10**9  # ns; packets that overtake each other are not further apart

Place = tuple[int, int]  # capture and frame
Held = tuple[bytes | None, list[Key]]  # MTKs of one id, by Key Domain ID


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
    mki: Mki | None
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


def examine(log: MediaLog, traffic: Traffic, chain: Chain) -> tuple[Group, ...]:
    """Sort the packets of every stream by MKI and verify those whose MTK is known."""
    told = named(traffic)
    mtks: dict[Mki, list[Held]] = {}
    for (domain, msk_id, mtk_id), keys in chain.mtks.items():
        mtks.setdefault(msk_id + mtk_id, []).append((domain, keys))
    groups: list[Group] = []
    beside: dict[str, set[Mki]] = {}  # MKIs of RTP by destination: SRTCP has too few packets to tell by itself
    for stream in sorted(log.streams.values(), key=lambda stream: stream.rtcp):
        known = beside.setdefault(stream.destination, set())
        locator = Locator(told, chain, rtcp=stream.rtcp, beside=frozenset(known))
        found = list(_Examination(stream, told, locator, mtks).groups())
        known.update(group.mki for group in found if group.mki is not None)
        groups += found
    return tuple(sorted(groups, key=lambda g: (g.first, g.capture, g.frame, g.destination, g.port, g.ssrc)))


class _Examination:
    """One pass over the kept packets of a stream."""

    def __init__(self, stream: Stream, told: Named, locator: Locator, mtks: Mapping[Mki, Sequence[Held]]) -> None:
        self.stream = stream
        self.told = told
        self.locator = locator
        self.mtks = mtks
        self.found: dict[Mki | None, Group] = {}
        self.keys: dict[Mki, list[tuple[Key, srtp.SessionKeys]]] = {}
        self.roc: int | None = told.rocs.get(stream.ssrc)
        self.highest = -1  # sequence number, for the guess of RFC 3711 3.3.1
        self.ahead: tuple[int, int] | None = None  # sequence number and ROC of the first packet that carries one
        self.seen: dict[Mki, set[int]] = {}
        self.last_index: tuple[int, int] | None = None  # of SRTCP, and when
        self.last_mki: Mki | None = None
        self.settled: dict[Mki, srtp.Policy] = {}  # what a MAC has proven where no SP tells

    def groups(self) -> Iterator[Group]:
        kept = _once(self.stream.kept)
        located = self.locator.locate([packet.data for packet in kept])
        self.ahead = next(filter(None, map(_carried, kept, located)), None) if not self.stream.rtcp else None
        for packet, found in zip(kept, located, strict=True):
            self.take(packet, found)
        beyond = 0 if self.stream.is_kept else self.stream.packets - len(kept)
        if beyond > 0 and self.found:  # past the limit: counted with the MKI that was last in use
            group = self.found[self.last_mki]
            group.packets += beyond
            group.not_checked += beyond
            group.last = self.stream.last
        yield from self.found.values()

    def group(self, mki: Mki | None, packet: MediaPacket, policy_told: bool) -> Group:
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

    def take(self, packet: MediaPacket, located: Located | None) -> None:
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
        group = self.group(mki, packet, mki is not None and self.told.policy(mki) is not None)
        self.last_mki = mki
        self.count(group, packet)
        if self.stream.rtcp and packet.data[1] != SENDER_REPORT:
            _remember(group.report_frames, packet)
        if located is None:
            group.no_key += 1
            return
        self.verify(group, packet, located)

    def count(self, group: Group, packet: MediaPacket) -> None:
        group.packets += 1
        group.last = packet.time

    def session_keys(self, mki: Mki) -> list[tuple[Key, srtp.SessionKeys]]:
        known = self.keys.get(mki)
        if known is None:
            mtks = [
                key
                for domain, keys in self.mtks.get(mki, ())
                if domain in (None, self.told.domains.get(mki[:4], domain))
                for key in keys
            ]
            known = self.keys[mki] = [
                (key, srtp.session_keys(master_key=key.value, master_salt=key.salt, rtcp=self.stream.rtcp))
                for key in mtks
                if key.salt and len(key.value) in (16, 24, 32)
            ]
        return known

    def verify(self, group: Group, packet: MediaPacket, located: Located) -> None:
        policy, mki = located
        if not self.session_keys(mki):
            group.no_key += 1
            return
        found = self.verify_rtcp(packet, located) if self.stream.rtcp else self.verify_rtp(group, packet, located)
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

    def candidates(self, data: bytes, located: Located) -> Iterator[tuple[srtp.Policy, srtp.SessionKeys]]:
        """Yield the policies and keys that a packet may be under."""
        settled = self.settled.get(located[1])
        fitting = settled is not None and self.locator.mki_at(data, settled) == located[1]
        policies = (settled,) if settled is not None and fitting else self.locator.candidates(data, located)
        for policy in policies:
            for _, keys in self.session_keys(located[1]):
                yield policy, keys

    def verify_rtcp(self, packet: MediaPacket, located: Located) -> tuple[int, bool] | None:
        """Return the index, and whether a MAC vouches for it; None for what does not authenticate."""
        for policy, keys in self.candidates(packet.data, located):
            checked = srtp.verify_rtcp(keys=keys, policy=policy, data=packet.data, mki_length=MKI_OCTETS)
            if checked.ok:
                return checked.index, checked.mac
        return None

    def verify_rtp(self, group: Group, packet: MediaPacket, located: Located) -> tuple[int, bool] | None:
        """Return the same of an SRTP packet, and follow its ROC."""
        data = packet.data
        sequence = int.from_bytes(data[2:4], "big")
        header = header_length(data)
        if header is None:
            return None
        bare: int | None = None  # the ROC where no MAC is wrong, because there is none
        for policy, keys in self.candidates(data, located):
            for roc in self.rocs(sequence):
                checked = srtp.verify_packet(
                    keys=keys, policy=policy, data=data, header_length=header, mki_length=MKI_OCTETS, roc=roc
                )
                if checked.ok and checked.mac:
                    self.settled[located[1]] = policy
                    self.follow_rtp(group, packet, checked.roc, sequence)
                    return checked.roc << 16 | sequence, True
                if checked.ok and bare is None:
                    bare = checked.roc
        if bare is None:
            return None
        self.follow_rtp(group, packet, bare, sequence)
        return bare << 16 | sequence, False

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


def _carried(packet: MediaPacket, located: Located | None) -> tuple[int, int] | None:
    """Return the sequence number and the ROC of a packet that carries one (RFC 4771 2)."""
    if located is None:
        return None
    sequence = int.from_bytes(packet.data[2:4], "big")
    roc_octets, mac_octets = srtp.tag_layout(located[0], sequence)
    end = len(packet.data) - mac_octets
    return (sequence, int.from_bytes(packet.data[end - roc_octets : end], "big")) if roc_octets else None


def _once(packets: list[MediaPacket]) -> list[MediaPacket]:
    """Put packets in the order of time, each that was seen more than once by its first sighting."""
    seen: Sightings[MediaPacket] = Sightings()
    ordered = sorted(packets, key=lambda packet: (packet.time, packet.capture, packet.frame))
    return [p for p in ordered if seen.first(p, p.data, p.capture, p.time) is None]


def _remember(frames: list[Place], packet: MediaPacket) -> None:
    if len(frames) < MAX_SHOWN:
        frames.append((packet.capture, packet.frame))

"""A media stream as its receiver sees it: which MKI protects it, what authenticates, what stays shut."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import NamedTuple

from analyzer.correlate.sightings import OTHER_CAPTURE, Sightings
from analyzer.decode.packets import MediaPacket
from analyzer.decode.rtp import RTP_HEADER, header_length
from analyzer.keys import srtp
from analyzer.keys.key import Key
from analyzer.keys.rollover import HALF_OF_SEQUENCES, Rollover
from analyzer.medialog import Stream
from analyzer.mki import MKI_OCTETS, Located, Locator, Mki, Named

MAX_SHOWN = 20  # frames of one kind that a group remembers
SENDER_REPORT = 200
RTCP_INDICES = 1 << 31
LATE = 10**9  # ns; packets that overtake each other are not further apart
MAX_INDICES = 100_000  # of one MKI that are remembered to find what comes again
MAX_ROC_TRIED = 256  # rollovers that a stream may have had before the capture began, where nothing tells
MAX_SEARCHES = 4  # packets of a stream that such a rollover counter is looked for with

FEWEST, MOST = 16, 1024  # packets that are verified in one go: twice as many each time, until one is another

_when = attrgetter("time", "capture", "frame")

Place = tuple[int, int]  # capture and frame
Held = tuple[bytes | None, list[Key]]  # MTKs of one id, by Key Domain ID


@dataclass(slots=True)
class Group:
    """The packets of one stream under one MKI; `mki` is None for what is in the clear.

    A packet that two captures or interfaces saw counts once. `failed` is what does not authenticate, of it `misplaced`
    what has its MKI elsewhere than the policy says; `not_checked` are packets that bring nothing to check, and those
    that are not in the sample of a huge stream. Of the frames of each kind MAX_SHOWN are remembered.
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
    return_frames: list[Place] = field(default_factory=list)  # MKI that the stream had left (TS 33.246 6.5.4)
    report_frames: list[Place] = field(default_factory=list)  # RTCP that is no sender report (TS 33.246 6.6.2)

    @property
    def msk_id(self) -> bytes | None:
        return None if self.mki is None else self.mki[:4]

    @property
    def mtk_id(self) -> bytes | None:
        return None if self.mki is None else self.mki[4:]


class Opened(NamedTuple):
    """How a packet can be decrypted: under which key and policy, and with which ROC, or index of SRTCP."""

    key: Key
    keys: srtp.SessionKeys
    policy: srtp.Policy
    roc: int
    by_mac: bool  # a MAC vouches for it


class Receiver:
    """Follows one stream as a receiver does: packet by packet, in the order of time."""

    def __init__(self, stream: Stream, told: Named, locator: Locator, mtks: Mapping[Mki, Sequence[Held]]) -> None:
        self.stream = stream
        self.told = told
        self.locator = locator
        self.mtks = mtks
        self.found: dict[Mki | None, Group] = {}
        self.keys: dict[tuple[Mki, int, int], list[tuple[Key, srtp.SessionKeys]]] = {}
        self.rollover = Rollover(told.rocs.get(stream.ssrc))
        self.searches = MAX_SEARCHES
        self.seen: dict[Mki, set[int]] = {}
        self.last_index: tuple[int, int] | None = None  # of SRTCP, and when
        self.last_mki: Mki | None = None
        self.current: tuple[Mki, int] | None = None  # the newest MKI that a MAC vouched for, and its lowest index
        self.left: set[Mki] = set()  # those before it
        self.settled: dict[Mki, srtp.Policy] = {}  # what a MAC has proven where no SP tells
        self.taken = 0
        self.sure: tuple[Group, Opened, Mki] | None = None  # of the packet before, where a MAC vouched for it
        self.sightings: Sightings[MediaPacket] = Sightings()
        self.older: Sightings[MediaPacket] | None = None
        self.turned: int | None = None  # when the newer of them was begun
        self.begin: list[MediaPacket] = self.all_once(sorted(stream.kept, key=_when))
        self.located = locator.locate([packet.data for packet in self.begin])
        if any(located[0].mode for located in {id(each): each for each in self.located}.values() if located):
            self.rollover.ahead = next(filter(None, map(_carried, self.begin, self.located)), None)

    def start(self) -> None:
        """Be ready for all packets of the stream from the first one on, those that were kept too."""
        self.sightings, self.older, self.turned = Sightings(), None, None

    def give_back(self) -> None:
        """Let go of the packets that were kept, where all are read again."""
        self.begin, self.located = [], []
        self.stream = replace(self.stream, kept=[], sampler=None)

    def take_kept(self) -> None:
        """Take the packets that were kept: the first ones, and a sample of those after them."""
        for at in self.odd(self.begin):
            self.open(self.begin[at], self.located[at])
        self.taken += len(self.begin)
        if self.stream.sampler is None:
            return
        base = None
        if self.rollover.proven:
            base = self.rollover.rocs(_sequence(self.begin[-1]))[0]
        before = 0
        for packet, number, extended in self.stream.sampler.sample():
            self.pass_by(number - before - 1)
            before = number
            if not any(self.once((packet,))):
                continue
            if base is not None:
                self.rollover.expect((base << 16) + extended)
            self.taken += 1
            opened = self.open(packet, self.locator.locate_one(packet.data))
            if opened is not None and opened.by_mac:
                base = opened.roc - (extended >> 16)
        self.pass_by(self.stream.sampler.packets - before)

    def pass_by(self, packets: int) -> None:
        """Count packets that are not in the sample, under the MKI that was last in use."""
        if packets > 0 and self.found:
            group = self.found[self.last_mki]
            group.packets += packets
            group.not_checked += packets
            self.taken += packets

    def take(self, packet: MediaPacket) -> Opened | None:
        """Take the next packet; return how it can be decrypted, None where it cannot, or was seen before."""
        for new in self.once((packet,)):
            self.taken += 1
            return self.quick(new) or self.open(new, self.locator.locate_one(new.data))
        return None

    def take_all(self, packets: Iterable[MediaPacket]) -> None:
        """Take the next packets: it comes to what `take` does with one after the other, in half of the time."""
        new = list(self.once(packets))
        for at in self.odd(new):
            self.open(new[at], self.locator.locate_one(new[at].data))
        self.taken += len(new)

    def odd(self, packets: Sequence[MediaPacket]) -> Iterator[int]:
        """Take packets that are as those before them; yield where the others are, which are to be opened at once."""
        at, most = 0, FEWEST
        while at < len(packets):
            done = self.run(packets, at, most)
            most = min(2 * most, MOST) if done == most else FEWEST
            if not done and self.quick(packets[at]) is None:
                yield at
            at += done or 1

    def run(self, packets: Sequence[MediaPacket], at: int, most: int) -> int:
        """Take up to so many packets that `quick` would take one by one; return how many."""
        if self.sure is None:
            return 0
        group, before, mki = self.sure
        policy, roc = before.policy, before.roc
        mac_octets, rate = policy.steady, 0
        if policy.auth_alg == srtp.AUTH_RCCM2 and policy.srtp_authenticated:
            mac_octets, rate = policy.tag_length, max(policy.roc_rate, 1)  # all but every Rth are alike
        if mac_octets <= 0 or self.rollover.roc != roc:
            return 0
        highest, used = self.rollover.highest, self.seen[mki]
        numbers: list[int] = []
        for packet in packets[at : at + most]:
            data = packet.data
            sequence = data[2] << 8 | data[3]
            if data[-mac_octets - MKI_OCTETS : -mac_octets] != mki:
                break
            if not 0 < sequence - highest < HALF_OF_SEQUENCES or data[0] & 0x1F:
                break
            if rate and not sequence % rate:
                break
            numbers.append(roc << 16 | sequence)
            highest = sequence
        if not used.isdisjoint(numbers) or len(used) + len(numbers) >= MAX_INDICES:
            return 0
        octets = [packet.data for packet in packets[at : at + len(numbers)]]
        right = before.keys.authentic(octets, roc=roc, mac_octets=mac_octets, mki_length=MKI_OCTETS)
        if right:
            used.update(numbers[:right])
            self.rollover.highest = numbers[right - 1] & 0xFFFF
            group.packets += right
            group.authenticated += right
            group.last = packets[at + right - 1].time
        return right

    def quick(self, packet: MediaPacket) -> Opened | None:
        """Take a packet that is as the one before but for its number, which goes up; None where it has to be looked at.

        It comes to what `open` does, in a third of the time: nearly all packets of a stream are like this.
        """
        if self.sure is None:
            return None
        group, before, mki = self.sure
        data = packet.data
        sequence = data[2] << 8 | data[3]
        ahead = sequence - self.rollover.highest
        if not 0 < ahead < HALF_OF_SEQUENCES or data[0] & 0x1F:  # CSRCs and extensions are looked at
            return None
        steady = before.policy.steady
        tag = steady if steady >= 0 else sum(srtp.tag_layout(before.policy, sequence))
        place = len(data) - tag - MKI_OCTETS
        if data[place : place + MKI_OCTETS] != mki or self.rollover.roc != before.roc:
            return None
        used, index = self.seen[mki], before.roc << 16 | sequence
        right, roc = srtp.authentic(
            keys=before.keys, policy=before.policy, data=data, roc=before.roc, mki_length=MKI_OCTETS
        )
        if not right or roc != before.roc or index in used or len(used) >= MAX_INDICES:
            return None
        self.rollover.highest = sequence
        used.add(index)
        group.packets += 1
        group.authenticated += 1
        group.last = packet.time
        return before

    def all_once(self, packets: list[MediaPacket]) -> list[MediaPacket]:
        """Return those of the first packets that are new; most often all, which their hashes tell at once."""
        if len({hash(packet.data) for packet in packets}) < len(packets):
            return list(self.once(packets))
        # What is to be known of them later is only what may still be seen again
        after = packets[-1].time - 2 * OTHER_CAPTURE if packets else 0
        begin = bisect_left(packets, after, key=attrgetter("time"))
        for _ in self.once(packets[begin:]):
            pass
        return packets

    def once(self, packets: Iterable[MediaPacket]) -> Iterator[MediaPacket]:
        """Pass on packets that were not seen before, on another interface or in another capture."""
        for packet in packets:
            capture, _, time, *_, data = packet
            if self.turned is None:
                self.turned = time
            elif time - self.turned > 2 * OTHER_CAPTURE:  # what is older is no sighting of this one
                self.sightings, self.older, self.turned = Sightings(), self.sightings, time
            key = hash(data)
            before = self.sightings.first(packet, key, capture, time)
            if self.older is not None and before is None:
                before = self.older.first(packet, key, capture, time)
            if before is None:
                yield packet

    def groups(self) -> Iterator[Group]:
        """Yield what was found; packets that nobody has looked at count with the MKI that was last in use."""
        beyond = 0 if self.stream.is_kept else self.stream.packets - self.taken
        self.pass_by(beyond)
        if not self.stream.is_kept and self.found:
            self.found[self.last_mki].last = self.stream.last
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

    def open(self, packet: MediaPacket, located: Located | None) -> Opened | None:
        """Count a packet and verify it."""
        self.sure = None
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
            return None
        group = self.group(mki, packet, mki is not None and self.told.policy(mki) is not None)
        self.last_mki = mki
        self.count(group, packet)
        if self.stream.rtcp and packet.data[1] != SENDER_REPORT:
            _remember(group.report_frames, packet)
        if located is None:
            group.no_key += 1
            return None
        return self.verify(group, packet, located)

    def count(self, group: Group, packet: MediaPacket) -> None:
        group.packets += 1
        group.last = packet.time

    def session_keys(self, mki: Mki, policy: srtp.Policy, index: int = 0) -> list[tuple[Key, srtp.SessionKeys]]:
        """Return the session keys that a packet may be under; they change with the index if a rate says so."""
        turn = index // policy.key_derivation_rate if policy.key_derivation_rate else 0
        length = policy.srtcp_auth_key_length if self.stream.rtcp else policy.auth_key_length
        length = min(length, srtp.MAX_AUTH_KEY)
        known = self.keys.get((mki, length, turn))
        if known is None:
            mtks = [
                key
                for domain, keys in self.mtks.get(mki, ())
                if domain in (None, self.told.domains.get(mki[:4], domain))
                for key in keys
            ]
            known = self.keys[mki, length, turn] = [
                (
                    key,
                    srtp.session_keys(
                        master_key=key.value, master_salt=key.salt, rtcp=self.stream.rtcp, auth_length=length, turn=turn
                    ),
                )
                for key in mtks
                if key.salt and len(key.value) in srtp.KEY_LENGTHS
            ]
        return known

    def verify(self, group: Group, packet: MediaPacket, located: Located) -> Opened | None:
        policy, mki = located
        if not self.session_keys(mki, policy):
            group.no_key += 1
            return None
        found = self.verify_rtcp(packet, located) if self.stream.rtcp else self.verify_rtp(group, packet, located)
        if found is None and self.is_roc_unknown(policy):
            group.not_checked += 1
            return None
        if found is None:
            group.failed += 1
            _remember(group.failed_frames, packet)
            return None
        index = found.roc if self.stream.rtcp else found.roc << 16 | _sequence(packet)
        if found.by_mac:
            group.authenticated += 1
        else:
            group.not_checked += 1
        used = self.seen.setdefault(mki, set())
        if index in used:
            _remember(group.repeated_frames, packet)
        elif self.stream.rtcp:
            self.follow_rtcp(group, packet, index)
        if found.by_mac and index not in used:
            self.follow_mki(group, packet, mki, index)
        used.add(index)
        if len(used) > MAX_INDICES:
            self.seen[mki] = set(sorted(used)[MAX_INDICES // 2 :])
        if found.by_mac and not self.stream.rtcp and not found.policy.key_derivation_rate:
            self.sure = group, found, mki
        return found

    def follow_rtcp(self, group: Group, packet: MediaPacket, index: int) -> None:
        """RFC 3711 3.4: the index goes up, whatever the key; one that was overtaken on the way may be late."""
        last, when = self.last_index or (index - 1, packet.time)
        if 0 < (index - last) % RTCP_INDICES < RTCP_INDICES // 2:
            self.last_index = index, packet.time
        elif packet.time - when > LATE:
            _remember(group.index_frames, packet)

    def follow_mki(self, group: Group, packet: MediaPacket, mki: Mki, index: int) -> None:
        """A stream goes on from one MKI to the next; a packet of the one before that comes late has a lower index."""
        current, begun = self.current or (mki, index)
        if mki == current:
            self.current = mki, min(begun, index)
        elif index > begun:
            if mki in self.left or (mki[:4] == current[:4] and mki < current):
                _remember(group.return_frames, packet)
            else:
                self.left.add(current)
                self.current = mki, index

    def candidates(self, data: bytes, located: Located) -> Sequence[srtp.Policy]:
        """Return the policies that a packet may be under."""
        settled = self.settled.get(located[1])
        if settled is not None and self.locator.mki_at(data, settled) == located[1]:
            return (settled,)
        return tuple(self.locator.candidates(data, located))

    def verify_rtcp(self, packet: MediaPacket, located: Located) -> Opened | None:
        """Return how an SRTCP packet can be decrypted, None for what does not authenticate."""
        for policy in self.candidates(packet.data, located):
            place = len(packet.data) - self.locator.tag_length(packet.data, policy) - MKI_OCTETS
            index = int.from_bytes(packet.data[place - srtp.INDEX_LENGTH : place], "big") & RTCP_INDICES - 1
            for key, keys in self.session_keys(located[1], policy, index):
                right, _ = srtp.authentic_rtcp(keys=keys, policy=policy, data=packet.data, mki_length=MKI_OCTETS)
                if right is not False:
                    return Opened(key, keys, policy, index, right is not None)
        return None

    def verify_rtp(self, group: Group, packet: MediaPacket, located: Located) -> Opened | None:
        """Return the same of an SRTP packet, and follow its ROC."""
        sequence = _sequence(packet)
        if header_length(packet.data) is None:
            return None
        policies = self.candidates(packet.data, located)
        found = self.under(packet.data, located[1], policies, self.rollover.rocs(sequence))
        if found is None and self.searches and not located[0].mode and self.is_roc_unknown(located[0]):
            self.searches -= 1  # joined late, and nothing tells how late
            found = self.under(packet.data, located[1], policies, range(1, MAX_ROC_TRIED))
        if found is None:
            return None
        if found.by_mac:
            self.settled[located[1]] = found.policy
        if self.rollover.follow(sequence, found.roc):
            _remember(group.roc_frames, packet)
        return found

    def under(self, data: bytes, mki: Mki, policies: Sequence[srtp.Policy], rocs: Sequence[int]) -> Opened | None:
        """Try policies, keys and rollover counters; one that a MAC vouches for comes before one that has none."""
        sequence = int.from_bytes(data[2:4], "big")
        bare: Opened | None = None
        for policy in policies:
            for roc in rocs:
                for key, keys in self.session_keys(mki, policy, roc << 16 | sequence):
                    right, told = srtp.authentic(keys=keys, policy=policy, data=data, roc=roc, mki_length=MKI_OCTETS)
                    if right:
                        return Opened(key, keys, policy, told, by_mac=True)
                    if right is None and bare is None:
                        bare = Opened(key, keys, policy, told, by_mac=False)
        return bare

    def is_roc_unknown(self, policy: srtp.Policy) -> bool:
        """Nothing has proven a ROC, and neither a tag nor MIKEY tells it: the stream had begun before the capture."""
        told = self.rollover.ahead is not None if policy.mode else self.stream.ssrc in self.told.rocs
        return not self.stream.rtcp and not told and not self.rollover.proven


def _carried(packet: MediaPacket, located: Located | None) -> tuple[int, int] | None:
    """Return the sequence number and the ROC of a packet that carries one (RFC 4771 2)."""
    if located is None or not located[0].mode:
        return None
    sequence = int.from_bytes(packet.data[2:4], "big")
    roc_octets, mac_octets = srtp.tag_layout(located[0], sequence)
    end = len(packet.data) - mac_octets
    return (sequence, int.from_bytes(packet.data[end - roc_octets : end], "big")) if roc_octets else None


def _sequence(packet: MediaPacket) -> int:
    return packet.data[2] << 8 | packet.data[3]


def _remember(frames: list[Place], packet: MediaPacket) -> None:
    if len(frames) < MAX_SHOWN:
        frames.append((packet.capture, packet.frame))

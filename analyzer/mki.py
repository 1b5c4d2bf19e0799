"""Which MKI a media packet carries: it stands before the tag, whose length the SP of an MSK message tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from analyzer.correlate import bodies
from analyzer.correlate.traffic import Traffic
from analyzer.decode.rtp import RTCP_HEADER, RTP_HEADER
from analyzer.keys import srtp
from analyzer.keys.chain import Chain

MKI_OCTETS = 6  # MSK ID and MTK ID (TS 33.246 6.6.2)
MSK_ID_OCTETS = 4
SAMPLE = 64  # packets that have to agree on MKIs that nobody named
# RFC 4771 4: what is tried when no SP tells the policy: mode RCCm2, none, m1, m3; tag lengths 14, 10, 4.
UNTOLD_POLICIES: tuple[tuple[tuple[int, bytes], ...], ...] = (
    ((2, b"\x03"), (11, b"\x0e"), (13, b"\x00\x10"), (19, b"\x0a")),
    ((2, b"\x01"), (11, b"\x0a")),
    ((2, b"\x01"), (11, b"\x04")),
    ((2, b"\x02"), (11, b"\x0e"), (13, b"\x00\x01"), (19, b"\x0a")),
    ((2, b"\x04"), (11, b"\x04"), (13, b"\x00\x01"), (19, b"\x0a")),
)

Mki = bytes
Located = tuple[srtp.Policy, Mki]


@dataclass(frozen=True, slots=True)
class Named:
    """What MIKEY says of keys in the clear: ids of MSKs and MTKs, and the policy of each MSK and key group."""

    mkis: frozenset[Mki]
    msks: frozenset[bytes]
    domains: dict[bytes, bytes | None]
    policies: dict[bytes, srtp.Policy]  # by MSK ID, and by the key group that is its first half
    rocs: dict[int, int]  # SSRC → ROC of the SRTP-ID map

    def policy(self, mki: Mki) -> srtp.Policy | None:
        """Return the policy that was told for an MKI: with its MSK, or with another of its key group."""
        return self.policies.get(mki[:4]) or self.policies.get(mki[:2])


def named(traffic: Traffic) -> Named:
    """Collect the ids, policies and rollover counters that MIKEY messages show."""
    mkis: set[Mki] = set()
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
            told = srtp.policy_of(policy.params)
            policies.setdefault(body.msk_id, told)
            policies.setdefault(body.msk_id[:2], told)
        rocs |= {entry.ssrc: entry.roc for entry in body.srtp_ids if entry.ssrc}
    return Named(frozenset(mkis), frozenset(msks), domains, policies, rocs)


class Locator:
    """Finds the MKI in packets of one stream; `beside` are MKIs that were found in RTP to the same destination."""

    def __init__(self, told: Named, chain: Chain, *, rtcp: bool, beside: frozenset[Mki] = frozenset()) -> None:
        self.told = told
        self.rtcp = rtcp
        self.policies = tuple(dict.fromkeys(told.policies.values()))
        self.untold = tuple(p for params in UNTOLD_POLICIES if (p := srtp.policy_of(params)) not in self.policies)
        self.msks = told.msks | {msk_id for _, msk_id in chain.msks}
        self.others = beside | {msk_id + mtk_id for _, msk_id, mtk_id in chain.mtks}
        known = (*self.told.mkis, *self.msks, *self.others)
        self.known_msks = frozenset(one[:MSK_ID_OCTETS] for one in known)
        every = (*self.policies, *self.untold)
        # A tag has one of two lengths: with the ROC, as that of packet 0, or without
        self.tags = sorted({self.tag_length(bytes((0, 0, 0, number)), p) for p in every for number in (0, 1)})
        self.last: Located | None = None
        self.unnamed: tuple[srtp.Policy, frozenset[Mki]] | None = None

    def locate(self, packets: Sequence[bytes]) -> list[Located | None]:
        """Return policy and MKI of each packet, None where there is none that can be told."""
        found = self._located(packets)
        strange = [data for data, known in zip(packets, found, strict=True) if known is None]
        if not strange:
            return found
        self.unnamed = self.unnamed_mkis(strange, alone=len(strange) == len(packets))
        return [known or self.of_unnamed(data) for data, known in zip(packets, found, strict=True)]

    def _located(self, packets: Sequence[bytes]) -> list[Located | None]:
        """Return `of` of each packet; where tags are all of one length, a look at one place is enough for most."""
        found: list[Located | None] = []
        last, begin, end, least = None, 0, 0, 0
        for data in packets:
            if last is None or data[begin:end] != last[1] or len(data) < least:
                last = self.of(data)
                steady = 0 if self.rtcp or last is None else last[0].steady
                if last is not None and steady > 0:
                    begin, end, least = -steady - MKI_OCTETS, -steady, RTP_HEADER + MKI_OCTETS + steady
                found.append(last)
                last = last if steady > 0 else None
            else:
                found.append(last)
        return found

    def locate_one(self, data: bytes) -> Located | None:
        """Return the same of a packet that comes later in the stream."""
        return self.of(data) or self.of_unnamed(data)

    def of(self, data: bytes) -> Located | None:
        """Find the policy whose tag length uncovers an MKI that is known; most packets are as the one before."""
        last = self.last
        if last is not None and self.mki_at(data, last[0]) == last[1]:
            return last
        self.last = None
        if self._is_known(data):
            self.last = self._known(data, self.policies) or self._known(data, self.untold)
        return self.last

    def _is_known(self, data: bytes) -> bool:
        """Say at a glance whether any policy can uncover the id of an MSK that is known."""
        end = len(data) - MKI_OCTETS
        return any(data[end - tag : end - tag + MSK_ID_OCTETS] in self.known_msks for tag in self.tags)

    def _known(self, data: bytes, policies: Iterable[srtp.Policy]) -> Located | None:
        """Take what MIKEY has named whole, else its MSK ID alone, else what the keyring or RTP knows."""
        shown = [(policy, mki) for policy in policies if (mki := self.mki_at(data, policy)) and self.fits(policy, mki)]
        for policy, mki in shown:
            if mki in self.told.mkis:
                return policy, mki
        for policy, mki in shown:
            if mki[:4] in self.msks:
                return policy, mki
        return next(((policy, mki) for policy, mki in shown if mki in self.others), None)

    def candidates(self, data: bytes, located: Located) -> Iterator[srtp.Policy]:
        """Yield the policies that a packet may be under: the one told for its MKI, else all that uncover this MKI."""
        policy, mki = located
        yield policy
        if self.told.policy(mki) is None:
            yield from (p for p in (*self.policies, *self.untold) if p != policy and self.mki_at(data, p) == mki)

    def fits(self, policy: srtp.Policy, mki: Mki) -> bool:
        return self.told.policy(mki) in (None, policy)

    def mki_at(self, data: bytes, policy: srtp.Policy) -> Mki | None:
        end = len(data) - self.tag_length(data, policy)
        header = RTCP_HEADER + srtp.INDEX_LENGTH if self.rtcp else RTP_HEADER
        return data[end - MKI_OCTETS : end] if end - MKI_OCTETS >= header else None

    def tag_length(self, data: bytes, policy: srtp.Policy) -> int:
        if self.rtcp:
            return 0 if policy.srtcp_auth_alg == srtp.AUTH_NULL else policy.srtcp_tag_length
        return sum(srtp.tag_layout(policy, int.from_bytes(data[2:4], "big")))

    def unnamed_mkis(self, strange: list[bytes], *, alone: bool) -> tuple[srtp.Policy, frozenset[Mki]] | None:
        """Find MKIs that nobody named: the same value at the same place again and again.

        In a stream where other packets have a known MKI twice is enough; in one `alone` all packets need a value that
        comes back, since what looks like an MKI may be the end of a picture in the clear.
        """
        shown = strange[:SAMPLE] if alone else strange
        for policy in (*self.policies, *self.untold):
            counts = Counter(self.mki_at(data, policy) for data in shown)
            again = {
                mki: n for mki, n in counts.items()
                if mki and n > 1 and len(set(mki)) > 1 and self.fits(policy, mki)
            }  # fmt: skip
            if again and (not alone or sum(again.values()) == len(shown)):
                return policy, frozenset(again)
        return None

    def of_unnamed(self, data: bytes) -> Located | None:
        if self.unnamed is None:
            return None
        policy, values = self.unnamed
        mki = self.mki_at(data, policy)
        return None if mki is None or mki not in values else (policy, mki)

"""Each rule says *inconc* somewhere: where a capture or a keyring does not hold what the rule needs.

A story is told, something is taken from its capture, and the rules named must say that they cannot tell. The table
holds few cases that many rules share.
"""

import struct
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import pytest

from analyzer.analysis import analyse
from analyzer.capture.case import CaseFiles
from analyzer.procedures import CATALOGUE
from analyzer.report import Verdict
from sample_pcaps.casebook import cases
from sample_pcaps.forge import SNAPLEN, pcapng
from sample_pcaps.stage import Addresses

CASES = cases()
IF_DROPPED, LOST = 5, 7  # isb_ifdrop, and how many packets it tells of
IPV4_UDP_HEADERS, IPV4_TCP_HEADERS = 42, 54  # octets of a frame before the payload
TCP, UDP = 6, 17


class Taken(NamedTuple):
    """What a probe could have written of a story: its packets, and how."""

    packets: list[tuple[int, bytes]]
    at: Addresses
    keys: bool = True
    snaplen: int = SNAPLEN
    dropped: int = 0
    apart: tuple[tuple[int, bytes], ...] = ()  # packets of a second capture


Mutilation = Callable[[Taken], Taken]


def hosts(frame: bytes) -> set[str]:
    return {str(ip_address(frame[26:30])), str(ip_address(frame[30:34]))}


def addresses(at: Addresses, node: str) -> set[str]:
    return set(at.ues) if node == "ue" else {getattr(at, node)}


def on_leg(frame: bytes, at: Addresses, one: str, other: str) -> bool:
    ends = hosts(frame)
    return bool(ends & addresses(at, one)) and bool(ends & addresses(at, other))


def no_keys(taken: Taken) -> Taken:
    return taken._replace(keys=False)


def begins(frame: int) -> Mutilation:
    """The capture begins with this frame of the story."""
    return lambda taken: taken._replace(packets=taken.packets[frame - 1 :])


def ends(frame: int) -> Mutilation:
    """The capture ends with this frame of the story."""
    return lambda taken: taken._replace(packets=taken.packets[:frame])


def lost(*frames: int) -> Mutilation:
    """These frames are not in the capture; of TCP they leave a hole."""
    return lambda taken: taken._replace(packets=[p for n, p in enumerate(taken.packets, 1) if n not in frames])


def without(*nodes: str) -> Mutilation:
    """No probe is at these nodes."""
    return lambda taken: taken._replace(
        packets=[p for p in taken.packets if not any(hosts(p[1]) & addresses(taken.at, node) for node in nodes)]
    )


def without_leg(one: str, other: str) -> Mutilation:
    """What these nodes say to each other is not in the capture."""
    return lambda taken: taken._replace(packets=[p for p in taken.packets if not on_leg(p[1], taken.at, one, other)])


def is_said(packet: bytes, at: Addresses, one: str, other: str, transport: int) -> bool:
    """Say whether one node says something to another by UDP or TCP."""
    src, dst = (str(ip_address(packet[place])) for place in (slice(26, 30), slice(30, 34)))
    return src in addresses(at, one) and dst in addresses(at, other) and packet[23] == transport


def one_way(one: str, other: str, *transports: int) -> Mutilation:
    """What one node says to another is not in the capture."""
    return lambda taken: taken._replace(
        packets=[p for p in taken.packets if not any(is_said(p[1], taken.at, one, other, t) for t in transports)]
    )


def last_way(one: str, other: str) -> Mutilation:
    """What one node says to another on their last TCP connection is not in the capture."""

    def change(taken: Taken) -> Taken:
        said = [p for p in taken.packets if is_said(p[1], taken.at, one, other, TCP)]
        last = said[-1][1][34:38]  # its ports
        return taken._replace(packets=[p for p in taken.packets if p not in said or p[1][34:38] != last])

    return change


def apart(one: str, other: str) -> Mutilation:
    """What these nodes say to each other is in a capture of its own, with a clock of its own."""
    return lambda taken: taken._replace(
        packets=[p for p in taken.packets if not on_leg(p[1], taken.at, one, other)],
        apart=tuple(p for p in taken.packets if on_leg(p[1], taken.at, one, other)),
    )


def cut(octets: int) -> Mutilation:
    """Of each packet the capture has so many octets at most."""
    return lambda taken: taken._replace(snaplen=octets)


def dropped(taken: Taken) -> Taken:
    """The capture says that packets were lost on their way into it."""
    return taken._replace(dropped=LOST)


def garbled(frame: int, octets: int | None = None) -> Mutilation:
    """The last octets of what a packet brings are zeros: so many, or the second half."""

    def change(taken: Taken) -> Taken:
        time, old = taken.packets[frame - 1]
        begin = IPV4_UDP_HEADERS if old[23] == UDP else IPV4_TCP_HEADERS
        left = (begin + len(old)) // 2 if octets is None else len(old) - octets
        new = old[:left] + bytes(len(old) - left)
        return taken._replace(packets=[*taken.packets[: frame - 1], (time, new), *taken.packets[frame:]])

    return change


def written(old: bytes, new: bytes) -> Mutilation:
    """Something stands otherwise in the messages, in as many octets."""
    assert len(old) == len(new)
    return lambda taken: taken._replace(packets=[(time, frame.replace(old, new)) for time, frame in taken.packets])


def late(frame: int, after: int) -> Mutilation:
    """A frame comes so many frames later than it was sent."""

    def change(taken: Taken) -> Taken:
        packets = list(taken.packets)
        _, packet = packets.pop(frame - 1)
        packets.insert(frame - 1 + after, (taken.packets[frame - 1 + after][0] + 1, packet))
        return taken._replace(packets=packets)

    return change


class Pair(NamedTuple):
    """A sample, what is taken from it, and the rules that then cannot tell."""

    sample: str
    mutilations: tuple[Mutilation, ...]
    rules: str


PAIRS = (
    Pair(
        "two_probes",
        (no_keys,),
        "DG-05 DG-07 EX-03 EX-04 MS-10 MS-11 MS-16 MS-22 MT-05 MT-07 MT-08 MT-10 MT-11 MT-14 RG-08 SI-15 SR-04 UB-05 UB-06 UB-08 UB-13",
    ),
    Pair(
        "pull_under_the_b_tid_before",
        (garbled(40),),
        "EX-05 SB-02 SB-22 ZN-01 ZN-02 ZN-03 ZN-05 ZN-06 ZN-07 ZN-08 ZN-09 ZN-10 ZN-11",
    ),
    Pair("msk_granted_after_deregistration", (begins(50),), "EX-02 RG-10 SR-01 SR-02 SR-11"),
    Pair("registration_as_somebody_else", (garbled(61),), "DG-11 RG-01 RG-02 RG-04"),
    Pair("key_id_without_its_key_domain", (lost(19),), "SI-12 SI-13 SR-14"),
    Pair("bootstrapping_for_a_stale_nonce", (garbled(7),), "DG-04 DG-10 UB-09"),
    Pair(
        "http_good",
        (
            written(b"Authentication-Info: qop", b"Authentication-Info: xop"),
            written(b"To: <sip:", b"To: <tel:"),
            written(b'nonce="', b"nonce=!"),
        ),
        "DG-19 SI-04 UB-10",
    ),
    Pair("sip_good", (cut(200),), "MS-28 MT-04"),
    Pair("register_post_without_lifetime", (lost(26),), "SB-12 SB-13"),
    Pair("http_good", (garbled(126, 40), garbled(180, 40)), "RG-05 RG-09"),
    Pair("missed_update", (begins(65),), "RG-13 SR-12"),
    Pair("zn_answer_of_another_hop", (), "DG-13"),
    Pair("verification_missing", (dropped,), "MS-19"),
    Pair("storm_without_answers", (dropped,), "EX-09"),
    Pair("same_rand_after_resynchronisation", (ends(6),), "UB-07"),
    Pair("opaque_not_repeated", (dropped,), "UB-04"),
    Pair("old_b_tid_after_bootstrapping", (dropped,), "SB-18"),
    Pair("new_b_tid_never_presented", (dropped,), "EX-01"),
    Pair("naf_id_of_another_fqdn", (no_keys,), "SB-09"),
    Pair("authorization_missing", (lost(7),), "SI-16"),
    Pair("sip_good", (lost(75),), "SB-17"),
    Pair("http_good", (ends(24),), "SI-19"),
    Pair("unicast_offer_refused", (ends(14),), "SI-06"),
    Pair("unicast_offer_refused", (cut(700),), "SI-14"),
    Pair("refused_b_tid_repeated", (ends(31),), "SB-05"),
    Pair("pull_under_the_b_tid_before", (lost(45),), "SB-20"),
    Pair("pull_under_the_b_tid_before", (lost(40),), "SB-03"),
    Pair("pull_under_a_retired_muk", (lost(69),), "EX-08"),
    Pair("b_tid_kept_without_power", (lost(63),), "UB-18"),
    Pair("authorization_of_another_user", (lost(13),), "SI-10"),
    Pair("sip_good", (garbled(25),), "SB-08"),
    Pair("sip_good", (garbled(21),), "ZN-04"),
    Pair("http_good", (garbled(18),), "SI-11"),
    Pair("msk_request_without_b_tid", (garbled(51),), "SB-16"),
    Pair("key_id_without_its_key_domain", (garbled(21),), "SI-07"),
    Pair("invite_without_a_service", (garbled(13),), "SI-01"),
    Pair("deregistration_without_b_tid", (garbled(51),), "SB-14"),
    Pair("sip_good", (late(181, 5),), "MS-12"),
    Pair("switched_off_and_on", (without("p_cscf"),), "UB-17"),
    Pair("authorization_after_200_ok", (apart("scf", "bm_sc"),), "SI-08"),
    Pair(
        "msk_after_deregistration",
        (
            no_keys,
            without("bsf"),
        ),
        "RG-07",
    ),
    Pair("bootstrapping_for_each_use", (without("scf", "p_cscf", "bm_sc", "group"),), "UB-15"),
    Pair("sip_good", (written(b"<mukLifeTime>2026", b"<mukLifeTime>soon"),), "SB-10"),
    Pair(
        "registration_as_somebody_else",
        (
            written(b"<uid>sip:", b"<xid>sip:"),
            written(b"</uid>", b"</xid>"),
        ),
        "DG-18",
    ),
    Pair("unknown_b_tid_forbidden", (late(32, 7), lost(40)), "DG-12"),
    Pair("error_message_for_an_mtk", (written(b"\x7cDB\x10", b"\x0b\xad\xca\xfe"),), "MS-30"),
    Pair("sip_good", (late(87, 64), lost(86)), "MT-06 MT-09"),
    Pair("invite_without_the_services", (garbled(11),), "SB-01"),
    Pair("download_good", (lost(47, 53, 59, 68),), "SR-13"),
    Pair(
        "sip_good",
        (
            without_leg("ue", "p_cscf"),
            written(b"Contact: <sip:10.1.0.11", b"Contact: <sip:anonymous"),
            written(b"IN IP4 10.1.0.11", b"IN IP4 anonymous"),
            written(b"SIP/2.0/UDP 10.1.0.11", b"SIP/2.0/UDP anonymous"),
        ),
        "SB-11",
    ),
    Pair("mtk_never_repeated", (dropped,), "MT-13"),
    Pair("mtk_after_its_packets", (dropped,), "MT-12"),
    Pair("msk_not_sent_again", (dropped,), "MS-23"),
    Pair("msk_of_the_old_octets", (cut(450),), "MS-24"),
    Pair("msk_of_a_strange_group", (dropped,), "MS-17"),
    Pair("pull_with_an_expired_muk_granted", (without("bsf"),), "MS-25 MS-29"),
    Pair("third_msk_while_the_first_is_in_use", (no_keys, without("bsf")), "MS-18"),
    Pair("media_under_a_retired_msk", (garbled(82, 4),), "SR-10"),
    Pair("msk_to_another_address", (dropped,), "MS-01"),
    Pair("bootstrapping_for_a_stale_nonce", (lost(81),), "MS-07"),  # the request with the new B-TID
    Pair("first_msk_without_a_policy", (dropped,), "MS-13"),
    Pair("b_tid_kept_without_power", (lost(85),), "RG-07"),  # the UE registers again
    Pair("deregistration_at_another_server", (dropped,), "RG-03"),
    Pair("deregistration_from_another_address", (dropped,), "RG-14"),
    Pair("bootstrapping_after_the_invite", (begins(3),), "UB-16"),  # without the IMS registration
    Pair("pulled_after_expiry", (one_way("bm_sc", "scf", TCP),), "SI-12 SI-13"),
    Pair("pulled_after_expiry", (one_way("bm_sc", "ue", UDP),), "DG-04"),
    Pair("pulled_after_expiry", (one_way("bm_sc", "ue", TCP, UDP),), "DG-04"),
    Pair("sip_good", (last_way("bm_sc", "scf"),), "SB-12"),
    Pair("cr_2009_http", (last_way("bm_sc", "ue"),), "MS-11"),
    Pair("msk_under_an_expired_muk", (without("bsf"),), "MS-19"),
    Pair("bootstrapping_for_a_stale_nonce", (without_leg("ue", "bm_sc"),), "UB-15"),
    Pair("cr_2009_sip", (one_way("ue", "bm_sc", TCP, UDP),), "MS-19"),
)

ITSELF = "looks at what one message says: of one that is not there, or not whole, it says nothing"
TOGETHER = "holds against each other what is in the capture: where one of both is not, it says nothing"
NEVER = {  # rules that can do no other than pass, fail or say nothing, and why
    **dict.fromkeys((
        "DG-01", "DG-06", "DG-15", "DG-16", "MS-02", "MS-03", "MS-04", "MS-08", "MS-09", "MS-14", "MS-27", "MT-02",
        "MT-03", "RG-06", "RG-12", "RG-15", "SB-07", "SB-19", "SI-02", "SI-03", "SI-05", "SI-09", "SR-08", "UB-01",
        "UB-02", "UB-03", "UB-11", "UB-12",
    ), ITSELF),
    **dict.fromkeys((
        "DG-02", "DG-03", "DG-08", "DG-09", "DG-14", "DG-17", "EX-07", "EX-10", "MS-05", "MS-06",
        "MS-15", "MS-20", "MS-21", "MS-26", "MT-01", "RG-11", "SB-04", "SB-06", "SB-15",
        "SB-21", "SB-23", "SI-17", "SI-18", "SR-03", "SR-05", "SR-06", "SR-07", "SR-09", "UB-14",
    ), TOGETHER),
    "EX-06": "looks for the keys that are known: of the others nobody knows that they are keys",
    "RG-16": "speaks where the key of a digest is known to be right: where it is not at hand, DG-05 is inconc",
    "RG-17": "speaks where the capture shows the UE that waits: where it does not, nobody knows of it",
}  # fmt: skip


def told_by_interface(packets: int) -> bytes:
    """An Interface Statistics Block with packets that the interface dropped."""
    body = struct.pack("<III", 0, 0, 0) + struct.pack("<HHQ", IF_DROPPED, 8, packets) + bytes(4)
    size = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", 5) + size + body + size


def judged(sample: str, mutilations: tuple[Mutilation, ...], folder: Path) -> dict[str, set[Verdict]]:
    """Return what each rule says of a sample from which something is taken."""
    case = CASES[sample]
    story = case.tell()
    taken = Taken(story.tape.sorted(), story.addresses)
    for mutilation in mutilations:
        taken = mutilation(taken)
    paths = []
    for name, packets in (("capture", taken.packets), ("apart", taken.apart)):
        if packets:
            paths.append(folder / f"{name}.pcapng")
            said = told_by_interface(taken.dropped) if taken.dropped else b""
            paths[-1].write_bytes(pcapng(packets, snaplen=taken.snaplen) + said)
    keyring = folder / "keyring.toml"
    keyring.write_text(case.keyring(story) if taken.keys else "")
    keyring.chmod(0o600)
    found: dict[str, set[Verdict]] = {}
    for judgement in analyse(CaseFiles(sample, tuple(map(str, paths)), (str(keyring),))).report.judgements:
        found.setdefault(judgement.rule, set()).add(judgement.verdict)
    return found


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{pair.sample}-{pair.rules}" for pair in PAIRS])
def test_rules_cannot_tell(pair: Pair, tmp_path: Path) -> None:
    found = judged(pair.sample, pair.mutilations, tmp_path)
    assert Verdict.ERROR not in set().union(*found.values())
    sure = {code: found.get(code, set()) for code in pair.rules.split() if Verdict.INCONC not in found.get(code, set())}
    assert not sure, "no inconc: take something else from the sample, so that the rule cannot tell"


@pytest.mark.parametrize("code", [rule.code for rule in CATALOGUE])
def test_each_rule_has_a_case_where_it_cannot_tell(code: str) -> None:
    listed = any(code in pair.rules.split() for pair in PAIRS)
    assert listed is not (code in NEVER), (
        f"{code}: write into PAIRS a sample, and what to take from it so that the rule says inconc (no keys, a leg, a "
        "packet; often a pair that is there does), or into NEVER why there is nothing that the rule could not know; not both"
    )


def test_only_rules_of_the_catalogue_are_named() -> None:
    named = {code for pair in PAIRS for code in pair.rules.split()} | set(NEVER)
    assert named <= {rule.code for rule in CATALOGUE}

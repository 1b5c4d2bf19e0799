"""Cases in which packets take other paths to the probe, or the keyring enters the ladder lower, all right otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from itertools import count

from sample_pcaps import forge_tunnels as tunnels
from sample_pcaps.casebook import case
from sample_pcaps.forge import LINK_SLL
from sample_pcaps.good import keyed_by_http
from sample_pcaps.stage import DIAMETER_PORT
from sample_pcaps.stage_nat import behind_nat
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import SECOND_MSK

ETHERNET = 14  # octets of the header
IPV4, TCP = 20, 6  # octets of the header, and its number of TCP
PIECE = 256  # octets of a fragment
GTP_U, VXLAN, IN_IPV4 = 2152, 4789, 41  # ports, and the protocol number of IPv6 in IPv4


def by_sip(name: str) -> Story:
    """Tell the SIP variant with a second MSK and its end."""
    story = Story(name, by_sip=True)
    story.bootstrap()
    story.wait(0.2)
    story.sip("register")
    story.keys_and_media()
    story.wait(1)
    story.sip("deregister")
    story.bye()
    return story


@case()
def http_in_gtp() -> Story:
    """The story of http_good as a probe on S1-U sees it: every packet in GTP-U (TS 29.281), with sequence numbers."""
    story = keyed_by_http(Story.registered_by_http())
    numbers = count()
    story.wrap = lambda frame: (
        tunnels.frame(tunnels.in_udp(GTP_U, tunnels.gtp(frame[ETHERNET:], sequence=next(numbers) & 0xFFFF))),
    )
    return story


@case()
def sip_on_two_vlans() -> Story:
    """The SIP variant behind two VLAN tags (IEEE 802.1ad), as a mirrored port of a provider's switch has it."""
    story = by_sip("SIP on two VLANs")
    story.wrap = lambda frame: (tunnels.vlan(frame[ETHERNET:], (0x88A8, 100), (0x8100, 7)),)
    return story


@case()
def sip_in_vxlan() -> Story:
    """The SIP variant in VXLAN (RFC 7348), as a core of virtual machines carries it."""
    story = by_sip("SIP in VXLAN")
    story.wrap = lambda frame: (tunnels.frame(tunnels.in_udp(VXLAN, tunnels.vxlan(frame))),)
    return story


@case()
def http_in_fragments() -> Story:
    """The story of http_good over a path with so small an MTU that every longer packet comes in fragments."""
    story = keyed_by_http(Story.registered_by_http())
    idents = count(1)

    def pieces(frame: bytes) -> Iterator[bytes]:
        packet = frame[ETHERNET:]
        if len(packet) <= PIECE:
            yield frame
            return
        for piece in tunnels.fragments(packet, PIECE, next(idents)):
            yield frame[:ETHERNET] + piece

    story.wrap = pieces
    return story


@case()
def ipv6_in_ipv4() -> Story:
    """The HTTP variant over IPv6, which an old network carries in IPv4 (RFC 4213)."""
    story = Story("IPv6 in IPv4", by_sip=False, ipv6=True)
    story.bootstrap()
    story.wait(0.2)
    story.invite()
    story.wait(0.1)
    story.register()
    keyed_by_http(story)
    story.wrap = lambda frame: (tunnels.frame(tunnels.ip_in_ip(frame[ETHERNET:])),)
    return story


@case()
def keyed_from_ks() -> Story:
    """The story of http_good with a keyring that has the Ks of the bootstrapping, and no K."""
    story = keyed_by_http(Story.registered_by_http())
    story.cut(0.1)
    story.entry = "ks"
    return story


@case()
def keyed_from_ck_and_ik() -> Story:
    """The story of http_good with a keyring that has CK and IK of the bootstrapping, and no K."""
    story = keyed_by_http(Story.registered_by_http())
    story.cut(0.1)
    story.entry = "ck"
    return story


@case()
def keyed_from_muk() -> Story:
    """What follows the registration of http_good, with a keyring that has the MUK and nothing above it."""
    return _keyed_from("muk")


@case()
def keyed_from_msks() -> Story:
    """What follows the registration of http_good, with a keyring that has the MSKs and nothing above them."""
    return _keyed_from("msk")


@case()
def keyed_from_mtks() -> Story:
    """What follows the registration of http_good, with a keyring that has MTKs and salts and nothing above them."""
    return _keyed_from("mtk")


def _keyed_from(entry: str) -> Story:
    """Tell it so that no key can come from Ub or Zn: the capture begins behind them."""
    story = Story.registered_by_http()
    story.at(5)
    keyed_by_http(story)
    story.cut(4)
    story.entry = entry
    return story


@case()
def sip_in_cooked_mode() -> Story:
    """The SIP variant as `tcpdump -i any` writes it: Linux cooked, no link addresses but that of the sender."""
    story = by_sip("SIP in cooked mode")
    story.link = LINK_SLL
    story.wrap = lambda frame: (tunnels.sll(frame[ETHERNET:]),)
    return story


@case()
def zn_over_sctp() -> Story:
    """The HTTP variant, all of it right, with Diameter over SCTP between BM-SC and BSF."""
    story = Story.registered_by_http()
    story.keys_and_media()
    sent = count(1)

    def over_sctp(frame: bytes) -> Iterator[bytes]:
        packet = frame[ETHERNET:]
        segment = packet[IPV4:]
        ports = int.from_bytes(segment[:2], "big"), int.from_bytes(segment[2:4], "big")
        if packet[9] != TCP or DIAMETER_PORT not in ports:
            yield frame
        elif data := segment[(segment[12] >> 4) * 4 :]:
            src, dst = str(ip_address(packet[12:16])), str(ip_address(packet[16:20]))
            chunk = tunnels.data_chunk(next(sent), data)
            yield tunnels.frame(tunnels.sctp(src, ports[0], dst, ports[1], chunk), (src, dst))

    story.wrap = over_sctp
    return story


@case()
def three_behind_a_nat() -> Story:
    """The HTTP variant, all of it right, with three UEs behind one address: only the ports differ, MIKEY's too."""
    story = Story.registered_by_http(ues=3)
    story.keys_and_media()
    story.wait(1)
    for ue in story.ues:
        story.msk_request(ue)
        story.msk(ue, SECOND_MSK)
    story.mtk(SECOND_MSK, 1, times=2, interval=0.5)
    story.media(SECOND_MSK, 1, packets=10)
    translated = behind_nat((ue.ip for ue in story.ues), "192.0.2.1", {})
    story.wrap = lambda frame: (translated(frame),)
    return story

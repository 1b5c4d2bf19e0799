"""Cases in which all is as the specifications want it, seen more than once."""

from __future__ import annotations

from ipaddress import ip_address

from sample_pcaps.casebook import case
from sample_pcaps.forge import pcapng
from sample_pcaps.forge_esp import Sa
from sample_pcaps.forge_keys import made_up
from sample_pcaps.stage_points import at_two_points, in_esp, on_legs
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK
from sample_pcaps.story_relay import B2bua, Proxy

RELAY = "10.2.0.9"


@case()
def several_legs() -> Story:
    """The SIP variant, all of it right, its datagrams seen on three legs.

    A probe on all interfaces of the gateway shows SIP and MIKEY of the UE in GTP-U, outside of it, and once more on a
    mirrored port. Each message counts once.
    """
    story = Story.begun_by_sip()
    story.keys_and_media()
    story.wait(1)
    story.pull()
    story.wait(0.1)
    story.sip("msk-request")
    story.msk(msk_id=SECOND_MSK)
    story.bye()
    on_legs(story.tape, ip_address(story.ue.ip).packed)
    return story


@case()
def two_probes() -> Story:
    """The HTTP variant, all of it right, in two captures: one at the UE and the IM CN, one at the BM-SC.

    The clock of the second is 1.284 s behind, and packets between UE and BM-SC reach it 2 ms later. Registration, keys
    and media are seen in both, authorization and Zn at the BM-SC alone.
    """
    story = Story.registered_by_http()
    story.keys_and_media(packets=20)
    story.wait(1)
    story.msk_request()
    story.msk(msk_id=SECOND_MSK)
    story.mtk(SECOND_MSK, 1, times=2, interval=0.5)
    story.media(SECOND_MSK, 1, packets=10)
    story.wait(1)
    story.deregister()
    at = story.addresses
    others = frozenset(ip_address(end).packed for end in (story.ue.ip, at.group))
    second = at_two_points(story.tape, ip_address(at.bm_sc).packed, others, behind=1.284)
    story.more["probe2.pcapng"] = pcapng(second, interface="probe1")
    return story


@case()
def posts_in_esp() -> Story:
    """The SIP variant, all of it right, what SCF and BM-SC say to each other in IPsec, as NDS/IP wants it.

    The keyring has both associations, without which nothing but SIP, MIKEY and media could be read.
    """
    story = Story.begun_by_sip()
    story.keys_and_media()
    story.wait(1)
    story.sip("msk-request")
    story.msk(msk_id=SECOND_MSK)
    story.wait(1)
    story.sip("deregister")
    story.msk(seq=(2, 1), sp=None)
    story.msk(msk_id=SECOND_MSK, seq=(2, 1), sp=None)
    at = story.addresses
    for spi, src, dst in ((0x3001, at.scf, at.bm_sc), (0x4001, at.bm_sc, at.scf)):
        key, mac_key = made_up(f"SA {spi:x}", 16), made_up(f"SA {spi:x} MAC", 20)
        sa = Sa(spi, "aes-cbc", key, "sha1", mac_key)
        story.associations.append((sa, src, dst))
        in_esp(story.tape, sa, src, dst)
    return story


def _called_through(story: Story) -> Story:
    """Tell a call of each kind, whose legs are all seen."""
    for ue in story.ues:
        story.bootstrap(ue)
        story.wait(0.2)
        if story.by_sip:
            story.sip("register", ue)
        else:
            story.invite(ue)
            story.wait(0.1)
            story.register(ue)
    story.keys_and_media()
    story.wait(1)
    for ue in story.ues:
        if story.by_sip:
            story.sip("msk-request", ue)
            story.msk(ue, SECOND_MSK)
            story.wait(1)
            story.sip("deregister", ue)
            for msk_id, window in ((FIRST_MSK, (2, 1)), (SECOND_MSK, (2, 1))):
                story.msk(ue, msk_id, seq=window, sp=None)
        story.bye(ue)
    return story


@case()
def http_through_a_proxy() -> Story:
    """The HTTP variant, all of it right, with an S-CSCF between P-CSCF and SCF: three legs of one dialog."""
    story = Story("proxy", by_sip=False)
    story.relay = Proxy(RELAY, story.token)
    return _called_through(story)


@case()
def http_through_a_b2bua() -> Story:
    """The HTTP variant, all of it right, with a B2BUA between P-CSCF and SCF, which has dialogs of its own."""
    story = Story("B2BUA", by_sip=False, ues=2)
    story.relay = B2bua(RELAY, story.token)
    return _called_through(story)


@case()
def sip_through_a_b2bua() -> Story:
    """The SIP variant, all of it right, with a B2BUA between P-CSCF and SCF, which has dialogs of its own."""
    story = Story("B2BUA", by_sip=True)
    story.relay = B2bua(RELAY, story.token)
    return _called_through(story)

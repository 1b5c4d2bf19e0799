"""Cases that break one rule each on the INVITE, its authorization, and the registration that rests on it."""

from __future__ import annotations

from sample_pcaps.casebook import case
from sample_pcaps.forge_text import CRLF, DECLARATION, Edit, Text, authorize_xml
from sample_pcaps.stage import BM_SC_FQDN, NEWS, PSI, SIP_PORT, SPORT, Ue
from sample_pcaps.story import Story

SDF_FQDN = "sdf.home1.net"
UNICAST = "10.9.9.9"


def _invited(**more: object) -> Story:
    """Bootstrapping, and an INVITE with the deviations given."""
    story = Story("invite", by_sip=False)
    story.bootstrap()
    story.invite(**more)  # type: ignore[arg-type]
    story.wait(0.1)
    return story


def _served(story: Story) -> Story:
    """Registration, keys and media, all as they should be."""
    story.register()
    story.keys_and_media()
    return story


def _refused(story: Story) -> Story:
    """Registration, which the BM-SC refuses for want of an authorization."""
    story.register(statuses={NEWS: 403})
    return story


@case(breaks=("SI-01",))
def invite_without_a_service() -> Story:
    """The INVITE names no MBMS service; the SCF takes it for the one of the PSI."""
    return _served(_invited(services=(), posted_services=(NEWS,)))


@case(breaks=("SI-02",))
def invite_without_a_preferred_identity() -> Story:
    """The UE sends its INVITE without P-Preferred-Identity; the P-CSCF asserts the default identity."""
    return _served(_invited(edits={"gm-invite": Edit(headers={"P-Preferred-Identity": None})}))


@case(breaks=("SI-03",))
def preferred_identity_reaches_the_scf() -> Story:
    """The P-CSCF adds P-Asserted-Identity and leaves P-Preferred-Identity in the INVITE."""
    kept = Edit(headers={"P-Preferred-Identity": "<sip:user1@home1.net>"})
    return _served(_invited(edits={"isc-invite": kept}))


@case(breaks=("SI-04",))
def invite_to_two_services() -> Story:
    """The INVITE has the PSI of one service in the Request-URI and of another in To."""
    return _served(_invited(to="sip:sport@mbms.home1.net"))


@case(breaks=("SI-05",))
def unicast_offer_refused() -> Story:
    """The UE offers a unicast address; the SCF rightly answers 403, and the UE asks again as it should."""
    story = _invited(group=UNICAST, authorize="never", status="403 Forbidden")
    story.invite()
    story.wait(0.1)
    return _served(story)


@case(breaks=("SI-06",))
def unicast_offer_accepted() -> Story:
    """The UE offers a unicast address, and the SCF answers 200."""
    return _served(_invited(group=UNICAST))


@case(breaks=("SI-07",))
def answer_with_another_group() -> Story:
    """The SDP answer of the SCF has another multicast address than the offer."""
    return _served(_invited(answer_group="239.9.9.9"))


@case(breaks=("SI-09",))
def authorize_post_of_http_1_0() -> Story:
    """The SCF sends its authorize POST as HTTP/1.0."""
    return _served(_invited(edits={"post": Edit(line="POST /keymanagement?requesttype=authorize HTTP/1.0")}))


@case(breaks=("SI-10",))
def authorization_of_another_user() -> Story:
    """The SCF authorizes another IMPU than that of the INVITE; the BM-SC rightly refuses the registration."""
    return _refused(_invited(posted_identity='"sip:user9@home1.net"'))


@case(breaks=("SI-11",))
def authorization_of_another_service() -> Story:
    """The SCF authorizes another service than that of the INVITE; the BM-SC rightly refuses the registration."""
    return _refused(_invited(posted_services=(SPORT,)))


@case(breaks=("SI-12",))
def authorization_refused() -> Story:
    """The BM-SC answers the authorize POST with 501, and the SCF refuses the INVITE."""
    story = _invited(post_status="501 Not Implemented", status="500 Server Internal Error")
    story.linger(2)
    return story


@case(breaks=("SI-14",))
def registration_before_the_ok() -> Story:
    """The UE registers while its INVITE is still unanswered; the authorization happens to be there already."""
    late = Edit(shift=1.5)
    story = _invited(edits=dict.fromkeys(("isc-ok", "gm-ok", "gm-ack", "isc-ack"), late))
    story.register()
    story.wait(1.5)
    story.keys_and_media()
    return story


@case(breaks=("SI-16",))
def unauthorized_service_not_found() -> Story:
    """The UE registers a service that the SCF refused it, and the BM-SC answers 404 for it instead of 403."""
    story = _invited(services=(SPORT,), authorize="never", status="403 Forbidden")
    story.invite()
    story.wait(0.1)
    story.register(services=(NEWS, SPORT), statuses={SPORT: 404})
    story.keys_and_media()
    return story


@case(breaks=("SI-17",))
def keys_after_the_session() -> Story:
    """The UE ends its session and does not deregister; two minutes later the BM-SC still sends it MSKs."""
    story = _served(_invited())
    story.wait(1)
    story.bye()
    story.wait(120)
    story.msk(v=False)
    return story


@case(breaks=("SI-18",))
def http_where_sip_is_announced() -> Story:
    """The SDF announces the SIP based procedure to one of two UEs, and HTTP to the other; both go by HTTP."""
    story = Story("announced", by_sip=False, ues=2)
    for ue, procedure in zip(story.ues, ("HTTP", "SIP"), strict=True):
        story.bootstrap(ue)
        notify(story, ue, procedure)
        story.invite(ue)
        story.wait(0.1)
        story.register(ue)
    story.keys_and_media()
    return story


def notify(story: Story, ue: Ue, procedure: str) -> None:
    """The NOTIFY with which the SDF announces its services to a UE (TS 26.237 Annex H), and its 200."""
    ids = [
        ("Via", f"SIP/2.0/UDP {story.addresses.p_cscf}:{SIP_PORT};branch=z9hG4bK{story.token('branch')}"),
        ("From", f"<sip:{SDF_FQDN}>;tag={story.token('tag')}"),
        ("To", f"<{ue.impu}>;tag={story.token('tag')}"),
        ("Call-ID", f"{story.token('call')}@{ue.ip}"),
        ("CSeq", "1 NOTIFY"),
    ]
    body = CRLF.join((
        DECLARATION,
        '<SSF ID="0001" Technology="urn:dvb:metadata:cs:3gpp" Version="1">',
        f"<Pull Location=\"{PSI}\"/><MBMSSecurityProcedure>{procedure}</MBMSSecurityProcedure></SSF>",
    ))  # fmt: skip
    more = (
        ("Max-Forwards", "70"),
        ("Event", "ua-profile"),
        ("Subscription-State", "active"),
        ("Content-Type", "application/vnd.3gpp.ssf+xml"),
    )
    notify = Text(f"NOTIFY sip:{ue.ip}:{SIP_PORT} SIP/2.0", (*ids, *more), body.encode())
    ends = (story.addresses.p_cscf, SIP_PORT, ue.ip, SIP_PORT)
    story.datagram(*ends, notify.octets())
    story.datagram(*ends[2:], *ends[:2], Text("SIP/2.0 200 OK", tuple(ids)).octets())


@case(breaks=("SI-19",))
def authorization_for_a_retransmission() -> Story:
    """The INVITE is retransmitted on its last leg, and the SCF sends a second authorize POST for it."""
    story = Story("again", by_sip=False)
    story.bootstrap()
    slow = Edit(delay=1.0)
    story.invite(edits={"isc-invite": Edit(repeat=1), "isc-ok": slow})
    again = story.now
    story.now -= 400_000_000  # between the retransmission and the 200
    wire = story.connect(story.addresses.scf, story.addresses.bm_sc)
    wire.http(_authorize(story), by_client=True)
    wire.http(Text("HTTP/1.1 200 OK", (("Server", "sample-bmsc/1.0"),)), by_client=False)
    wire.close()
    story.now = again
    story.wait(0.2)
    return _served(story)


def _authorize(story: Story) -> Text:
    headers = (
        ("Host", BM_SC_FQDN),
        ("X-3GPP-Asserted-Identity", f'"{story.ue.impu}"'),
        ("Content-Type", "application/mbms-authorize+xml"),
    )
    return Text("POST /keymanagement?requesttype=authorize HTTP/1.1", headers, authorize_xml(story.services))

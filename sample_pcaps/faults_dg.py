"""Cases that break one rule each on the digest of Ua, and on what follows a challenge or a refusal."""

from __future__ import annotations

from sample_pcaps.casebook import case
from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import BM_SC_FQDN
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import SECOND_MSK

OTHER_IMPU = "sip:user7@home1.net"


def _registered(**more: object) -> Story:
    """Bootstrapping, INVITE, the registration with the deviations given, keys and media."""
    story = Story.begun_by_http()
    story.register(**more)  # type: ignore[arg-type]
    story.keys_and_media()
    return story


@case(breaks=("DG-01",))
def user_agent_without_gba() -> Story:
    """The UE does not name 3gpp-gba in its User-Agent."""
    return _registered(user_agent="sample-ue/1.0")


@case(breaks=("DG-02",))
def realm_without_a_prefix() -> Story:
    """The BM-SC challenges with its FQDN alone as realm, and the UE repeats it."""
    return _registered(realm=BM_SC_FQDN)


@case(breaks=("DG-03",))
def realm_of_uicc_keys() -> Story:
    """The UE answers with the realm of UICC keys, which it was not challenged with."""
    return _registered(edits={"authorized": Edit(digest={"realm": f"3GPP-bootstrapping-uicc@{BM_SC_FQDN}"})})


@case(breaks=("DG-06",))
def digest_without_integrity() -> Story:
    """The UE uses qop auth, though the BM-SC offers auth-int too."""
    return _registered(qop="auth")


@case(breaks=("DG-07",))
def answer_without_a_proof() -> Story:
    """The 200 to the registration has no Authentication-Info."""
    return _registered(edits={"answer": Edit(headers={"Authentication-Info": None})})


@case(breaks=("DG-08",))
def nonce_count_stands_still() -> Story:
    """The MSK request has the nonce and the nc of the registration; the BM-SC takes it all the same."""
    story = _registered()
    story.wait(1)
    story.msk_request(nc="00000001")
    story.msk(msk_id=SECOND_MSK)
    return story


@case(breaks=("DG-09",))
def registration_replayed() -> Story:
    """Somebody sends a recorded registration again, and the BM-SC takes it."""
    story = Story.begun_by_http()
    same = Edit(digest={"cnonce": "0123456789abcdef", "opaque": "fedcba9876543210"})
    story.register(edits={"challenge": Edit(claim={"opaque": "fedcba9876543210"}), "authorized": same})
    story.keys_and_media()
    story.wait(5)
    story.register(nc="00000001", edits={"authorized": same})
    story.msk(v=False)
    return story


@case(breaks=("DG-10",))
def bootstrapping_for_a_stale_nonce() -> Story:
    """The BM-SC says that the nonce of the MSK request is stale, and the UE bootstraps before it asks again."""
    story = _registered()
    story.wait(1)
    story.msk_request(challenge=True, preauthorize=True, stale=True, retry=False)
    story.bootstrap()
    story.msk_request()
    story.msk(msk_id=SECOND_MSK)
    return story


@case(breaks=("DG-12",))
def unknown_b_tid_forbidden() -> Story:
    """The BSF does not know the B-TID, and the BM-SC answers 403 to the registration."""
    story = Story.begun_by_http()
    story.register(zn={"result": 5403}, status="403 Forbidden")
    story.linger(3)
    return story


@case(breaks=("DG-13",))
def overload_without_retry_after() -> Story:
    """An overloaded BM-SC answers 503 without Retry-After; half a minute later the UE gets through."""
    story = Story.begun_by_http()
    story.register(status="503 Service Unavailable")
    story.wait(30)
    story.register()
    story.keys_and_media()
    return story


@case(breaks=("DG-14",))
def retry_after_ignored() -> Story:
    """The BM-SC answers 503 with Retry-After: 30, and the UE registers again after 2 s."""
    story = Story.begun_by_http()
    busy = Edit(headers={"Retry-After": "30"})
    story.register(status="503 Service Unavailable", edits={"answer": busy})
    story.wait(2)
    story.register()
    story.keys_and_media()
    return story


@case(breaks=("DG-15",))
def digest_of_another_uri() -> Story:
    """The uri in Authorization has no requesttype, unlike the Request-URI."""
    return _registered(edits={"authorized": Edit(digest={"uri": "/keymanagement"})})


@case(breaks=("DG-17",))
def registration_as_another_impu() -> Story:
    """The SCF authorizes two IMPUs of the user; the UE invites with one and registers with the other."""
    story = Story("two IMPUs", by_sip=False)
    story.bootstrap()
    story.wait(0.2)
    story.invite(posted_identity=f'"{story.ue.impu}", "{OTHER_IMPU}"')
    story.wait(0.1)
    story.register(identity=f'"{OTHER_IMPU}"')
    story.keys_and_media()
    return story


@case(breaks=("DG-18",))
def registration_as_somebody_else() -> Story:
    """A second subscriber registers under the IMPU of the first, whom the SCF has authorized.

    His keys are his own, and the settings that come with them on Zn list his IMPU alone; the BM-SC does not look.
    """
    story = Story("spoofed", by_sip=False, ues=2)
    one, other = story.ues
    story.bootstrap(one)
    story.wait(0.2)
    story.invite(one)
    story.wait(0.1)
    story.register(one, zn={"uids": (one.impu,)})
    story.msk(one)
    story.wait(1)
    story.bootstrap(other)
    story.register(other, identity=f'"{one.impu}"', zn={"uids": (other.impu,)})
    story.msk(other)
    return story


@case(breaks=("DG-19",))
def statuses_without_integrity() -> Story:
    """The BM-SC proves its key with qop auth, which leaves the statuses in its answer open."""
    return _registered(edits={"answer": Edit(digest={"qop": "auth"})})

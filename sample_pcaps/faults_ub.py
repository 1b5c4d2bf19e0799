"""Cases that break one rule each on bootstrapping: the challenge of Ub, the answer to it, and what it grants."""

from __future__ import annotations

import base64

from sample_pcaps.casebook import case
from sample_pcaps.forge_keys import b_tid_of, made_up, milenage
from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import BSF_FQDN
from sample_pcaps.story import Story

RAND = made_up("RAND of a fault", 16)
FALSE_AUTN = made_up("AUTN of a false network", 16)


def _bootstrapped(**more: object) -> Story:
    """Bootstrapping with the deviations given."""
    story = Story("bootstrapping", by_sip=False)
    story.bootstrap(**more)  # type: ignore[arg-type]
    story.wait(0.2)
    return story


def _served(story: Story) -> Story:
    """INVITE, registration, keys and media, all as they should be."""
    story.invite()
    story.wait(0.1)
    story.register()
    story.keys_and_media()
    return story


def _again(story: Story) -> Story:
    """A bootstrapping that nothing is wrong with, and the INVITE."""
    story.bootstrap()
    story.wait(0.2)
    story.invite()
    return story


def _false_nonce() -> str:
    """A challenge whose AUTN nobody who knows K has made."""
    return base64.b64encode(RAND + FALSE_AUTN).decode()


@case(breaks=("UB-01",))
def first_request_with_another_realm() -> Story:
    """The UE names its home domain as realm in the first request, and not the BSF."""
    return _served(_bootstrapped(edits={"first": Edit(claim={"realm": "home1.net"})}))


@case(breaks=("UB-02",))
def challenge_without_integrity() -> Story:
    """The BSF offers qop="auth" alone."""
    return _served(_bootstrapped(challenge={"qop": "auth"}))


@case(breaks=("UB-03",))
def nonce_without_autn() -> Story:
    """The nonce holds the RAND and half an AUTN; the UE gives up, and the next challenge is right."""
    short = base64.b64encode(RAND + FALSE_AUTN[:8]).decode()
    return _again(_bootstrapped(nonce=short, stop_after="challenge"))


@case(breaks=("UB-04",))
def opaque_not_repeated() -> Story:
    """The UE answers the challenge with another opaque than it was given."""
    return _served(_bootstrapped(edits={"second": Edit(digest={"opaque": "0123456789abcdef"})}))


@case(breaks=("UB-05",))
def res_written_in_hex() -> Story:
    """UE and BSF both take RES in hex as the password."""
    story = Story("hex", by_sip=False)
    res = milenage(story.ue.k, story.ue.opc, RAND, bytes(6)).res.hex().encode()
    story.bootstrap(rand=RAND, res=res, xres=res)
    story.wait(0.2)
    return _served(story)


@case(breaks=("UB-06",))
def challenge_of_another_k() -> Story:
    """The HSS makes a vector with a K that is not the UICC's; the UE stops, and the next challenge is right."""
    return _again(_bootstrapped(k=made_up("K of nobody", 16), stop_after="challenge"))


@case(breaks=("UB-07",))
def same_rand_after_resynchronisation() -> Story:
    """The UE resynchronises, and the BSF challenges it with the same RAND again."""
    return _served(_bootstrapped(rand=RAND, resync=True, resync_rand=RAND))


@case(breaks=("UB-08",))
def grant_without_a_proof() -> Story:
    """The 200 of the BSF has no Authentication-Info."""
    return _served(_bootstrapped(edits={"ok": Edit(headers={"Authentication-Info": None})}))


@case(breaks=("UB-09",))
def grant_of_another_content_type() -> Story:
    """The BSF sends BootstrappingInfo as application/xml."""
    return _served(_bootstrapped(edits={"ok": Edit(headers={"Content-Type": "application/xml"})}))


@case(breaks=("UB-10",))
def b_tid_of_another_rand() -> Story:
    """The B-TID is made of a RAND that the UE was never sent."""
    story = _bootstrapped(b_tid=b_tid_of(RAND, BSF_FQDN))
    story.invite()
    return story


@case(breaks=("UB-11",))
def lifetime_in_local_time() -> Story:
    """The lifetime has no zone: it is 9 in the morning somewhere."""
    return _served(_bootstrapped(lifetime_text="2026-01-01T09:00:00"))


@case(breaks=("UB-12",))
def no_tmpi() -> Story:
    """UE and BSF are older than the TMPI, and do not name it."""
    return _served(_bootstrapped(user_agent="sample-ue/1.0", server="sample-bsf/1.0"))


@case(breaks=("UB-13",))
def false_network_answered() -> Story:
    """AUTN is not of the UE's K, and the UE answers the challenge all the same."""
    story = _bootstrapped(rand=RAND, nonce=_false_nonce())
    story.invite()
    return story


@case(breaks=("UB-14",))
def rand_used_twice() -> Story:
    """After the Ks has ended the UE bootstraps again, and is challenged with the RAND of the first time."""
    story = _bootstrapped(rand=RAND, lifetime=60)
    story.wait(70)
    story.bootstrap(rand=RAND)
    return story


@case(breaks=("UB-15",))
def bootstrapping_for_each_use() -> Story:
    """The UE bootstraps before the INVITE, and again before the registration."""
    story = _bootstrapped()
    story.invite()
    story.wait(0.2)
    story.bootstrap()
    story.wait(0.1)
    story.register()
    story.keys_and_media()
    return story


@case(breaks=("UB-16",))
def bootstrapping_after_the_invite() -> Story:
    """Registered with the IMS, the UE sends its INVITE first, and bootstraps only when it has to register."""
    story = Story("late", by_sip=False)
    story.attach()
    story.wait(0.5)
    story.invite()
    story.wait(0.1)
    story.bootstrap()
    story.register()
    story.keys_and_media()
    return story


@case(breaks=("UB-17",))
def impi_in_spite_of_a_tmpi() -> Story:
    """Sent back by the BM-SC, the UE bootstraps again with its IMPI, though it has a TMPI."""
    story = _bootstrapped()
    story.invite()
    story.wait(0.1)
    story.register(retry=False)
    story.register(challenge=True, preauthorize=True, retry=False, zn={"result": 5403})
    story.bootstrap(username=story.ue.impi)
    story.register()
    story.keys_and_media()
    return story


@case(breaks=("UB-18",))
def b_tid_kept_without_power() -> Story:
    """The UE is switched off and on again, and registers with the B-TID of before."""
    story = Story("switched off", by_sip=False)
    story.attach()
    story.bootstrap()
    story.wait(0.2)
    story.invite()
    story.wait(0.1)
    story.register()
    story.msk()
    story.wait(1)
    story.deregister()
    story.msk(seq=(2, 1), sp=None)
    story.bye()
    story.detach()
    story.wait(60)
    story.attach()
    story.wait(0.2)
    story.invite()
    story.wait(0.1)
    story.register()
    story.msk()
    return story

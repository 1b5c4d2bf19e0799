"""Every key of the good stories opens, from each entry point of the keyring and from what the capture shows alone."""

from ipaddress import ip_address

import pytest

from analyzer.correlate import bodies
from analyzer.correlate.traffic import correlate
from analyzer.keys import mikey
from analyzer.keys.keyring import Keyring, NafKeys, UeKeys
from analyzer.keys.unlock import unlock
from dissectors import dissect
from dissectors.base import Payload
from sample_pcaps import good
from sample_pcaps.faults_ms import msk_with_a_rand_for_each_ue
from sample_pcaps.story import Story

STORIES = {"http": good.http_good, "sip": good.sip_good}


def between(story, one, other):
    """Drop what two nodes said to each other: the capture point did not see it."""
    ends = {ip_address(one).packed, ip_address(other).packed}
    story.tape.packets = [(time, p) for time, p in story.tape.packets if {p[26:30], p[30:34]} != ends]


def without_zn(story):
    for node in (story.addresses.bm_sc, story.addresses.scf):
        between(story, node, story.addresses.bsf)
    return story


def without_posts(story):
    between(story, story.addresses.scf, story.addresses.bm_sc)
    return story


def ring(story, entry):
    """Write a keyring that enters the chain at one point."""
    secrets = story.secrets()
    lines = []
    for ue in secrets["ues"]:
        lines.append(f'[[ue]]\nimpi = "{ue["impi"]}"\nimpu = ["{ue["impu"]}"]')
        if entry == "k":
            lines.append(f'k = "{ue["k"].hex()}"\nopc = "{ue["opc"].hex()}"')
        for run in ue["runs"]:
            if entry in ("ck", "ks"):
                lines.append(f'[[ue.gba]]\nb_tid = "{run["b_tid"]}"')
            if entry == "ck":
                lines.append(f'ck = "{run["ck"].hex()}"\nik = "{run["ik"].hex()}"')
            if entry == "ks":
                lines.append(f'ks = "{run["ks"].hex()}"')
            if entry in ("ks_naf", "muk"):
                lines.append(
                    f'[[ue.naf]]\nfqdn = "{run["naf_fqdn"]}"\nb_tid = "{run["b_tid"]}"\n{entry} = "{run[entry].hex()}"'
                )
            if entry == "muk":
                lines.append(f'mrk = "{run["mrk"].hex()}"')
    for msk in secrets["msks"] if entry == "msk" else ():
        lines.append(
            f'[[msk]]\nkey_domain = "{msk["key_domain"].hex()}"\nmsk_id = "{msk["msk_id"].hex()}"\n'
            f'value = "{msk["value"].hex()}"\nrand = "{msk["rand"].hex()}"'
        )
    for mtk in secrets["mtks"] if entry == "mtk" else ():
        lines.append(
            f'[[mtk]]\nkey_domain = "{mtk["key_domain"].hex()}"\nmsk_id = "{mtk["msk_id"].hex()}"\n'
            f'mtk_id = "{mtk["mtk_id"]:04x}"\nvalue = "{mtk["value"].hex()}"\nsalt = "{mtk["salt"].hex()}"'
        )
    return "\n".join(lines) + "\n"


def media_is_open(analysis):
    assert analysis.story.media
    for group in analysis.story.media:
        assert group.authenticated == group.packets, group
        assert (group.failed, group.no_key) == (0, 0)


def opened(analysis, wanted):
    """All MIKEY messages of a kind, and those of them that were opened."""
    chosen = [m for m in analysis.story.traffic.mikey if wanted(bodies.mikey(m))]
    assert chosen
    return len(chosen), sum(analysis.story.chain.opening(m) is not None for m in chosen)


@pytest.mark.parametrize("variant", STORIES)
@pytest.mark.parametrize("entry", ["k", "ck", "ks", "ks_naf", "muk"])
def test_everything_opens_from(tell, variant, entry):
    story = without_posts(without_zn(STORIES[variant]()))
    analysis = tell(story, ring(story, entry))
    for wanted in (bodies.is_msk_message, bodies.is_mtk_message):
        total, open_ = opened(analysis, wanted)
        assert open_ == total
    media_is_open(analysis)
    checked = analysis.story.chain.verifications.values()
    assert checked
    assert all(check.ok for check in checked)


@pytest.mark.parametrize("variant", STORIES)
def test_media_opens_from_msks(tell, variant):
    story = without_posts(without_zn(STORIES[variant]()))
    analysis = tell(story, ring(story, "msk"))
    assert opened(analysis, bodies.is_msk_message)[1] == 0
    total, open_ = opened(analysis, bodies.is_mtk_message)
    assert open_ == total
    media_is_open(analysis)


@pytest.mark.parametrize("variant", STORIES)
def test_media_opens_from_mtks(tell, variant):
    story = without_posts(without_zn(STORIES[variant]()))
    media_is_open(tell(story, ring(story, "mtk")))


@pytest.mark.parametrize("variant", STORIES)
def test_nothing_but_zn(tell, variant):
    analysis = tell(without_posts(STORIES[variant]()), "")
    for wanted in (bodies.is_msk_message, bodies.is_mtk_message):
        total, open_ = opened(analysis, wanted)
        assert open_ == total
    media_is_open(analysis)


def test_nothing_but_the_post(tell):
    analysis = tell(without_zn(good.sip_good()), "")
    total, open_ = opened(analysis, bodies.is_msk_message)
    assert open_ == total
    media_is_open(analysis)
    assert {key.status for key in analysis.story.chain.keys if key.kind == "MUK"} == {"seen"}


def test_without_any_key_all_stays_shut(tell):
    analysis = tell(without_posts(without_zn(good.http_good())), "")
    chain = analysis.story.chain
    assert chain.keys == []
    assert chain.opened == {}
    assert len(chain.shut) == len([m for m in analysis.story.traffic.mikey if bodies.mikey(m).data_type == 0])
    assert all(shut.tried == 0 for shut in chain.shut.values())
    assert all(group.authenticated == 0 for group in analysis.story.media)


def test_the_digests_of_the_http_story_hold(tell):
    analysis = tell(good.http_good())
    checked = list(analysis.story.chain.digests.values())
    assert len(checked) >= 8  # Ub; register, MSK request and deregister; an answer each
    assert all(check.ok for check in checked)
    assert {check.variant for check in checked} == {""}


def test_the_ua_id_that_fitted_is_named(tell):
    story = without_posts(without_zn(good.sip_good()))
    muks = [key for key in tell(story).story.chain.keys if key.kind == "MUK"]
    assert muks
    assert all("0100000004" in key.variant for key in muks)


def test_only_proven_keys_are_in_the_chain(tell):
    """Three Ua ids are tried for each NAF; only those that opened something are keys of the report."""
    story = without_posts(without_zn(good.http_good()))
    chain = tell(story).story.chain
    assert len([key for key in chain.keys if key.kind == "MUK"]) == 1
    assert sum(len(keys) for keys in chain.muks.values()) > 1


def test_counter_left_aligned_in_the_iv(tell):
    """Spec contradiction 3: another reading of T as 64 bits is found, and named."""
    story = Story.registered_by_http()

    def left(keys, csb_id, t, data):
        return right(keys, csb_id, t << 32, data)

    from sample_pcaps import forge_mikey

    right = forge_mikey.encrypted
    forge_mikey.encrypted = left
    try:
        story.msk()
    finally:
        forge_mikey.encrypted = right
    (opened_message,) = tell(story).story.chain.opened.values()
    assert opened_message.variant == "counter left aligned in the IV"
    assert opened_message.plain.error is None


def test_mtk_under_the_csb_id_of_the_msk_message(tell):
    """Spec contradiction 4."""
    from sample_pcaps import forge_mikey

    story = Story.registered_by_http()
    story.msk(csb_id=0x11223344)
    held = next(iter(story.msks.values()))
    derive = forge_mikey.keys_of
    forge_mikey.keys_of = lambda psk, csb_id, rand: derive(psk, 0x11223344, rand)
    try:
        story.mtk(csb_id=0x55667788)
    finally:
        forge_mikey.keys_of = derive
    assert held
    analysis = tell(story)
    (mtk,) = [m for m in analysis.story.traffic.mikey if bodies.is_mtk_message(bodies.mikey(m))]
    assert analysis.story.chain.opening(mtk).variant == "CSB ID of the MSK message"


def test_an_mtk_opens_under_either_rand(tell):
    """Spec contradiction 5: two UEs were given different RANDs with one MSK; one of them fits."""
    analysis = tell(msk_with_a_rand_for_each_ue())
    total, open_ = opened(analysis, bodies.is_mtk_message)
    assert open_ == total


def test_nothing_to_unlock():
    chain = unlock(correlate((), 0, 0), Keyring())
    assert (chain.keys, chain.opened, chain.shut) == ([], {}, {})


def test_an_mtk_for_a_download_is_named(tell):
    """It is a TGK without a salt, from which the keys of the download come; no media opens under it as it is."""
    story = Story.registered_by_http()
    story.msk(download=True)
    story.mtk(key_type=0, salt=b"")
    (mtk,) = [key for key in tell(story).story.chain.keys if key.kind == "MTK"]
    assert (mtk.variant, mtk.salt) == ("TGK, for a download", b"")


# ------------------------------------------------------------------------------------------------ readings, by hand

KEMAC, EXT, LAST = 1, 21, 0
VENDOR = bytes.fromhex("0000 0002 aabb")  # Last, Vendor ID


def unlocked(value, *messages):
    """Unlock MIKEY messages by themselves, with the MUK of the chain in the keyring; return the chain and them."""
    b_tid = "I1U8vpY3qJ0hiuZNrke/NQ==@bsf.home1.net"
    naf = NafKeys("bmsc.home1.net", b_tid=b_tid, muk=value("MSK msg: PSK = MUK (10.4.1 Ks_NAF)"))
    read = [
        dissect(Payload(octets, "udp", "10.4.0.1", 2269, "10.1.0.11", 2269, 0, frame, frame * 10**6))
        for frame, octets in enumerate(messages, 1)
    ]
    assert all(message is not None and message.error is None for message in read)
    keyring = Keyring(ues=(UeKeys("user1_private@home1.net", naf=(naf,)),))
    return unlock(correlate(tuple(read), 0, 10**9), keyring), read


def with_a_payload_behind(value, covers_all):
    """The MSK message of the chain with a payload behind its KEMAC, and its MAC in either reading."""
    mac = value("MSK msg: MAC")
    before = value("MSK msg: complete UDP payload (217 octets)").removesuffix(mac)
    at = len(before) - 5 - len(value("MSK msg: encr data"))  # the KEMAC: next payload, algorithm, length; data; MAC alg
    assert before[at] == LAST
    before = before[:at] + bytes([EXT]) + before[at + 1 :]
    covered = before + VENDOR if covers_all else before
    made = mikey.kemac_mac(auth_key=value("MSK msg: auth_key"), covered=covered)
    return before + made + VENDOR


@pytest.mark.parametrize("covers_all", [False, True])
def test_payloads_behind_the_kemac(value, covers_all):
    """Spec contradiction 1: any order is read, and what the MAC covers is named."""
    chain, (message,) = unlocked(value, with_a_payload_behind(value, covers_all))
    opened_message = chain.opening(message)
    assert [key.value.hex() for key in opened_message.keys] == ["a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"]
    assert opened_message.variant == ("MAC over the payloads behind the KEMAC too" if covers_all else "")


@pytest.mark.parametrize("auth_alg", [1, 2])
def test_a_verification_message_has_an_algorithm_of_its_own(value, auth_alg):
    asked = value("MSK msg: complete UDP payload (217 octets)")
    auth_key = mikey.psk_keys(
        psk=value("MSK msg: PSK = MUK (10.4.1 Ks_NAF)"), csb_id=0xC0FFEE01, rand=bytes(range(16)), mac_alg=auth_alg
    ).auth_key
    covered = value("Verification msg without ver data")[:-1] + bytes([auth_alg])
    identities = b"bmsc.home1.net" + b"I1U8vpY3qJ0hiuZNrke/NQ==@bsf.home1.net"
    mac = mikey.kemac_mac(auth_key=auth_key, covered=covered + identities + bytes(7) + b"\7", mac_alg=auth_alg)
    chain, (_, right) = unlocked(value, asked, covered + mac)
    assert chain.verification(right).ok
    assert chain.verification(right).variant == "raw IDs + 8-octet T"
    chain, (_, wrong) = unlocked(value, asked, covered + bytes(len(mac)))
    assert chain.verification(wrong).ok is False


def test_a_verification_message_without_a_mac_is_not_checked(value):
    asked = value("MSK msg: complete UDP payload (217 octets)")
    covered = value("Verification msg without ver data")[:-1] + bytes([0])
    chain, (_, answer) = unlocked(value, asked, covered)
    assert chain.verification(answer).ok is None


def test_the_rand_of_another_message_is_named(tell):
    """Spec contradiction 5: the MSK came with one RAND, the MTK message was made with that of another UE."""
    analysis = tell(msk_with_a_rand_for_each_ue())
    variants = {opened_message.variant for opened_message in analysis.story.chain.opened.values()}
    assert variants <= {"", "RAND of another message with this MSK"}


@pytest.mark.parametrize("entry", ["ck_and_ik", "ks", "muk", "msks", "mtks"])
def test_the_chain_opens_media_from_wherever_the_keyring_enters(sample, entry):
    media = sample(f"keyed_from_{entry}").report.media
    assert sum(group.packets for group in media) == sum(group.authenticated for group in media) == 113

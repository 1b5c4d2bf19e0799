import pytest

from analyzer.correlate import nodes
from analyzer.correlate.exchanges import pair

UE, CSCF, SCF, BM_SC, BSF = "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"


def post(requesttype):
    return f"POST /keymanagement?requesttype={requesttype} HTTP/1.1\nHost: bmsc.home1.net"


def told(talk, loose=(), named=None):
    return nodes.tell(pair(talk.messages), loose, named or {})


def test_ua_names_ue_and_bm_sc(talk):
    talk.http(post("register"), UE, BM_SC)
    assert dict(told(talk).roles) == {BM_SC: "bm-sc", UE: "ue"}


@pytest.mark.parametrize("requesttype", ["authorize", "sip-based-register", "sip-based-msk-request"])
def test_a_post_of_the_scf_names_the_scf(talk, requesttype):
    talk.http(post(requesttype), SCF, BM_SC)
    assert dict(told(talk).roles) == {BM_SC: "bm-sc", SCF: "scf"}


def test_zn_names_the_bsf(talk, zn):
    talk.diameter(zn(True, b_tid=b"x@y"), BM_SC, BSF, (1, 3868))
    assert told(talk).role(BSF) == "bsf"


def test_ub_names_bsf_and_ue(talk):
    talk.http(
        'GET / HTTP/1.1\nHost: bsf\nUser-Agent: x 3gpp-gba-tmpi\nAuthorization: Digest username="u", nonce=""', UE, BSF
    )
    assert dict(told(talk).roles) == {BSF: "bsf", UE: "ue"}


def test_invite_through_the_core(talk, invite):
    talk.sip(invite(), UE, CSCF)
    talk.sip(invite(vias=("z9hG4bKb", "z9hG4bKa")), CSCF, SCF)
    assert dict(told(talk).roles) == {UE: "ue", CSCF: "im-cn", SCF: "scf"}


def test_only_the_first_leg_ends_at_the_core(talk, invite):
    talk.sip(invite(extra=("Route: <sip:pcscf.home1.net;lr>",)), UE, CSCF)
    assert dict(told(talk).roles) == {UE: "ue", CSCF: "im-cn"}


def test_only_the_last_leg(talk, invite):
    talk.sip(invite(vias=("z9hG4bKb", "z9hG4bKa")), CSCF, SCF)
    assert dict(told(talk).roles) == {CSCF: "im-cn", SCF: "scf"}


def test_a_mikey_sender_is_the_bm_sc(talk, vector):
    talk.mikey(vector("MSK msg: complete UDP payload (217 octets)"))
    assert dict(told(talk, talk.messages).roles) == {BM_SC: "bm-sc"}


def test_what_the_user_names_wins(talk):
    talk.http(post("register"), UE, BM_SC)
    roles = told(talk, named={"scf": (BM_SC,), "bsf-zn": (BSF,)})
    assert roles.role(BM_SC) == "scf"
    assert roles.role(BSF) == "bsf"
    assert roles.addresses("scf") == (BM_SC,)


def test_others_keep_their_address():
    empty = nodes.Nodes({})
    assert empty.role("192.0.2.1") == "192.0.2.1"
    assert empty.role("239.1.2.3") == "multicast"
    assert empty.role("ff0e::1") == "multicast"


@pytest.mark.parametrize(
    ("address", "yes"), [("224.0.0.1", True), ("ff02::1", True), ("10.0.0.1", False), ("host", False)]
)
def test_is_multicast(address, yes):
    assert nodes.is_multicast(address) is yes


def test_who_ends_a_call_and_goes_on_for_the_same_user_stands_between(talk, invite, reply):
    talk.sip(invite(call_id="one"), UE, "10.0.0.9")
    talk.sip(invite(call_id="two"), "10.0.0.9", SCF)
    talk.sip(reply(call_id="two"), SCF, "10.0.0.9")
    talk.sip(reply(call_id="one"), "10.0.0.9", UE)
    roles = told(talk)
    assert [roles.role(address) for address in (UE, "10.0.0.9", SCF)] == ["ue", "im-cn", "scf"]


def test_who_is_called_and_calls_another_meanwhile_stands_between_nobody(talk, invite, reply):
    talk.sip(invite(call_id="one"), UE, "10.0.0.9")
    talk.sip(invite(call_id="two", user="user2"), "10.0.0.9", SCF)
    talk.sip(reply(call_id="one"), "10.0.0.9", UE)
    assert told(talk).role("10.0.0.9") != "im-cn"


def test_who_calls_again_later_stands_between_nobody(talk, invite, reply):
    talk.sip(invite(call_id="one"), UE, "10.0.0.9")
    talk.sip(reply(call_id="one"), "10.0.0.9", UE)
    talk.sip(invite(call_id="two"), "10.0.0.9", SCF)
    assert told(talk).role("10.0.0.9") != "im-cn"

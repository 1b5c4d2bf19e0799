import json
import pickle
import struct
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.keys import srtp

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "srtp.json").read_text())
DERIVATIONS = VECTORS["key_derivation"]
MTK = bytes(range(0xC0, 0xD0))
SALT = bytes(range(0xD0, 0xDE))
KEYS = srtp.session_keys(master_key=MTK, master_salt=SALT)
RTCP_KEYS = srtp.session_keys(master_key=MTK, master_salt=SALT, rtcp=True)
RCCM2 = srtp.policy_of([(2, b"\x03"), (11, b"\x0e"), (13, b"\x00\x10"), (19, b"\x0a")])
WITH_ROC = "SRTP packet SEQ 0x0020 (SEQ mod 16 = 0: ROC 2 + 10 octets MAC), RCCm2"
WITHOUT_ROC = "SRTP packet SEQ 0x0021 (full 14 octet MAC), RCCm2"
SRTCP = "SRTCP packet index 1, E=1 (SR; MKI; 10 octet tag)"
MKI = bytes.fromhex("000100020005")


def protect(*, policy, seq, roc, payload=b"payload", header=b"", keys=KEYS):
    """An SRTP packet as RFC 3711 3.3 and RFC 4771 2 describe it."""
    header = b"\x80\x60" + seq.to_bytes(2, "big") + bytes(4) + b"\x11\x22\x33\x44" + header
    if policy.srtp_encrypted and policy.encr_alg == srtp.ENCR_AES_CM:
        payload = srtp.crypt(key=keys.encr_key, salt=keys.salt, ssrc=0x11223344, index=roc << 16 | seq, data=payload)
    roc_octets, mac_octets = srtp.tag_layout(policy, seq)
    mac = srtp.tag(auth_key=keys.auth_key, authenticated=header + payload, roc=roc, length=mac_octets)
    return header + payload + MKI + roc.to_bytes(4, "big")[:roc_octets] + mac


def test_keystream_of_rfc_3711_b2():
    b2 = VECTORS["rfc3711_b2"]
    key, iv = bytes.fromhex(b2["key"]), bytes.fromhex(b2["iv"])
    assert srtp.keystream(key=key, iv=iv, length=48).hex() == b2["first_blocks"]
    later = (int.from_bytes(iv, "big") + b2["block"]).to_bytes(16, "big")
    assert srtp.keystream(key=key, iv=later, length=48).hex() == b2["later_blocks"]


@pytest.mark.parametrize("vector", DERIVATIONS, ids=[v["source"] for v in DERIVATIONS])
def test_key_derivation(vector):
    octets = {name: bytes.fromhex(v) for name, v in vector.items() if name != "source"}
    keys = srtp.session_keys(
        master_key=octets["master_key"], master_salt=octets["master_salt"], auth_length=len(octets["auth_key"])
    )
    assert (keys.encr_key, keys.salt, keys.auth_key) == (octets["encr_key"], octets["salt"], octets["auth_key"])


def test_session_keys_of_the_chain(value):
    for keys, name in ((KEYS, "SRTP"), (RTCP_KEYS, "SRTCP")):
        assert keys.encr_key == value(f"{name} session enc key")
        assert keys.auth_key == value(f"{name} session auth key")
        assert keys.salt == value(f"{name} session salt")


@pytest.mark.parametrize(("name", "estimate"), [(WITH_ROC, 0), (WITH_ROC, 2), (WITHOUT_ROC, 2)])
def test_srtp_packets_of_the_chain(name, estimate, value):
    packet = value(name)
    checked = srtp.verify_packet(keys=KEYS, policy=RCCM2, data=packet, header_length=12, roc=estimate)
    assert checked == srtp.Checked(ok=True, mac=True, roc=2, payload=value("SRTP payload (plain)"))
    assert srtp.authentic(keys=KEYS, policy=RCCM2, data=packet, roc=estimate) == (True, 2)


def test_the_tag_of_the_chain(value):
    packet = value(WITHOUT_ROC)
    assert srtp.tag(auth_key=KEYS.auth_key, authenticated=packet[:-20], roc=2, length=14) == packet[-14:]


def test_the_estimate_counts_where_the_packet_has_no_roc(value):
    assert srtp.authentic(keys=KEYS, policy=RCCM2, data=value(WITHOUT_ROC), roc=1) == (False, 1)


@pytest.mark.parametrize("name", [WITH_ROC, WITHOUT_ROC])
def test_every_changed_octet_but_the_mki_is_noticed(name, value):
    packet = value(name)
    roc_octets, mac_octets = srtp.tag_layout(RCCM2, packet[3])
    mki = range(len(packet) - mac_octets - roc_octets - 6, len(packet) - mac_octets - roc_octets)
    for at in range(len(packet)):
        if at in (2, 3):  # another sequence number has another layout
            continue
        changed = packet[:at] + bytes([packet[at] ^ 0x80]) + packet[at + 1 :]
        checked = srtp.verify_packet(keys=KEYS, policy=RCCM2, data=changed, header_length=12, roc=2)
        assert checked.ok is (at in mki)
        assert bool(checked.payload) is checked.ok


@pytest.mark.parametrize("name", [WITH_ROC, WITHOUT_ROC])
def test_a_cut_packet_is_not_authentic(name, value):
    packet = value(name)
    for length in range(len(packet)):
        checked = srtp.verify_packet(keys=KEYS, policy=RCCM2, data=packet[:length], header_length=12, roc=2)
        assert (checked.ok, checked.payload) == (False, b"")


def test_a_header_longer_than_the_packet_is_not_ok(value):
    checked = srtp.verify_packet(keys=KEYS, policy=RCCM2, data=value(WITHOUT_ROC), header_length=46, roc=2)
    assert (checked.ok, checked.payload) == (False, b"")


def test_srtcp_packet_of_the_chain(value):
    packet = value(SRTCP)
    checked = srtp.verify_rtcp(keys=RTCP_KEYS, policy=RCCM2, data=packet)
    assert (checked.ok, checked.mac, checked.index, checked.encrypted) == (True, True, 1, True)
    assert srtp.rtcp_tag(auth_key=RTCP_KEYS.auth_key, authenticated=packet[:-16], length=10) == packet[-10:]
    assert len(checked.payload) == len(packet) - 8 - 4 - 6 - 10
    again = srtp.crypt(key=RTCP_KEYS.encr_key, salt=RTCP_KEYS.salt, ssrc=0x11223344, index=1, data=checked.payload)
    assert again == packet[8:-20]


def test_srtcp_in_the_clear_keeps_its_octets(value):
    body = value(SRTCP)[:8] + bytes(20) + (5).to_bytes(4, "big")
    packet = body + MKI + srtp.rtcp_tag(auth_key=RTCP_KEYS.auth_key, authenticated=body, length=10)
    checked = srtp.verify_rtcp(keys=RTCP_KEYS, policy=RCCM2, data=packet)
    assert (checked.ok, checked.index, checked.encrypted, checked.payload) == (True, 5, False, bytes(20))


def test_srtcp_changed_or_cut_is_not_ok(value):
    packet = value(SRTCP)
    for at in (0, 7, 8, 20, len(packet) - 20, len(packet) - 1):
        changed = packet[:at] + bytes([packet[at] ^ 1]) + packet[at + 1 :]
        assert not srtp.verify_rtcp(keys=RTCP_KEYS, policy=RCCM2, data=changed).ok
    for length in range(len(packet)):
        checked = srtp.verify_rtcp(keys=RTCP_KEYS, policy=RCCM2, data=packet[:length])
        assert (checked.ok, checked.payload) == (False, b"")


def test_default_policy():
    assert srtp.policy_of([]) == srtp.Policy()
    assert (srtp.Policy().auth_alg, srtp.Policy().tag_length, srtp.Policy().roc_rate) == (1, 10, 1)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ([(11, b"\x04")], {"tag_length": 4, "srtcp_tag_length": 4}),
        ([(11, b"\x0e"), (18, b"\x0c"), (19, b"\x08")], {"tag_length": 12, "srtcp_tag_length": 8}),
        ([(2, b"\x03")], {"auth_alg": 3, "srtcp_auth_alg": 1, "mode": 2}),
        ([(2, b"\x00")], {"auth_alg": 0, "srtcp_auth_alg": 0, "mode": 0}),
        ([(2, b"\x01"), (14, b"\x02"), (15, b"\x00")], {"auth_alg": 2, "srtcp_auth_alg": 0, "mode": 1}),
        ([(3, b"\x10"), (16, b"\x14")], {"auth_key_length": 20, "srtcp_auth_key_length": 16}),
        ([(3, b"\x10"), (17, b"\x14")], {"auth_key_length": 16, "srtcp_auth_key_length": 20}),
        ([(2, b"\x04")], {"mode": 3, "tag_length": 4, "srtcp_tag_length": 10}),
        ([(0, b"\x00"), (1, b"\x20"), (4, b"\x0c")], {"encr_alg": 0, "encr_key_length": 32, "salt_length": 12}),
        ([(6, b"\x01\x00"), (13, b"\x01\x00")], {"key_derivation_rate": 256, "roc_rate": 256}),
        ([(7, b"\x00"), (8, b"\x00"), (10, b"\x00")],
         {"srtp_encrypted": False, "srtcp_encrypted": False, "srtp_authenticated": False}),
        ([(99, b"\xff"), (13, b"")], {"roc_rate": 0}),
    ],
)  # fmt: skip
def test_policy_of(params, expected):
    policy = srtp.policy_of(params)
    assert {name: getattr(policy, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("alg", "length", "seq", "layout"),
    [
        (1, 10, 0, (0, 10)),
        (1, 10, 1, (0, 10)),
        (0, 10, 0, (0, 0)),
        (2, 14, 32, (4, 10)),
        (2, 14, 33, (0, 0)),
        (3, 14, 32, (4, 10)),
        (3, 14, 33, (0, 14)),
        (4, 4, 32, (4, 0)),
        (4, 4, 33, (0, 0)),
        (2, 3, 32, (4, 0)),
    ],
)
def test_tag_layout(alg, length, seq, layout):
    assert srtp.tag_layout(srtp.Policy(auth_alg=alg, tag_length=length, roc_rate=16), seq) == layout


def test_a_rate_of_zero_counts_as_one():
    assert srtp.tag_layout(srtp.Policy(auth_alg=3, tag_length=14, roc_rate=0), 5) == (4, 10)


def test_authentication_switched_off_leaves_no_mac():
    assert srtp.tag_layout(srtp.Policy(srtp_authenticated=False), 5) == (0, 0)
    assert srtp.tag_layout(srtp.Policy(auth_alg=3, srtp_authenticated=False), 5) == (4, 0)


@pytest.mark.parametrize("alg", [0, 2, 4])
def test_without_a_mac_nobody_can_tell(alg):
    policy = srtp.Policy(auth_alg=alg, tag_length=4, roc_rate=16)
    packet = protect(policy=policy, seq=33, roc=1)
    assert srtp.authentic(keys=KEYS, policy=policy, data=packet, roc=1) == (None, 1)
    checked = srtp.verify_packet(keys=KEYS, policy=policy, data=packet, header_length=12, roc=1)
    assert checked == srtp.Checked(ok=True, mac=False, roc=1, payload=b"payload")


def test_rccm3_gives_its_roc_without_a_mac():
    policy = srtp.policy_of([(2, b"\x04"), (13, b"\x00\x10")])
    packet = protect(policy=policy, seq=32, roc=77)
    assert srtp.authentic(keys=KEYS, policy=policy, data=packet, roc=0) == (None, 77)


@pytest.mark.parametrize(
    "policy", [srtp.Policy(srtp_encrypted=False), srtp.Policy(encr_alg=srtp.ENCR_NULL)], ids=["off", "NULL"]
)
def test_authenticated_only(policy):
    packet = protect(policy=policy, seq=1, roc=0)
    assert srtp.verify_packet(keys=KEYS, policy=policy, data=packet, header_length=12, roc=0).payload == b"payload"


@pytest.mark.parametrize("vector", VECTORS["f8"], ids=lambda vector: vector["source"])
def test_f8(vector):
    octets = {name: bytes.fromhex(v) for name, v in vector.items() if name != "source"}
    header, roc, plain = octets["header"], int.from_bytes(octets["roc"], "big"), octets["plain"]
    iv = b"\0" + header[1:] + octets["roc"]
    assert srtp.crypt_f8(key=octets["key"], salt=octets["salt"], iv=iv, data=plain) == octets["cipher"]
    keys = srtp.SessionKeys(octets["key"], bytes(20), octets["salt"] + bytes(10))
    policy = srtp.Policy(encr_alg=srtp.ENCR_AES_F8, salt_length=4, auth_alg=srtp.AUTH_NULL)
    packet = header + octets["cipher"] + MKI
    checked = srtp.verify_packet(keys=keys, policy=policy, data=packet, header_length=12, roc=roc)
    assert (checked.ok, checked.payload) == (True, plain)


@pytest.mark.parametrize("vector", VECTORS["rfc6188"], ids=lambda vector: vector["source"])
def test_keystream_of_longer_keys(vector):
    key, salt = bytes.fromhex(vector["key"]), bytes.fromhex(vector["salt"])
    stream = srtp.SessionKeys(key, bytes(20), salt).crypt(0, 0, bytes(48))
    assert stream.hex() == vector["first_blocks"]
    assert srtp.crypt(key=key, salt=salt, ssrc=0, index=0, data=bytes(48)) == stream


def test_f8_of_srtcp():
    """RFC 3711 4.1.2.3, and back again."""
    policy = srtp.Policy(encr_alg=srtp.ENCR_AES_F8)
    head, flag_and_index = b"\x80\xc8\x00\x06\x11\x22\x33\x44", (0x80000007).to_bytes(4, "big")
    iv = bytes(4) + flag_and_index + head
    hidden = srtp.crypt_f8(key=RTCP_KEYS.encr_key, salt=RTCP_KEYS.salt, iv=iv, data=bytes(range(20)))
    body = head + hidden + flag_and_index
    packet = body + MKI + srtp.rtcp_tag(auth_key=RTCP_KEYS.auth_key, authenticated=body, length=10)
    checked = srtp.verify_rtcp(keys=RTCP_KEYS, policy=policy, data=packet)
    assert (checked.ok, checked.index, checked.payload) == (True, 7, bytes(range(20)))


def test_keys_change_with_the_key_derivation_rate():
    """RFC 3711 4.3.1: the label, and the index DIV the rate, stand before 16 bits that count."""
    later = srtp.session_keys(master_key=MTK, master_salt=SALT, turn=5)
    iv = ((5 ^ int.from_bytes(SALT, "big")) << 16).to_bytes(16, "big")
    assert later.encr_key == srtp.keystream(key=MTK, iv=iv, length=16)
    assert later != KEYS


libsrtp = pytest.mark.skipif(find_spec("pylibsrtp") is None, reason="pylibsrtp is not installed")
SIZES = [0, 1, 15, 16, 17, 188, 1188]


@libsrtp
@pytest.mark.parametrize(("profile", "tag_length"), [("AES128_CM_SHA1_80", 10), ("AES128_CM_SHA1_32", 4)])
def test_libsrtp_agrees_on_srtp(profile, tag_length):
    """What it protects we open, around the rollover, and what it protects differently nobody opens."""
    import pylibsrtp

    number = getattr(pylibsrtp.Policy, f"SRTP_PROFILE_{profile}")
    theirs = pylibsrtp.Session(
        pylibsrtp.Policy(key=MTK + SALT, ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND, srtp_profile=number)
    )
    policy = srtp.Policy(tag_length=tag_length)
    for number, size in enumerate(SIZES * 3):
        index = 0xFFF5 + number
        plain = struct.pack("!BBHII", 0x80, 96, index & 0xFFFF, number, 0x11223344) + bytes(range(256)) * 5
        packet = theirs.protect(plain[: 12 + size])
        roc = index >> 16
        checked = srtp.verify_packet(keys=KEYS, policy=policy, data=packet, header_length=12, roc=roc, mki_length=0)
        assert (checked.ok, checked.mac, checked.payload) == (True, True, plain[12 : 12 + size])
        assert srtp.authentic(keys=KEYS, policy=policy, data=packet, roc=roc + 1, mki_length=0)[0] is False


@libsrtp
def test_libsrtp_opens_what_we_protect():
    import pylibsrtp

    theirs = pylibsrtp.Session(pylibsrtp.Policy(key=MTK + SALT, ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND))
    for number, size in enumerate(SIZES):
        packet = protect(policy=srtp.Policy(), seq=number, roc=0, payload=bytes(size)).replace(MKI, b"")
        assert theirs.unprotect(packet)[12:] == bytes(size)


@libsrtp
def test_libsrtp_agrees_on_srtcp():
    import pylibsrtp

    theirs = pylibsrtp.Session(pylibsrtp.Policy(key=MTK + SALT, ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND))
    for number in range(1, 4):
        plain = b"\x80\xc8\x00\x06\x11\x22\x33\x44" + bytes(range(20))
        packet = theirs.protect_rtcp(plain)
        checked = srtp.verify_rtcp(keys=RTCP_KEYS, policy=srtp.Policy(), data=packet, mki_length=0)
        assert (checked.ok, checked.mac, checked.index, checked.payload) == (True, True, number, plain[8:])


def test_an_unknown_cipher_gives_no_payload():
    policy = srtp.Policy(encr_alg=9)
    packet = protect(policy=policy, seq=1, roc=0)
    checked = srtp.verify_packet(keys=KEYS, policy=policy, data=packet, header_length=12, roc=0)
    assert (checked.ok, checked.payload) == (True, b"")


def test_an_estimate_past_the_last_roc_goes_round():
    packet = protect(policy=srtp.Policy(), seq=1, roc=0)
    assert srtp.authentic(keys=KEYS, policy=srtp.Policy(), data=packet, roc=1 << 32) == (True, 0)
    assert srtp.authentic(keys=KEYS, policy=srtp.Policy(), data=packet, roc=-1) == (False, 0xFFFFFFFF)


def test_session_keys_cross_processes(value):
    again = pickle.loads(pickle.dumps(KEYS))
    assert again == KEYS
    assert srtp.authentic(keys=again, policy=RCCM2, data=value(WITHOUT_ROC), roc=2) == (True, 2)


def test_a_long_authentication_key_is_hashed_first():
    # RFC 2104 2
    keys = srtp.SessionKeys(bytes(16), bytes(range(100)), bytes(14))
    expected = srtp.tag(auth_key=bytes(range(100)), authenticated=b"x", roc=3, length=20)
    assert keys.mac(b"x", (3).to_bytes(4, "big")) == expected


@pytest.mark.parametrize("wrong", [{"master_key": bytes(10)}, {"master_key": b""}, {"master_salt": bytes(15)},
                                   {"auth_length": 1 << 60}, {"auth_length": -1}])  # fmt: skip
def test_wrong_lengths_are_refused(wrong):
    with pytest.raises(ValueError):
        srtp.session_keys(**({"master_key": MTK, "master_salt": SALT} | wrong))


policies = st.builds(
    srtp.Policy,
    encr_alg=st.sampled_from([0, 1]),
    auth_alg=st.sampled_from([0, 1, 2, 3, 4]),
    tag_length=st.integers(4, 20),
    roc_rate=st.integers(0, 20),
    srtp_encrypted=st.booleans(),
    srtp_authenticated=st.booleans(),
)


@settings(max_examples=150)
@given(
    policy=policies,
    seq=st.integers(0, 0xFFFF),
    roc=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(max_size=60),
    header=st.binary(max_size=24),
    length=st.sampled_from([16, 24, 32]),
)
def test_what_is_protected_opens(policy, seq, roc, payload, header, length):
    keys = srtp.session_keys(master_key=bytes(range(length)), master_salt=SALT)
    packet = protect(policy=policy, seq=seq, roc=roc, payload=payload, header=header, keys=keys)
    checked = srtp.verify_packet(keys=keys, policy=policy, data=packet, header_length=12 + len(header), roc=roc)
    assert (checked.ok, checked.roc, checked.payload) == (True, roc, payload)
    if checked.mac:
        other = replace(keys, auth_key=bytes(20))
        assert srtp.authentic(keys=other, policy=policy, data=packet, roc=roc)[0] is False


@settings(max_examples=150)
@given(
    params=st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=255)), max_size=8),
    data=st.binary(max_size=80),
    header_length=st.integers(0, 100),
    roc=st.integers(0, 1 << 33),
)
def test_no_policy_and_no_packet_raises(params, data, header_length, roc):
    policy = srtp.policy_of(params)
    srtp.verify_packet(keys=KEYS, policy=policy, data=data, header_length=header_length, roc=roc)
    srtp.verify_rtcp(keys=RTCP_KEYS, policy=policy, data=data)


@pytest.mark.parametrize("mac_octets", [4, 10, 14, 20])
@pytest.mark.parametrize("mki", [b"", MKI])
def test_many_packets_are_authentic_up_to_the_first_that_is_not(mac_octets, mki):
    policy = srtp.Policy(tag_length=mac_octets)
    packets = [protect(policy=policy, seq=number, roc=7).replace(MKI, mki) for number in range(1, 6)]
    told = {"roc": 7, "mac_octets": mac_octets, "mki_length": len(mki)}
    assert KEYS.authentic(packets, **told) == 5
    for at in range(5):
        for octet in (0, 12, len(packets[at]) - 1):
            changed = packets[at][:octet] + bytes([packets[at][octet] ^ 1]) + packets[at][octet + 1 :]
            assert KEYS.authentic([*packets[:at], changed, *packets[at + 1 :]], **told) == at
    assert KEYS.authentic(packets, **told | {"roc": 8}) == 0
    assert KEYS.authentic([], **told) == 0


def test_a_tag_longer_than_the_mac_is_not_right():
    packet = protect(policy=srtp.Policy(tag_length=20), seq=1, roc=0)
    longer = packet[:-20] + bytes(1) + packet[-20:]
    assert KEYS.authentic([longer], roc=0, mac_octets=21) == 0
    assert srtp.authentic(keys=KEYS, policy=srtp.Policy(tag_length=21), data=longer, roc=0) == (False, 0)


@pytest.mark.parametrize(
    ("changed", "octets"),
    [({}, 10), ({"tag_length": 4}, 4), ({"auth_alg": 0}, 0), ({"srtp_authenticated": False}, 0), ({"auth_alg": 2}, -1),
     ({"auth_alg": 3}, -1), ({"auth_alg": 4}, -1)],
)  # fmt: skip
def test_which_tags_are_steady(changed, octets):
    policy = srtp.Policy(**changed)
    assert policy.steady == octets
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert octets < 0 or all(srtp.tag_layout(policy, seq) == (0, octets) for seq in (0, 1, 16))

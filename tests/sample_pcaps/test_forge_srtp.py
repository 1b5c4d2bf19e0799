"""SRTP and SRTCP of the forge against RFC 3711 and the self made chain."""

from sample_pcaps import forge_srtp as srtp

MTK, SALT = bytes(range(0xC0, 0xD0)), bytes(range(0xD0, 0xDE))
SSRC = 0x11223344
MKI = bytes.fromhex("000100020005")


def packet(value, seq, **more):
    keys = srtp.stream_keys(MTK, SALT)
    given = {"roc": 2, "ssrc": SSRC, "timestamp": 0x1000, "mki": MKI, "payload": value("SRTP payload (plain)")} | more
    return srtp.srtp(keys, seq=seq, **given)


def test_session_keys_are_those_of_the_rfcs(vectors):
    for told in vectors("srtp")["key_derivation"]:
        found = srtp.stream_keys(bytes.fromhex(told["master_key"]), bytes.fromhex(told["master_salt"]))
        assert found.encr_key.hex() == told["encr_key"]
        assert found.salt.hex() == told["salt"]
        assert told["auth_key"].startswith(found.auth_key.hex())


def test_packets_have_the_octets_of_the_chain(value):
    assert packet(value, 0x20) == value("SRTP packet SEQ 0x0020 (SEQ mod 16 = 0: ROC 2 + 10 octets MAC), RCCm2")
    assert packet(value, 0x21) == value("SRTP packet SEQ 0x0021 (full 14 octet MAC), RCCm2")


def test_modes_1_and_3_put_tags_into_every_rth_packet_only(value):
    plain = 12 + len(value("SRTP payload (plain)")) + 6
    assert len(packet(value, 0x20, mode=srtp.RCCM1)) == plain + 14
    assert len(packet(value, 0x21, mode=srtp.RCCM1)) == plain
    assert packet(value, 0x20, mode=srtp.RCCM3).endswith(MKI + b"\0\0\0\x02")
    assert packet(value, 0x21, mode=srtp.RCCM3).endswith(MKI)


def test_deviations_touch_the_tag_alone(value):
    good = packet(value, 0x20)
    assert packet(value, 0x20, break_tag=True)[:-10] == good[:-10]
    assert packet(value, 0x20, break_tag=True) != good
    assert packet(value, 0x20, shown_roc=9)[-14:-10] == b"\0\0\0\x09"


def test_srtcp_has_the_octets_of_the_chain(value):
    expected = value("SRTCP packet index 1, E=1 (SR; MKI; 10 octet tag)")
    keys = srtp.stream_keys(MTK, SALT, rtcp=True)
    assert keys.encr_key == value("SRTCP session enc key")
    assert keys.auth_key == value("SRTCP session auth key")
    iv = int.from_bytes(keys.salt, "big") << 16 ^ SSRC << 64 ^ 1 << 16
    plain = srtp.aes_counter(keys.encr_key, iv.to_bytes(16, "big"), expected[8:-20])
    assert srtp.srtcp(keys, expected[:8] + plain, index=1, mki=MKI) == expected


def test_unencrypted_srtcp_leaves_the_report_and_clears_the_flag():
    report = srtp.sender_report(ssrc=SSRC, ntp=1, timestamp=2, packets=3, octets=4)
    found = srtp.srtcp(srtp.stream_keys(MTK, SALT, rtcp=True), report, index=7, mki=MKI, encrypt=False)
    assert found.startswith(report + b"\0\0\0\x07" + MKI)


def test_reports_say_how_long_they_are():
    for report in (
        srtp.sender_report(ssrc=1, ntp=1, timestamp=1, packets=1, octets=1),
        srtp.receiver_report(ssrc=1, about=2),
    ):
        assert len(report) == 4 * (int.from_bytes(report[2:4], "big") + 1)

"""Our field trees against Wireshark's, by name and value, frame by frame, over whole samples.

That Wireshark finds nothing malformed in a good sample is asked in tests/sample_pcaps/test_tshark.py.
"""

from collections import Counter
from functools import cache

import pytest

from sample_pcaps import wireshark
from sample_pcaps.wireshark import PROTOCOLS

NAMES = ("http_good", "sip_good", "ipv6", "two_ues")
# Values that each sample has to have in common with Wireshark at least, by the first part of their names.
FLOORS = {
    "http_good": {"sip": 250, "http": 100, "sdp": 80, "mikey": 450, "diameter": 500},
    "sip_good": {"sip": 900, "http": 120, "sdp": 400, "mime_multipart": 100, "mikey": 650, "diameter": 800},
    "ipv6": {"sip": 170, "http": 80, "sdp": 80, "mikey": 250, "diameter": 500},
    "two_ues": {"sip": 350, "http": 130, "sdp": 160, "mikey": 240, "diameter": 800},
}
COMPARED = """
    sip.Request-Line sip.Method sip.r-uri sip.Status-Line sip.Status-Code sip.Via sip.Via.branch
    sip.Via.sent-by.address sip.From sip.from.addr sip.from.tag sip.To sip.to.addr sip.to.tag sip.Call-ID sip.CSeq.seq
    sip.CSeq.method sip.Contact sip.contact.uri sip.ppi.addr sip.pai.addr sip.Record-Route sip.Content-Type
    sip.Content-Length sip.msg_body
    http.request.method http.request.uri http.request.version http.response.code http.response.phrase
    http.request.uri.query http.host http.authorization http.www_authenticate http.content_type http.file_data
    sdp.version sdp.owner sdp.session_name sdp.time sdp.media sdp.media.media sdp.media.port sdp.media.proto
    sdp.connection_info.address sdp.media_attribute.field
    mime_multipart.boundary mime_multipart.first_boundary mime_multipart.last_boundary
    mikey.hdr mikey.version mikey.type mikey.next_payload mikey.v mikey.prf_func mikey.csb_id mikey.cs_count
    mikey.cs_id_map_type mikey.srtp_id.policy_no mikey.srtp_id.ssrc mikey.srtp_id.roc
    mikey.t mikey.t.ts_type mikey.rand mikey.rand.len mikey.rand.data mikey.id mikey.id.type mikey.id.len mikey.id.data
    mikey.kemac mikey.kemac.encr_alg mikey.kemac.key_data_len mikey.kemac.key_data mikey.kemac.mac_alg mikey.kemac.mac
    mikey.sp mikey.sp.no mikey.sp.proto_type mikey.sp.param_len mikey.sp.param.type mikey.sp.param.len
    mikey.sp.encr_alg mikey.sp.encr_len mikey.sp.auth_alg mikey.sp.auth_key_len mikey.sp.salt_len mikey.sp.prf
    mikey.sp.kd_rate mikey.sp.srtp_encr mikey.sp.srtcp_encr mikey.sp.srtp_auth mikey.sp.auth_tag_len
    mikey.ext mikey.ext.type mikey.ext.len mikey.v.auth_alg mikey.v.ver_data
    diameter.version diameter.length diameter.flags.request diameter.cmd.code diameter.applicationId
    diameter.hopbyhopid diameter.endtoendid diameter.avp diameter.avp.code diameter.avp.len diameter.avp.flags
    diameter.avp.vendorId diameter.Session-Id diameter.Origin-Host diameter.Origin-Realm diameter.Result-Code
    diameter.Vendor-Specific-Application-Id diameter.Vendor-Id diameter.Auth-Application-Id diameter.User-Name
    diameter.Transaction-Identifier diameter.ME-Key-Material diameter.Key-ExpiryTime
    diameter.BootstrapInfoCreationTime
"""

pytestmark = pytest.mark.skipif(wireshark.TSHARK is None, reason="tshark is not installed")


@cache
def packets(name):
    return wireshark.seen_by_tshark(wireshark.samples()[name])


@cache
def messages(name):
    return wireshark.seen_by_us(wireshark.samples()[name])


@cache
def compared(name):
    return wireshark.compare({name: (messages(name), packets(name))})


@pytest.mark.parametrize("name", NAMES)
def test_each_frame_holds_the_same_messages(name):
    theirs, ours = packets(name), messages(name)
    assert set(ours) <= set(theirs)
    total = Counter()
    for frame, seen in theirs.items():
        there = {protocol: seen.protocols[protocol] for protocol in PROTOCOLS & seen.protocols.keys()}
        own = ours[frame].protocols if frame in ours else Counter()
        here = {protocol: own[protocol] for protocol in PROTOCOLS & own.keys()}
        assert here == there, frame
        total.update(here)
    assert total.keys() == PROTOCOLS
    assert sum(total.values()) > 30


@pytest.mark.parametrize("name", NAMES)
def test_what_both_name_has_the_same_values(name):
    found = compared(name)
    assert found.differing == []
    families = Counter()
    for field, count in found.same.items():
        families[field.split(".")[0]] += count
    short = {family: families[family] for family, floor in FLOORS[name].items() if families[family] < floor}
    assert short == {}


def test_the_fields_that_key_management_lives_on_are_among_them():
    counts = sum((compared(name).same for name in NAMES), Counter())
    assert [field for field in COMPARED.split() if not counts[field]] == []
    assert sum(counts.values()) > 8000

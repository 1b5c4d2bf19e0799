"""Our field trees against Wireshark's, by name and value, frame by frame, over whole samples.

That Wireshark finds nothing malformed in a good sample is asked in tests/sample_pcaps/test_tshark.py.
"""

import shutil
import subprocess
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from defusedxml.ElementTree import fromstring

from analyzer.analysis import analyse
from analyzer.capture.case import find_cases
from dissectors import Field, tree

SAMPLES = Path(__file__).parents[2] / "sample_pcaps"
TSHARK = shutil.which("tshark")
NAMES = ("http_good", "sip_good", "ipv6", "two_ues")
PROTOCOLS = frozenset({"sip", "http", "sdp", "mikey", "diameter"})

# Names that Wireshark 4.0 uses for something else than the octets they name; each says what.
UNLIKE = {
    "http.request": "a flag there, the request line here",
    "http.response": "a flag there, the status line here",
    "http.request.uri.path": "there only where a query follows",
    "sdp.media.format": "a payload type twice there, as a name and as a number",
    "sdp.media_attribute.value": "not there for attributes that it takes apart further, like rtpmap",
    "mikey.sp.param": "there only parameters that Wireshark does not know",
    "mime_multipart.part": "with the headers of the part there",
}
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

pytestmark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")


class Theirs(NamedTuple):
    """A field of tshark: how it reads, its octets in hex, how many they are."""

    show: str
    octets: str | None
    size: int


class Ours(NamedTuple):
    field: Field
    octets: bytes


@cache
def packets(name):
    """What tshark shows: of each frame its protocols, and its fields by name."""
    command = [str(TSHARK), "-n", "-r", str(SAMPLES / name / "capture.pcapng"), "-T", "pdml"]
    pdml = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    found = {}
    for number, packet in enumerate(fromstring(pdml).findall("packet"), 1):
        fields = defaultdict(list)
        for field in packet.iter("field"):
            shown = Theirs(field.get("show"), field.get("value"), int(field.get("size")))
            fields[field.get("name")].append(shown)
        found[number] = Counter(proto.get("name") for proto in packet.iter("proto")), fields
    return found


@cache
def messages(name):
    """What we show: the same of our messages."""
    (case,) = find_cases([str(SAMPLES / name)])
    found = defaultdict(lambda: (Counter(), defaultdict(list)))
    for message in analyse(case).messages:
        protocols, fields = found[message.frame]
        for part in message.walk():
            protocols[part.protocol] += 1
            for outermost in tree(part):
                for field in outermost.walk():
                    fields[field.name].append(Ours(field, part.payload.data[field.start : field.end]))
    return found


def agree(ours: Ours, theirs: Theirs) -> bool:
    value = ours.field.value
    if not theirs.show:  # a group
        return len(ours.octets) == theirs.size
    if ours.octets.hex() == theirs.octets:
        return True
    if isinstance(value, bytes):
        return theirs.show.replace(":", "") == value.hex()
    return theirs.show in (str(value), hex(value) if isinstance(value, int) else "")


@cache
def compared(name):
    """Compare all that both name; how many values of each name were the same, and what was not."""
    theirs, ours = packets(name), messages(name)
    known = {field for _, fields in theirs.values() for field in fields}
    known &= {field for _, fields in ours.values() for field in fields}
    counts, unlike = Counter(), []
    for frame, (_, shown) in theirs.items():
        for field in sorted(known - UNLIKE.keys()):
            here, there = ours[frame][1].get(field, []), shown.get(field, [])
            if len(here) == len(there) and all(map(agree, here, there)):
                counts[field] += len(here)
            else:
                unlike.append((frame, field, [value for value, _ in here], there))
    return counts, unlike


@pytest.mark.parametrize("name", NAMES)
def test_each_frame_holds_the_same_messages(name):
    theirs, ours = packets(name), messages(name)
    assert set(ours) <= set(theirs)
    total = Counter()
    for frame, (protocols, _) in theirs.items():
        there = {protocol: protocols[protocol] for protocol in PROTOCOLS & protocols.keys()}
        here = {protocol: ours[frame][0][protocol] for protocol in PROTOCOLS & ours[frame][0].keys()}
        assert here == there, frame
        total.update(here)
    assert total.keys() == PROTOCOLS
    assert sum(total.values()) > 30


@pytest.mark.parametrize("name", NAMES)
def test_what_both_name_has_the_same_values(name):
    counts, unlike = compared(name)
    assert unlike == []
    families = Counter()
    for field, count in counts.items():
        families[field.split(".")[0]] += count
    short = {family: families[family] for family, floor in FLOORS[name].items() if families[family] < floor}
    assert short == {}


def test_the_fields_that_key_management_lives_on_are_among_them():
    counts = sum((compared(name)[0] for name in NAMES), Counter())
    assert [field for field in COMPARED.split() if not counts[field]] == []
    assert sum(counts.values()) > 8000


def test_names_that_wireshark_uses_otherwise_are_still_so():
    """An exception that is none any more has to go."""
    for field in UNLIKE:
        pairs = [
            (ours[1].get(field, []), packets(name)[frame][1].get(field, []))
            for name in NAMES
            for frame, ours in messages(name).items()
        ]
        assert any(len(here) != len(there) or not all(map(agree, here, there)) for here, there in pairs), field

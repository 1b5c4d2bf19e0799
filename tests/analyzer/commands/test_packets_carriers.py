"""What `keyshark packets` finds wherever it is carried: MIKEY in everything, SIP over SCTP, and tshark beside it."""

import base64
import json
import shutil
import subprocess

import pytest

from sample_pcaps import forge_mikey as mikey
from sample_pcaps.forge import Connection, Tape, pcapng
from sample_pcaps.forge_tunnels import chunk, data_chunk, sctp

UE, SCF = "10.0.0.1", "10.0.0.2"
CSB_ID = 0xC0FFEE01
KEYS = mikey.keys_of(bytes(range(32)), CSB_ID, bytes(range(16)))
HEAD = (
    "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1",
    "From: <sip:user1@home1.net>;tag=1",
    "To: <sip:scf@home1.net>",
    "Call-ID: call1",
    "CSeq: 1 INVITE",
)


def message(t=7):
    """An MTK message of TS 33.246 6.4.5.3, encrypted and with its MAC."""
    tek = mikey.key_data(bytes(16), key_type=mikey.TEK_SALT, salt=bytes(14))
    payloads = [
        (mikey.T, mikey.timestamp(t)),
        (mikey.EXT, mikey.key_ids((0, b"\x26\xf2\x10"), (1, b"\0\1\0\2"), (2, b"\0\1"))),
    ]
    return mikey.protected(payloads, keys=KEYS, csb_id=CSB_ID, t=t, data=tek, cs_count=0, map_type=mikey.MAP_EMPTY)


def sip(kind="", body=b"", start="INVITE sip:scf@home1.net SIP/2.0"):
    lines = (start, *HEAD, *((f"Content-Type: {kind}",) if kind else ()), f"Content-Length: {len(body)}", "", "")
    return "\r\n".join(lines).encode() + body


def sdp(session=(), media=()):
    lines = ("v=0", "o=- 1 1 IN IP4 10.0.0.1", "s=-", "c=IN IP4 239.1.2.3/127", *session, "t=0 0")
    return "\r\n".join((*lines, "m=video 5000 RTP/SAVP 96", *media, "")).encode()


def key_mgmt(octets):
    return f"a=key-mgmt:mikey {base64.b64encode(octets).decode()}"


@pytest.fixture
def shown(told, tmp_path):
    """Gives what `keyshark packets` tells of a capture, as values, and the capture."""

    def show(tape):
        path = tmp_path / "made.pcapng"
        path.write_bytes(pcapng(tape.sorted()))
        code, out = told("packets", "--format", "json", str(path))
        assert code == 0
        return json.loads(out), path

    return show


def datagram(octets, dport, sport=40000):
    tape = Tape()
    tape.add_udp(1_000, UE, sport, SCF, dport, octets)
    return tape


def stream(octets, dport):
    tape = Tape()
    connection = Connection(tape, UE, 40000, SCF, dport)
    connection.send(connection.open(0) + 1_000, octets, by_client=True)
    return tape


def post(kind, body):
    head = f"POST /keys HTTP/1.1\r\nHost: h\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def chunked(body):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/mikey\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n" % len(body[:9]) + body[:9] + b"\r\n%x\r\n" % len(body[9:]) + body[9:] + b"\r\n0\r\n\r\n"


MULTIPART = b"--b\r\nContent-Type: application/mikey\r\n\r\n" + message() + b"\r\n--b--\r\n"
BASE64 = (
    b"--b\r\nContent-Type: application/mikey\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + base64.encodebytes(message())
    + b"\r\n--b--\r\n"
)
CARRIED = {
    "UDP 2269": (datagram(message(), 2269), ["mikey"]),
    "from UDP 2269": (datagram(message(), 40001, 2269), ["mikey"]),
    "another port, by the octets": (datagram(message(), 9999), ["mikey"]),
    "the SIP port, by the octets": (datagram(message(), 5060), ["mikey"]),
    "SDP, session level": (datagram(sip("application/sdp", sdp(session=[key_mgmt(message())])), 5060), ["sip", "sdp", "mikey"]),
    "SDP, media level": (datagram(sip("application/sdp", sdp(media=[key_mgmt(message())])), 5060), ["sip", "sdp", "mikey"]),
    "SDP, both levels": (
        datagram(sip("application/sdp", sdp([key_mgmt(message())], [key_mgmt(message(8))])), 5060),
        ["sip", "sdp", "mikey", "mikey"],
    ),
    "a SIP body": (datagram(sip("application/mikey", message()), 5060), ["sip", "mikey"]),
    "a SIP body over TCP": (stream(sip("Application/MIKEY;x=y", message()), 5060), ["sip", "mikey"]),
    "a part of a SIP body": (datagram(sip("multipart/mixed;boundary=b", MULTIPART), 5060), ["sip", "mikey"]),
    "a part of a SIP body in base64": (datagram(sip("multipart/mixed;boundary=b", BASE64), 5060), ["sip", "mikey"]),
    "an HTTP body": (stream(post("application/mikey", message()), 80), ["http", "mikey"]),
    "a part of an HTTP body": (stream(post("multipart/mixed;boundary=b", MULTIPART), 80), ["http", "mikey"]),
    "chunks of HTTP": (stream(chunked(message()), 80), ["http", "mikey"]),
}  # fmt: skip


def flat(found):
    yield found
    for inner in found["inner"]:
        yield from flat(inner)


def values(part, name):
    def walk(fields):
        for field in fields:
            if field["name"] == name:
                yield field["value"]
            yield from walk(field["children"])

    return list(walk(part["fields"]))


@pytest.mark.parametrize("name", CARRIED)
def test_mikey_is_found_wherever_it_is(shown, name):
    tape, protocols = CARRIED[name]
    (found,), _ = shown(tape)
    parts = list(flat(found))
    assert [part["protocol"] for part in parts] == protocols
    keys = [part for part in parts if part["protocol"] == "mikey"]
    assert [values(key, "mikey.csb_id") for key in keys] == [[CSB_ID]] * len(keys)
    assert [values(key, "mikey.t.counter") for key in keys] == [[7], [8]][: len(keys)]
    assert all(part.get("error") is None for part in parts)


def test_octets_that_are_nearly_mikey_are_none_on_another_port(shown):
    found, _ = shown(datagram(message()[:-1], 9999))
    assert found == []
    (broken,), _ = shown(datagram(message()[:-1], 2269))
    assert broken["protocol"] == "mikey"


def test_a_key_in_the_clear_is_hidden_inside_a_ticket_too(shown):
    # RFC 6043 6.10, appendix A: THDR, and a KEMAC of the NULL cipher
    secret = bytes.fromhex("8d3f0a61c27be95418f0d6a3b97c42e5")
    kemac = b"\x00\x00" + (20).to_bytes(2, "big") + mikey.key_data(secret, key_type=mikey.TEK) + b"\x00"
    data = b"\x01\x00\x00" + kemac
    ticket = bytes.fromhex("00010101 000000 0000") + len(data).to_bytes(2, "big") + data + b"\0\0"
    first, octets = mikey.chained([(mikey.T, mikey.timestamp(1)), (17, ticket)], mikey.LAST)
    whole = mikey.header(data_type=13, first=first, csb_id=CSB_ID, cs_count=0, map_type=mikey.MAP_EMPTY) + octets
    (found,), _ = shown(datagram(whole, 2269))
    assert [part["protocol"] for part in flat(found)] == ["mikey", "mikey.keydata"]
    assert secret.hex() not in json.dumps(found)


# ---------------------------------------------------------------------------------------------- SIP over SCTP


def association():
    """An INVITE in three fragments and one chunk each of its answers, two of them bundled (RFC 4168)."""
    tape = Tape()
    invite = sip("application/sdp", sdp(media=["a=mbms_service:urn:service:1", "a=recvonly"]))
    answers = [sip(start=f"SIP/2.0 {status}") for status in ("100 Trying", "180 Ringing", "200 OK")]
    size = len(invite) // 3 + 1
    parts = [invite[at : at + size] for at in range(0, len(invite), size)]
    ends, back = (UE, 5060, SCF, 5060), (SCF, 5060, UE, 5060)
    for number, part in enumerate(parts):
        flags = {0: 2, len(parts) - 1: 1}.get(number, 0)
        tape.add((number + 1) * 1_000_000, sctp(*ends, data_chunk(10 + number, part, flags=flags, ppid=0)), UE, SCF)
    bundle = (data_chunk(50 + n, answer, sequence=n, ppid=0) for n, answer in enumerate(answers[:2]))
    sack = chunk(3, bytes.fromhex("0000000c 00010000 0000 0000"))
    tape.add(5_000_000, sctp(*back, sack, *bundle, tag=9), SCF, UE)
    tape.add(6_000_000, sctp(*back, data_chunk(52, answers[2], sequence=2, ppid=0), tag=9), SCF, UE)
    return tape


def test_sip_over_sctp(shown):
    found, _ = shown(association())
    assert [(each["frame"], each["protocol"]) for each in found] == [(3, "sip"), (4, "sip"), (4, "sip"), (5, "sip")]
    assert values(found[0], "sip.Method") == ["INVITE"]
    assert [part["protocol"] for part in flat(found[0])] == ["sip", "sdp"]
    assert [values(each, "sip.Status-Code") for each in found[1:]] == [[100], [180], [200]]


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_the_same_of_sip_over_sctp(shown):
    found, path = shown(association())
    names = ("sip.Method", "sip.Status-Code", "sip.Call-ID", "sip.CSeq.seq", "sip.from.addr", "sdp.media")
    asked = ["tshark", "-r", str(path), "-T", "fields", "-E", "aggregator=|", "-e", "frame.number"]
    out = subprocess.run(
        [*asked, *(word for name in names for word in ("-e", name))], capture_output=True, text=True, check=True
    )
    rows = [line.split("\t") for line in out.stdout.splitlines()]
    theirs = {
        int(number): {name: value.split("|") for name, value in zip(names, row, strict=True) if value}
        for number, *row in rows
    }
    ours = {}
    for each in found:
        for part in flat(each):
            for name in names:
                if got := values(part, name):
                    ours.setdefault(each["frame"], {}).setdefault(name, []).extend(map(str, got))
    assert ours == {number: row for number, row in theirs.items() if row}
    assert (sorted(ours), set(ours[3])) == ([3, 4, 5], set(names) - {"sip.Status-Code"})

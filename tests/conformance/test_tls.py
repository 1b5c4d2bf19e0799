"""What is inside TLS and DTLS, opened by tshark with a key log: dissected and judged as if it had been seen in the clear."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from analyzer.analysis import Analysis, Options, analyse
from analyzer.capture.case import find_cases
from analyzer.report import Verdict
from analyzer.scan import scan
from dissectors import Message, tree
from sample_pcaps import forge_diameter as diameter
from sample_pcaps import forge_tls
from sample_pcaps.casebook import cases
from sample_pcaps.forge import Connection, Tape, pcap, pcapng
from sample_pcaps.forge_text import Edit
from sample_pcaps.forge_tunnels import data_chunk, sctp
from sample_pcaps.stage import Stage
from sample_pcaps.story import Story

SAMPLES = Path(__file__).parents[2] / "sample_pcaps"
REAL = Path(__file__).parents[3] / "shared" / "captures" / "ims_registration_esp_null_gtp.pcapng"
NAMES = (
    "tls.handshake.type", "tls.handshake.extensions_server_name", "tls.handshake.ciphersuite", "tls.handshake.version",
    "tls.handshake.extension.type", "tls.handshake.extension.len", "tls.handshake.extensions.supported_version",
    "tls.handshake.extensions_alpn_str", "tls.handshake.length", "tls.handshake.certificate_length",
)  # fmt: skip
TSHARK = Options(engine="tshark")
SIP = (
    b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TLS h;branch=z9hG4bKa\r\nFrom: <sip:c@b>;tag=1\r\nTo: <sip:a@b>\r\n"
    b"Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)
HTTP = b"GET /a HTTP/1.1\r\nHost: bmsc.home1.net\r\n\r\n"
CAPABILITIES = diameter.capabilities("bsf.home1.net", "home1.net", "10.0.0.2", request=True)

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def analysed(place: Path, options: Options = TSHARK) -> Analysis:
    (case,) = find_cases([str(place)])
    return analyse(case, options)


def inside(analysis: Analysis) -> list[Message]:
    return [message for message in analysis.messages if message.protocol not in ("tls", "dtls")]


def judged(analysis: Analysis) -> Counter[tuple[str, Verdict, str]]:
    found = Counter((one.rule, one.verdict, one.procedure or "") for one in analysis.report.judgements)
    return Counter({key: count for key, count in found.items() if key[0] != "DG-19"})  # says what TLS makes needless


def test_the_story_is_judged_as_in_the_clear() -> None:
    clear, secured = analysed(SAMPLES / "http_good", Options()), analysed(SAMPLES / "http_over_tls")
    assert judged(secured) == judged(clear)
    assert secured.report.verdict is Verdict.PASS
    assert secured.report.malformed == ()
    assert len(secured.report.media) == len(clear.report.media) > 0


def test_a_bootstrapping_in_tls_has_its_body() -> None:
    """tshark takes BootstrappingInfo, which it can read, out of the octets of the answer."""
    secured = analysed(SAMPLES / "keyed_by_a_sim")
    assert secured.report.verdict is Verdict.PASS
    passed = {one.rule for one in secured.report.judgements if one.verdict is Verdict.PASS}
    assert {"UB-05", "UB-08", "UB-09", "UB-10"} <= passed
    (run,) = secured.story.traffic.bootstrappings
    assert run.b_tid == secured.report.ues[0].b_tid[0]
    shut = analysed(SAMPLES / "keyed_by_a_sim", Options())
    assert shut.story.traffic.bootstrappings == ()
    assert shut.report.verdict is Verdict.PASS


def test_messages_have_their_ends_frames_and_times() -> None:
    secured = analysed(SAMPLES / "http_over_tls")
    carried = {message.frame: message.payload for message in secured.messages if message.protocol == "tls"}
    found = [message for message in inside(secured) if "TLS" in message.payload.leg.tunnels]
    assert len(found) == 8
    first = {frame: payload for frame, payload in carried.items() if payload.data[0] == 23}
    for payload in (message.payload for message in found if message.frame in first):
        around = first.pop(payload.frame)
        assert payload[1:6] == around[1:6]
        assert (payload.capture, payload.time) == (around.capture, around.time)
    assert first == {}


def test_without_the_engine_nothing_is_blamed_on_what_cannot_be_seen() -> None:
    shut = analysed(SAMPLES / "http_over_tls", Options())
    assert not [message for message in shut.messages if "TLS" in message.payload.leg.tunnels]
    assert shut.report.verdict is Verdict.PASS


def test_a_scan_finds_them_too() -> None:
    (case,) = find_cases([str(SAMPLES / "http_over_tls")])
    kinds = [
        Counter(message.protocol for message in scan(case, engine=engine).messages) for engine in ("native", "tshark")
    ]
    assert kinds[1]["http"] == kinds[0]["http"] + 8
    assert kinds[1]["tls"] == kinds[0]["tls"] == 39


def test_secrets_in_the_capture_open_it(tmp_path: Path) -> None:
    """A Decryption Secrets Block of pcapng, as browsers' and Wireshark's users save them."""
    octets = (SAMPLES / "http_over_tls" / "capture.pcapng").read_bytes()
    log = (SAMPLES / "http_over_tls" / "sslkeys.log").read_bytes()
    body = struct.pack("<II", 0x544C534B, len(log)) + log + b"\0" * (-len(log) % 4)
    block = struct.pack("<II", 10, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))
    (size,) = struct.unpack_from("<I", octets, 4)  # the secrets stand behind the section header
    (tmp_path / "capture.pcapng").write_bytes(octets[:size] + block + octets[size:])
    keyring = (SAMPLES / "http_over_tls" / "keyring.toml").read_text()
    (tmp_path / "keyring.toml").write_text(keyring.replace('[tls]\nkeylog = "sslkeys.log"', ""))
    found = analysed(tmp_path)
    assert found.captures[0].facts.secrets == {"TLS key log": 1}
    assert judged(found) == judged(analysed(SAMPLES / "http_over_tls"))


@pytest.mark.parametrize(
    ("port", "said", "protocol"),
    [
        (5061, SIP, "sip"),
        (5658, CAPABILITIES, "diameter"),
        (443, HTTP, "http"),
        (40443, HTTP, "http"),
        (15061, SIP, "sip"),
        (15658, CAPABILITIES, "diameter"),  # named in case.toml
    ],
    ids=["sip", "diameter", "http", "http elsewhere", "sip elsewhere", "diameter elsewhere"],
)
def test_protocols_inside(tmp_path: Path, port: int, said: bytes, protocol: str) -> None:
    session, tape = forge_tls.Session("a.home1.net", protocol), Tape()
    connection = Connection(tape, "2001:db8::1", 40000, "2001:db8::2", port)
    time = connection.open(10**18)
    for by_client, octets in session.flights():
        time = connection.send(time + 1_000_000, octets, by_client=by_client)
    connection.send(time + 1_000_000, session.data(said, by_client=True), by_client=True)
    (tmp_path / "a.pcap").write_bytes(pcap(tape.sorted()))
    (tmp_path / "a.keys.toml").write_text('[tls]\nkeylog = "a.log"\n')
    (tmp_path / "a.log").write_text(session.keylog)
    (tmp_path / "case.toml").write_text("[ports]\nsip = [15061]\ndiameter = [15658]\n")
    (message,) = inside(analysed(tmp_path / "a.pcap"))
    assert (message.protocol, message.error, message.payload.data) == (protocol, None, said)
    assert (message.payload.src, message.payload.dport) == ("2001:db8::1", port)


def datagrams(place: Path, port: int, said: bytes, *, ppid: int | None = None, log: bool = True) -> Path:
    """Write a session of DTLS 1.2 in which a client says something, over UDP or with a `ppid` over SCTP."""
    session, tape = forge_tls.DatagramSession("a.home1.net", "datagrams"), Tape()
    closing = [(True, session.data(said, by_client=True)), (True, session.close(by_client=True))]
    for number, (by_client, octets) in enumerate([*session.flights(), *closing]):
        (src, sport), (dst, dport) = sorted([("10.0.0.1", 40000), ("10.0.0.2", port)], reverse=not by_client)
        if ppid is None:
            tape.add_udp(10**18 + number * 10**6, src, sport, dst, dport, octets)
        else:
            packet = sctp(src, sport, dst, dport, data_chunk(number, octets, sequence=number, ppid=ppid))
            tape.add(10**18 + number * 10**6, packet, src, dst)
    (place / "a.pcap").write_bytes(pcap(tape.sorted()))
    if log:
        (place / "a.keys.toml").write_text('[tls]\nkeylog = "a.log"\n')
        (place / "a.log").write_text(session.keylog)
    return place / "a.pcap"


@pytest.mark.parametrize(
    ("port", "said", "protocol", "ppid"),
    [
        (5061, SIP, "sip", None),
        (40443, SIP, "sip", None),
        (5658, CAPABILITIES, "diameter", 47),  # RFC 6733 2.1 and 4.1: DTLS over SCTP
    ],
    ids=["sip", "sip elsewhere", "diameter over sctp"],
)
def test_protocols_inside_dtls(tmp_path: Path, port: int, said: bytes, protocol: str, ppid: int | None) -> None:
    found = analysed(datagrams(tmp_path, port, said, ppid=ppid))
    (message,) = inside(found)
    assert (message.protocol, message.error, message.payload.data) == (protocol, None, said)
    assert (message.payload.src, message.payload.dport) == ("10.0.0.1", port)
    assert message.payload.leg.tunnels == ("DTLS",)
    assert Counter(each.protocol for each in found.messages)["dtls"] >= 4


def test_dtls_stays_shut_without_a_key_log(tmp_path: Path) -> None:
    assert inside(analysed(datagrams(tmp_path, 5061, SIP, log=False))) == []


@pytest.mark.parametrize("secured", [False, True])
def test_what_tls_protects_needs_no_integrity_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secured: bool
) -> None:
    """DG-19, on whatever port: what was decrypted says so."""
    monkeypatch.setattr(forge_tls, "PORT", 8443)
    story = Story.begun_by_http()
    story.tls = secured
    story.register(edits={"answer": Edit(digest={"qop": "auth"})})
    (tmp_path / "capture.pcapng").write_bytes(story.capture())
    (tmp_path / "keyring.toml").write_text(story.keyring())
    for name, octets in story.more.items():
        (tmp_path / name).write_bytes(octets)
    verdicts = [one.verdict for one in analysed(tmp_path).report.judgements if one.rule == "DG-19"]
    assert verdicts == ([] if secured else [Verdict.FAIL])


def test_sightings_before_and_after_a_router_are_one(tmp_path: Path) -> None:
    packets = cases()["http_over_tls"].tell().tape.sorted()
    twice = sorted([*packets, *((time + 50_000, frame[:22] + b"\x3f" + frame[23:]) for time, frame in packets)])
    for name in ("keyring.toml", "sslkeys.log"):
        shutil.copy(SAMPLES / "http_over_tls" / name, tmp_path)
    (tmp_path / "capture.pcapng").write_bytes(pcapng(twice))
    found = analysed(tmp_path)
    assert len([message for message in found.story.traffic.messages if "TLS" in message.payload.leg.tunnels]) == 8
    assert found.report.verdict is Verdict.PASS


@pytest.mark.skipif(not REAL.is_file(), reason="the real captures are not beside the project")
def test_a_real_capture_says_what_tshark_reads() -> None:
    """Hellos of telephones and servers, through GTP-U and without: each value stands in the same frame of tshark."""
    asked = [option for name in NAMES for option in ("-e", name)]
    command = [str(shutil.which("tshark")), "-n", "-r", str(REAL), "-Y", "tls", "-T", "fields", "-E", "aggregator=|"]
    told = subprocess.run(
        [*command, "-e", "frame.number", *asked], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    theirs: dict[int, list[list[str]]] = {}
    for line in told.splitlines():
        frame, *values = line.split("\t")
        theirs[int(frame)] = [value.split("|") for value in values]
    (case,) = find_cases([str(REAL)])
    seen: Counter[str] = Counter()
    for message in analyse(case).messages:
        if message.protocol == "tls":
            assert message.error is None
            for outer in tree(message):
                for field in outer.walk():
                    if field.name in NAMES and field.value:
                        shown = theirs[message.frame][NAMES.index(field.name)]
                        wide = f"0x{field.value:04x}" if isinstance(field.value, int) else ""
                        assert {str(field.value), wide} & set(shown), (message.frame, field.name, field.value)
                        seen[field.name] += 1
    assert set(seen) == set(NAMES)
    assert sum(seen.values()) > 400


def test_two_probes_and_their_clocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What both probes saw comes once, at the time of the clock that all share."""
    monkeypatch.setattr(Stage, "tls", True)
    story = cases()["two_probes"].tell()
    for name, octets in {"capture.pcapng": story.capture(), **story.more}.items():
        (tmp_path / name).write_bytes(octets)
    (tmp_path / "keyring.toml").write_text(story.keyring())
    found = analysed(tmp_path)
    assert found.report.verdict is Verdict.PASS
    times = [message.payload.time for message in found.messages if "TLS" in message.payload.leg.tunnels]
    assert len(times) == 8
    assert times == sorted(times)
    carried = {
        message.payload.time
        for message in found.messages
        if message.protocol == "tls" and message.payload.data[0] == 23
    }
    assert len(carried & set(times)) >= 6

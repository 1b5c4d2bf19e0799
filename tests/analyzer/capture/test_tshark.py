import asyncio
import datetime
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from analyzer.capture import tshark
from analyzer.capture.reader import CaptureError, open_capture
from analyzer.capture.tshark import TsharkError, frame_tree, read_with_tshark
from analyzer.decode.decoder import Decoder
from dissectors import Payload, dissect
from sample_pcaps.forge import Connection, Tape, pcap

CAPTURES = Path(__file__).parents[4] / "shared" / "captures"
needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
needs_captures = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the real captures are not beside the project")

SIP = b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
BODY = b"".join(b"190\r\n" + b"z" * 400 + b"\r\n" for _ in range(4)) + b"0\r\n\r\n"
REQUESTS = (b"POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", b"GET /two HTTP/1.1\r\nHost: a\r\n\r\n")
ANSWERS = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + BODY, b"HTTP/1.1 204 No Content\r\n\r\n")


@pytest.fixture
def capture(tmp_path: Path) -> str:
    tape = Tape()
    tape.add_udp(10**9 + 7, "10.0.0.1", 5060, "10.0.0.2", 5060, SIP)
    path = tmp_path / "sip.pcap"
    path.write_bytes(pcap(tape.sorted(), nanoseconds=True))
    return str(path)


@pytest.fixture
def secured(tmp_path: Path) -> tuple[str, Path]:
    """A capture of HTTP over TLS 1.3, and its key log."""
    tape, keylog = Tape(), tmp_path / "keys.log"
    flights = _tls(tmp_path, keylog)
    connection = Connection(tape, "10.0.0.1", 40000, "10.0.0.2", 443)
    time = connection.open(10**18)
    for by_client, octets in flights:
        time = connection.send(time + 1_000_000, octets, by_client=by_client)
    connection.close(time + 1_000_000)
    path = tmp_path / "tls.pcap"
    path.write_bytes(pcap(tape.sorted()))
    return str(path), keylog


def _tls(folder: Path, keylog: Path) -> list[tuple[bool, bytes]]:
    """Let two ends talk in memory; return what each wrote, in order."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bmsc.home1.net")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    begin = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = made.not_valid_before(begin).not_valid_after(begin + datetime.timedelta(days=9999))
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(pem)
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.load_cert_chain(folder / "server.pem")
    client.check_hostname, client.verify_mode, client.keylog_filename = False, ssl.CERT_NONE, str(keylog)
    to_client, from_client, to_server, from_server = (ssl.MemoryBIO() for _ in range(4))
    ends = (client.wrap_bio(to_client, from_client), server.wrap_bio(to_server, from_server, server_side=True))
    flights: list[tuple[bool, bytes]] = []

    def carry() -> None:
        for by_client, out, into in ((True, from_client, to_server), (False, from_server, to_client)):
            if data := out.read():
                flights.append((by_client, data))
                into.write(data)

    waiting = list(ends)
    for _ in range(10):
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                pass
            carry()
    ends[0].write(b"".join(REQUESTS))
    carry()
    ends[1].write(ANSWERS[0][:600])
    carry()
    ends[1].write(ANSWERS[0][600:] + ANSWERS[1])
    carry()
    return flights


@needs_tshark
def test_a_datagram_is_the_same_as_by_our_own_reader(capture: str) -> None:
    native = [item for frame in open_capture(capture, 4) for item in Decoder().feed(frame)]
    assert list(read_with_tshark(capture, 4)) == native
    assert native[0] == Payload(SIP, "udp", "10.0.0.1", 5060, "10.0.0.2", 5060, 4, 1, 10**9 + 7, (1,))


@needs_tshark
def test_tls_is_opened_with_a_key_log(secured: tuple[str, Path]) -> None:
    path, keylog = secured
    found = list(read_with_tshark(path, 0, keylog=keylog))
    assert [payload.data for payload in found] == [*REQUESTS, *ANSWERS]
    assert [(payload.src, payload.dport) for payload in found[1:3]] == [("10.0.0.1", 443), ("10.0.0.2", 40000)]
    assert [message.error for payload in found if (message := dissect(payload)) is not None] == [None] * 4
    assert list(read_with_tshark(path, 0)) == []


@needs_tshark
@pytest.mark.skipif(shutil.which("editcap") is None, reason="editcap is not installed")
def test_tls_is_opened_with_the_secrets_in_a_capture(secured: tuple[str, Path], tmp_path: Path) -> None:
    path, keylog = secured
    with_secrets = str(tmp_path / "secrets.pcapng")
    command = [str(shutil.which("editcap")), "--inject-secrets", f"tls,{keylog}", path, with_secrets]
    subprocess.run(command, check=True, timeout=60)
    assert [payload.data for payload in read_with_tshark(with_secrets, 0)] == [*REQUESTS, *ANSWERS]
    capture = open_capture(with_secrets)
    list(capture)
    assert capture.facts.secrets == {"TLS key log": 1}
    secrets = [line.split()[-1] for line in keylog.read_text().splitlines() if not line.startswith("#")]
    assert not any(secret in repr(capture.facts) for secret in secrets)


@needs_tshark
async def test_it_works_within_a_running_loop_and_in_a_thread_of_one(capture: str) -> None:
    assert len(list(read_with_tshark(capture, 0))) == 1
    assert len(await asyncio.to_thread(lambda: list(read_with_tshark(capture, 0)))) == 1


@needs_tshark
def test_a_cut_capture_is_read_as_far_as_it_goes(tmp_path: Path, capture: str) -> None:
    whole = Path(capture).read_bytes()
    path = tmp_path / "cut.pcap"
    path.write_bytes(whole + whole[24:-5])
    assert [payload.frame for payload in read_with_tshark(str(path), 0)] == [1]


@needs_tshark
@pytest.mark.parametrize("data", [b"", b"no capture at all, but text\n" * 5])
def test_what_tshark_cannot_read_is_an_error_that_says_so(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "foreign.pcap"
    path.write_bytes(data)
    if data:
        with pytest.raises(CaptureError, match=r"tshark cannot read it: .*isn't a capture file"):
            list(read_with_tshark(str(path), 0))
    with pytest.raises(TsharkError):
        frame_tree(str(path), 1)


@needs_tshark
def test_what_is_missing_is_said(tmp_path: Path, capture: str) -> None:
    with pytest.raises(CaptureError, match="there is no such file"):
        list(read_with_tshark(str(tmp_path / "missing"), 0))
    with pytest.raises(TsharkError, match="there is no such key log"):
        list(read_with_tshark(capture, 0, keylog=tmp_path / "missing"))
    with pytest.raises(TsharkError, match="reads files only"):
        list(read_with_tshark("-", 0))
    with pytest.raises(TsharkError, match="there is no frame 2"):
        frame_tree(capture, 2)


@needs_tshark
def test_the_tree_of_a_frame(capture: str) -> None:
    lines = frame_tree(capture, 1).splitlines()
    assert lines[0].startswith("Frame 1:")
    assert any("Request-Line: OPTIONS sip:a@b SIP/2.0" in line for line in lines)


def test_without_tshark_the_error_says_what_to_install(capture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(TsharkError, match="apt install tshark"):
        list(read_with_tshark(capture, 0))
    with pytest.raises(TsharkError, match="apt install tshark"):
        frame_tree(capture, 1)


def test_a_tshark_that_hangs_is_given_up(tmp_path: Path, capture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "tshark"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(slow))
    monkeypatch.setattr(tshark, "TREE_WITHIN", 0.2)
    with pytest.raises(TsharkError, match="within"):
        frame_tree(capture, 1)


@needs_tshark
@needs_captures
@pytest.mark.parametrize("name", ["sip_tcp.pcap", "sip_ipip.pcap", "ims_registration_esp_null_gtp.pcapng"])
def test_our_own_reader_finds_the_messages_that_tshark_finds(name: str) -> None:
    """But for what lies in SCTP; what lies in ESP without encryption we find without being told to look."""
    path, decoder = str(CAPTURES / name), Decoder()
    found = [item for frame in open_capture(path) for item in decoder.feed(frame)] + list(decoder.finish())
    ours = {(p.src, p.dst, p.data) for p in found if isinstance(p, Payload) and dissect(p) is not None}
    theirs = {(p.src, p.dst, p.data) for p in read_with_tshark(path, 0) if p.transport != "sctp"}
    assert theirs
    assert theirs <= ours

"""Measure what one message costs to dissect, in CPU microseconds: `python -m benchmarks.messages [ROUNDS [COPIES]]`.

Prints a Markdown table: the median over ROUNDS of dissecting one message into its typed bodies (no field tree),
beside what it may cost, and what others need for the same octets: the class that dpkt has for the protocol, and
tshark over a file of COPIES of the message, less what it needs to start.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import dpkt

from analyzer.capture.reader import open_capture
from analyzer.correlate import bodies
from analyzer.decode.decoder import Decoder
from benchmarks.generate import calls, key_management
from dissectors import Message, Payload, dissect
from dissectors.mbms_xml import BootstrappingInfo
from sample_pcaps.forge import Connection, Tape, pcap

BATCH = 50  # messages that are timed at once
MICRO = 1_000_000
SOURCE, TARGET, SIP = "10.0.0.1", "10.0.0.2", 5060
SDP = (
    "v=0\r\no=- 3976657600 1 IN IP4 10.1.0.11\r\ns=MBMS\r\nc=IN IP4 239.1.2.3/127\r\nt=0 0\r\n"
    "m=video 5000 RTP/SAVP 96\r\na=rtpmap:96 H264/90000\r\na=mbms_service:urn:home1.net:mbms:news\r\na=recvonly\r\n"
)
REGISTER = (
    '<?xml version="1.0" encoding="UTF-8"?>\r\n<mbmsRegister xmlns="urn:3GPP:metadata:2005:MBMS:register">'
    "<serviceID>urn:home1.net:mbms:news</serviceID></mbmsRegister>\r\n"
)
HEADERS = """
Via: SIP/2.0/UDP 10.2.0.1:5060;branch=z9hG4bK640670e2c7a9c03a
Via: SIP/2.0/UDP 10.1.0.11:5060;branch=z9hG4bK65ad2b97553b79d2
Max-Forwards: 69
Route: <sip:scf1.home1.net;lr>, <sip:orig@scscf.home1.net;lr>
Record-Route: <sip:pcscf.home1.net;lr>
From: "User" <sip:user1@home1.net>;tag=66943569ca3c5077
To: <sip:news@mbms.home1.net>
Call-ID: 5f743fa9d92dce6f@10.1.0.11
CSeq: 1 INVITE
Contact: <sip:10.1.0.11:5060;comp=sigcomp>;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mbms"
P-Asserted-Identity: <sip:user1@home1.net>, <tel:+15550100>
P-Access-Network-Info: 3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=234151D0FCE11
P-Charging-Vector: icid-value="AyretyU0dm+6O2IrT5tAFrbHLso=023551024"; orig-ioi=home1.net
P-Visited-Network-ID: "Visited network number 1"
Privacy: none
Security-Verify: ipsec-3gpp; alg=hmac-sha-1-96; spi-c=98765432; spi-s=87654321; port-c=8642; port-s=7531
Require: sec-agree
Proxy-Require: sec-agree
Supported: 100rel, precondition, timer
Accept: application/sdp, application/3gpp-ims+xml
Allow: INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, INFO, MESSAGE
Session-Expires: 1800;refresher=uac
Recv-Info: ContentReportConfig
Content-Type: multipart/mixed;boundary=b1
""".strip().splitlines()


@dataclass(frozen=True)
class Sample:
    """A kind of message, what one may cost in microseconds, and dpkt's class for it, None where it has none."""

    name: str
    payload: Payload
    allowed: int
    dpkt: Callable[[bytes], object] | None = None
    protocol: str = ""  # for what only the message around it tells
    filter: str = ""  # of tshark

    def read(self) -> Message | None:
        return dissect(self.payload, self.protocol)


def samples() -> tuple[Sample, ...]:
    """Return the messages to measure: one of each kind that key management is made of."""
    told = tuple(_told())

    def one(wanted: Callable[[Message], bool]) -> Payload:
        return next(message.payload for message in told if wanted(message))

    def posted(message: Message) -> bool:
        body = bodies.http(message)
        return body is not None and bodies.request_type(body) == "register" and bool(message.inner)

    def delivers_msk(message: Message) -> bool:
        body = bodies.mikey(message)
        return body is not None and bodies.is_msk_message(body)

    def answers_zn(message: Message) -> bool:
        body = bodies.diameter(message)
        return body is not None and body.command == bodies.COMMAND_ZN and not body.is_request

    info = next(i.payload for m in told for i in m.inner if isinstance(i.body, BootstrappingInfo))
    return (
        Sample("SIP INVITE, 25 headers, SDP and XML", _payload(rich_invite(), "tcp"), 60, dpkt.sip.Request, "", "sip"),
        Sample("SIP INVITE, 9 headers", _payload(plain_invite(), "udp"), 25, dpkt.sip.Request, "", "sip"),
        Sample("MIKEY, MSK", one(delivers_msk), 25, None, "", "mikey"),
        Sample("HTTP, registration with XML", one(posted), 40, dpkt.http.Request, "", "http"),
        Sample("HTTP, GET", one(lambda m: m.protocol == "http" and not m.inner), 40, dpkt.http.Request, "", "http"),
        Sample("XML, BootstrappingInfo", info, 60, None, "mbms-xml"),
        Sample("Diameter, BIA", one(answers_zn), 60, dpkt.diameter.Diameter, "", "diameter"),
    )


def rich_invite() -> bytes:
    """Return an INVITE as the core of a network passes it on."""
    parts = "".join(
        f"--b1\r\nContent-Type: {kind}\r\n\r\n{text}\r\n"
        for kind, text in (("application/sdp", SDP), ("application/mbms-register+xml", REGISTER))
    )
    body = f"{parts}--b1--\r\n"
    head = ("INVITE sip:news@mbms.home1.net SIP/2.0", *HEADERS, f"Content-Length: {len(body)}", "", body)
    return "\r\n".join(head).encode()


def plain_invite() -> bytes:
    """Return an INVITE of an ordinary call."""
    return next(calls())[42:]  # behind Ethernet, IP and UDP


def _payload(data: bytes, transport: str) -> Payload:
    return Payload(data, transport, SOURCE, SIP, TARGET, SIP, 0, 1, 1, (1,))


def _told() -> Iterator[Message]:
    """Yield the messages of a story of one UE."""
    decoder = Decoder()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "story.pcapng"
        path.write_bytes(key_management(1).capture())
        for frame in open_capture(str(path)):
            for found in decoder.feed(frame):
                message = dissect(found) if isinstance(found, Payload) else None
                if message is not None:
                    yield message


def cost(work: Callable[[], object], rounds: int) -> float:
    """Return the median CPU microseconds of one call."""
    found = []
    for _ in range(rounds):
        begun = time.process_time()
        for _ in range(BATCH):
            work()
        found.append((time.process_time() - begun) * MICRO / BATCH)
    return median(found)


def file_of(sample: Sample, copies: int) -> bytes:
    """Return a capture that holds a message so many times; over TCP all are of one connection."""
    at, data = sample.payload, sample.payload.data
    tape = Tape()
    if at.transport == "udp":
        for number in range(copies):
            tape.add_udp(number * MICRO, SOURCE, at.sport, TARGET, at.dport, data)
    else:
        connection = Connection(tape, SOURCE, at.sport, TARGET, at.dport)
        moment = connection.open(0)
        for _ in range(copies):
            moment = connection.send(moment, data, by_client=True) + MICRO
    return pcap(tape.packets)


def tshark_cost(sample: Sample, copies: int) -> float | None:
    """Return the CPU microseconds that tshark takes for one message, None where it is not installed or not asked."""
    if not sample.filter or shutil.which("tshark") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        few, many = Path(folder) / "few.pcap", Path(folder) / "many.pcap"
        few.write_bytes(file_of(sample, 1))
        many.write_bytes(file_of(sample, copies + 1))
        return (_tshark(many, sample.filter) - _tshark(few, sample.filter)) * MICRO / copies


def _tshark(path: Path, wanted: str) -> float:
    process = subprocess.Popen(
        ("tshark", "-n", "-r", str(path), "-Y", wanted),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime


def table(rounds: int, copies: int) -> Iterator[str]:
    """Yield the lines of a Markdown table, each as soon as it is measured."""
    yield "| message | octets | µs | allowed | dpkt µs | ratio | tshark µs | ratio |"
    yield "|---|---|---|---|---|---|---|---|"
    for sample in samples():
        data, own = sample.payload.data, cost(sample.read, rounds)
        others = (
            None if sample.dpkt is None else cost(partial(sample.dpkt, data), rounds),
            tshark_cost(sample, copies),
        )
        shown = [cell for other in others for cell in _beside(own, other)]
        yield f"| {' | '.join((sample.name, str(len(data)), f'{own:.0f}', str(sample.allowed), *shown))} |"


def _beside(own: float, other: float | None) -> tuple[str, str]:
    return ("-", "-") if other is None else (f"{other:.0f}", f"{own / other:.1f}")


def main(rounds: str = "200", copies: str = "20000") -> None:
    sys.stdout.write(f"{platform.platform()}, Python {platform.python_version()}\n\n")
    for line in table(int(rounds), int(copies)):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])

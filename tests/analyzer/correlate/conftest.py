"""Messages written as text and dissected, for tests that need a few of them and no capture."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dissectors import Message, Payload, dissect

SECOND = 10**9
UE, CSCF, SCF, BM_SC, BSF = "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"
VECTORS = Path(__file__).parents[2] / "vectors"


class Talk:
    """Says things one second after the other, a frame each."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def say(
        self, data: bytes, src: str, dst: str, ports: tuple[int, int], transport: str, time: float | None
    ) -> Message:
        frame = len(self.messages) + 1
        at = frame * SECOND if time is None else round(time * SECOND)
        payload = Payload(data, transport, src, ports[0], dst, ports[1], 0, frame, at, (frame,))
        message = dissect(payload)
        assert message is not None
        assert message.error is None
        self.messages.append(message)
        return message

    def sip(self, text: str, src: str, dst: str, time: float | None = None) -> Message:
        head, _, body = text.strip().partition("\n\n")
        lines = [*head.split("\n"), f"Content-Length: {len(body)}"]
        return self.say("\r\n".join([*lines, "", body]).encode(), src, dst, (5060, 5060), "udp", time)

    def http(
        self,
        text: str,
        src: str,
        dst: str,
        body: str = "",
        ports: tuple[int, int] = (40000, 80),
        time: float | None = None,
    ) -> Message:
        lines = [*text.strip().split("\n"), f"Content-Length: {len(body)}"]
        return self.say("\r\n".join([*lines, "", body]).encode(), src, dst, ports, "tcp", time)

    def mikey(self, data: bytes, src: str = BM_SC, dst: str = UE, time: float | None = None) -> Message:
        return self.say(data, src, dst, (2269, 2269), "udp", time)

    def diameter(self, data: bytes, src: str, dst: str, ports: tuple[int, int], time: float | None = None) -> Message:
        return self.say(data, src, dst, ports, "tcp", time)


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
def vector() -> Callable[[str], bytes]:
    """Octets of the self made chain by name."""
    values = json.loads((VECTORS / "chain.json").read_text())["values"]
    return lambda name: bytes.fromhex(values[name])


@pytest.fixture
def invite() -> Callable[..., str]:
    """Write an INVITE with so many Vias."""

    def write(
        call_id: str = "call1",
        cseq: int = 1,
        method: str = "INVITE",
        vias: tuple[str, ...] = ("z9hG4bKa",),
        extra: tuple[str, ...] = (),
        to_tag: str = "",
        user: str = "user1",
        body: str = "",
    ) -> str:
        lines = [
            f"{method} sip:service1@home1.net SIP/2.0",
            *(f"Via: SIP/2.0/UDP {UE};branch={via}" for via in vias),
            f"From: <sip:{user}@home1.net>;tag=1",
            f"To: <sip:service1@home1.net>{to_tag}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
            *extra,
        ]
        return "\n".join(lines) + "\n\n" + body

    return write


@pytest.fixture
def reply() -> Callable[..., str]:
    """Write an answer to an INVITE."""

    def write(
        status: str = "200 OK",
        call_id: str = "call1",
        cseq: int = 1,
        method: str = "INVITE",
        vias: tuple[str, ...] = ("z9hG4bKa",),
    ) -> str:
        lines = [
            f"SIP/2.0 {status}",
            *(f"Via: SIP/2.0/UDP {UE};branch={via}" for via in vias),
            "From: <sip:user1@home1.net>;tag=1",
            "To: <sip:service1@home1.net>;tag=2",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
        ]
        return "\n".join(lines) + "\n\n"

    return write


def diameter(command: int, request: bool, hop_by_hop: int, avps: bytes = b"", application: int = 16777220) -> bytes:
    """Write a Diameter message by hand (RFC 6733 3)."""
    flags = 0xC0 if request else 0x40
    length = 20 + len(avps)
    return (
        bytes([1]) + length.to_bytes(3, "big") + bytes([flags]) + command.to_bytes(3, "big")
        + application.to_bytes(4, "big") + hop_by_hop.to_bytes(4, "big") + hop_by_hop.to_bytes(4, "big") + avps
    )  # fmt: skip


def avp(code: int, data: bytes, vendor: int | None = None) -> bytes:
    """Write an AVP (RFC 6733 4.1), padded."""
    flags = 0x40 | (0x80 if vendor is not None else 0)
    head = code.to_bytes(4, "big") + bytes([flags])
    extra = b"" if vendor is None else vendor.to_bytes(4, "big")
    length = 8 + len(extra) + len(data)
    return head + length.to_bytes(3, "big") + extra + data + b"\0" * (-len(data) % 4)


@pytest.fixture
def zn() -> Callable[..., bytes]:
    """Write a Bootstrapping-Info request or answer."""

    def write(request: bool, hop_by_hop: int = 7, **fields: bytes) -> bytes:
        codes = {"b_tid": (401, 10415), "naf_id": (402, 10415), "me_key": (405, 10415), "uicc_key": (406, 10415),
                 "expiry": (404, 10415), "user": (1, None), "result": (268, None)}  # fmt: skip
        return diameter(
            310,
            request,
            hop_by_hop,
            b"".join(avp(codes[name][0], value, codes[name][1]) for name, value in fields.items()),
        )

    return write

"""The optional engine: what our own readers cannot open is read by tshark, driven by pyshark.

pyshark, and what it needs, is imported when it is used and only here. It runs its own event loop, which no thread
may nest in another: so it gets a thread of its own, and whoever calls may have a loop running or not.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from analyzer.capture.reader import STDIN, CaptureError
from dissectors import Leg, Payload, by_name

PROTOCOLS = ("sip", "http", "diameter", "mikey")  # that we ask tshark for
TRANSPORTS = ("udp", "tcp", "sctp")
NETWORKS = ("ip", "ipv6")
IN_TLS = {"sip": (5061,), "http": (443,), "diameter": (5658,)}  # RFC 3261 18, 9110 4.2.2, 6733 13.1
GUESSES_DIAMETER = "rdpmt"  # a protocol in TLS that tshark tells by two octets, which Diameter begins with too
SECURED = {"tls": "TLS", "dtls": "DTLS"}  # that are named as tunnels of a leg
IN_DTLS = "data"  # what DTLS held where tshark reads it no further: of ours it takes Diameter alone from there
TREE_WITHIN = 30  # seconds that tshark has to show a frame
MAX_TREE = 4 * 1024 * 1024  # octets of a frame's tree that are shown
CUT_SHORT = "cut short"  # what tshark says of a file that ends within a packet

# Bodies as they were sent: what tshark takes apart it leaves out of the octets of a message
UNTOUCHED = {"http.dechunk_body": "FALSE", "http.decompress_body": "FALSE"}

HEAD_ENDS = b"\r\n\r\n"

INSTALL = (
    "tshark is not installed: install it (Debian and Ubuntu: apt install tshark; Fedora: dnf install wireshark-cli; "
    "macOS: brew install wireshark), or read with the native engine"
)
INSTALL_PYSHARK = "pyshark is not installed: pip install pyshark, or read with the native engine"


class TsharkError(Exception):
    """tshark cannot do what was asked: it is missing, or its key log is, or it took too long."""


def read_with_tshark(
    path: str, index: int, *, keylog: Path | None = None, ports: Mapping[str, tuple[int, ...]] | None = None
) -> Iterator[Payload]:
    """Yield the messages that tshark finds in a capture, TLS opened with a key log where there is one.

    `ports` are those that the user named, by protocol: what is in TLS there is of it.
    `frames` is the frame that completed a message alone. Raises TsharkError when tshark is missing or the key log
    is, CaptureError when tshark cannot read the capture.
    """
    program = _program(path)
    if keylog is not None and not keylog.is_file():
        raise TsharkError(f"{keylog}: there is no such key log")
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    with ThreadPoolExecutor(1, "tshark") as thread:
        payloads = thread.submit(_read, program, path, index, keylog, ports or {}).result()
    yield from payloads


def frame_tree(path: str, frame: int, keylog: Path | None = None) -> str:
    """Return Wireshark's own tree of one frame as text; raises TsharkError."""
    program = _program(path)
    command = [program, "-n", "-r", path, "-c", str(frame), "-Y", f"frame.number=={frame}", "-V"]
    if keylog is not None:
        command += ["-o", f"tls.keylog_file:{keylog}"]
    try:
        done = subprocess.run(  # noqa: S603  # the tshark of the user's PATH, and no shell
            command, capture_output=True, check=False, timeout=TREE_WITHIN, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise TsharkError(f"{path}: tshark did not show frame {frame} within {TREE_WITHIN} s") from None
    except OSError as error:
        raise TsharkError(f"tshark cannot be run: {error.strerror or error}") from None
    shown = done.stdout[:MAX_TREE].decode("utf-8", "backslashreplace").rstrip()
    if not shown:
        said = done.stderr.decode("utf-8", "backslashreplace").strip().splitlines()
        raise TsharkError(f"{path}: {said[-1]}" if done.returncode and said else f"{path}: there is no frame {frame}")
    return shown


def _program(path: str) -> str:
    program = shutil.which("tshark")
    if program is None:
        raise TsharkError(INSTALL)
    if path == STDIN:
        raise TsharkError("tshark reads files only: save standard input to one first")
    return program


def _read(
    program: str, path: str, index: int, keylog: Path | None, ports: Mapping[str, tuple[int, ...]]
) -> list[Payload]:
    """Run in a thread without an event loop."""
    import asyncio  # noqa: PLC0415

    try:
        import pyshark  # noqa: PLC0415  # slow, and optional
    except ImportError:
        raise TsharkError(INSTALL_PYSHARK) from None

    class Reading(pyshark.FileCapture):  # type: ignore[misc]  # pyshark has no types
        """pyshark kills a tshark whose output has ended and takes what comes of it for the exit code: wait instead."""

        async def _cleanup_subprocess(self, process: Any) -> None:
            if not self._eof_reached and process.returncode is None:
                process.kill()
            code = await process.wait()
            await asyncio.gather(*self._stderr_handling_tasks)
            self._running_processes.discard(process)
            said = self._last_error_line or f"it ended with code {code}"
            if self._eof_reached and code and CUT_SHORT not in said:  # our own reader tells where such a file ends
                raise CaptureError(path, 0, f"tshark cannot read it: {said}")

    payloads: list[Payload] = []
    loop = asyncio.new_event_loop()
    try:
        capture = Reading(
            path,
            use_json=True,
            include_raw=True,
            keep_packets=False,
            display_filter=" or ".join(PROTOCOLS) + f" or (dtls and {IN_DTLS})",
            decode_as={
                f"{layer}.port=={port}": protocol
                for protocol, usual in IN_TLS.items()
                for port in (*usual, *ports.get(protocol, ()))
                for layer in (("tls", "dtls") if protocol == "diameter" else ("tls",))
            },
            disable_protocol=GUESSES_DIAMETER,
            override_prefs=UNTOUCHED | ({} if keylog is None else {"tls.keylog_file": str(keylog)}),
            tshark_path=program,
            eventloop=loop,
        )
        with capture:
            for packet in capture:
                payloads += _payloads(packet, index)
    except FileNotFoundError:
        raise CaptureError(path, 0, "there is no such file") from None
    except (ValueError, LookupError, AttributeError) as error:
        raise CaptureError(path, 0, f"what tshark says of it cannot be read: {error}") from None
    finally:
        loop.close()
    return payloads


def _payloads(packet: Any, index: int) -> Iterator[Payload]:
    """The messages that a packet of pyshark completes, with the addresses of the innermost headers.

    Their leg says whether they were in TLS.
    """
    protocols = str(packet.frame_info.protocols).split(":")
    network = next((name for name in reversed(protocols) if name in NETWORKS), None)
    transport = next((name for name in reversed(protocols) if name in TRANSPORTS), None)
    wanted = (*PROTOCOLS, IN_DTLS) if "dtls" in protocols else PROTOCOLS
    protocol = next((name for name in protocols if name in wanted), None)  # the others lie within it
    if network is None or transport is None or protocol is None or f"{protocol}_raw" not in packet:
        return
    addresses, ports = _innermost(packet, network), _innermost(packet, transport)
    leg = Leg(tunnels=tuple(SECURED[name] for name in dict.fromkeys(protocols) if name in SECURED))
    seconds, _, fraction = str(packet.sniff_timestamp).partition(".")
    for data in _messages(packet, protocol):
        yield Payload(
            data=data,
            transport=transport,
            src=str(addresses.get_field("src")),
            sport=int(str(ports.get_field("srcport"))),
            dst=str(addresses.get_field("dst")),
            dport=int(str(ports.get_field("dstport"))),
            capture=index,
            frame=int(packet.number),
            time=int(seconds) * 1_000_000_000 + int(fraction.ljust(9, "0")[:9]),
            frames=(int(packet.number),),
            leg=leg,
        )


def _innermost(packet: Any, name: str) -> Any:
    layer = packet[name]
    return layer.duplicate_layers[-1] if layer.duplicate_layers else layer


def _messages(packet: Any, protocol: str) -> Iterator[bytes]:
    """The octets of each message of a protocol: tshark gives [hex, position, length, …], or a list of these."""
    first = packet[f"{protocol}_raw"]
    texts = (
        [first.value] if isinstance(first.value, str) else [first.value[0], *(x.value for x in first.duplicate_layers)]
    )
    before = b""
    for data in map(bytes.fromhex, texts):
        # Messages that follow within the same octets count as part of the first, and may be listed again
        if len(data) < len(before) and before.endswith(data):
            continue
        before = data
        alone = len(texts) == 1 and data.endswith(HEAD_ENDS)
        yield from _split(protocol, data + _body(packet, protocol) if alone else data)


def _body(packet: Any, protocol: str) -> bytes:
    """Return the body of an only message of HTTP: one that tshark reads further it leaves out of the message."""
    layer = packet[protocol]
    if protocol != "http" or layer.duplicate_layers or not layer.has_field("file_data_raw"):
        return b""
    told = layer.get_field("file_data_raw")  # [hex, position, length, …]
    return bytes.fromhex(str(told[0])) if isinstance(told, list) else b""


def _split(protocol: str, data: bytes) -> Iterator[bytes]:
    dissector = by_name(protocol)
    while data:
        size = dissector.length(data, True) if dissector is not None and dissector.length is not None else None
        yield data[: size or None]
        data = data[size:] if size else b""

"""Vectors, payloads, parsers and the tshark oracle that several tests here use."""

import json
import shutil
import struct
import subprocess
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from defusedxml.ElementTree import fromstring

from dissectors import Field, Message, Payload, tree
from dissectors.cursor import Cursor, Malformed

VECTORS = Path(__file__).parents[1] / "vectors"
UDP, TCP = 17, 6
SIGN = 4  # the MIKEY payload that is always the last and has no next payload octet
IP_HEADER, LINKTYPE_RAW = 20, 101
PREFIXES = {
    "rtp": ("rtp.", "srtp."),
    "rtcp": ("rtcp.", "srtcp."),
    "alc": ("alc.", "rmt-"),
}  # of field names that are not the protocol's


class Shown(NamedTuple):
    """A field as tshark shows it: its octets in the message, and its value as text."""

    name: str
    start: int
    end: int
    show: str


class Asked(NamedTuple):
    """A message as tshark sees it: its octets and its fields in their order."""

    octets: bytes
    fields: list[Shown]


@pytest.fixture(scope="session")
def value() -> Callable[[str], bytes]:
    """Octets of the self made chain from K to SRTP, by name."""
    values = json.loads((VECTORS / "chain.json").read_text())["values"]
    return lambda name: bytes.fromhex(values[name])


@pytest.fixture(scope="module")
def parser(request: pytest.FixtureRequest) -> Callable[[Cursor], Any]:
    """The `parse` of the dissector that a test file is named after."""
    parse: Callable[[Cursor], Any] = import_module(f"dissectors.{request.path.stem.removeprefix('test_')}").parse
    return parse


@pytest.fixture(scope="module")
def read(parser: Callable[[Cursor], Any]) -> Callable[[bytes], Any]:
    """Parses octets."""
    return lambda data: parser(Cursor(data))


@pytest.fixture(scope="module")
def broken(parser: Callable[[Cursor], Any]) -> Callable[..., Malformed]:
    """Gives the error that octets raise in the parser, or in another `reader`."""

    def fail(data: bytes, reader: Callable[[Cursor], Any] = parser) -> Malformed:
        with pytest.raises(Malformed) as caught:
            reader(Cursor(data))
        return caught.value

    return fail


@pytest.fixture(scope="module")
def outcome(parser: Callable[[Cursor], Any]) -> Callable[[Cursor], tuple[object, str]]:
    """Gives what the parser makes of the octets of a cursor; anything but Malformed is a bug and raises."""

    def made(cursor: Cursor) -> tuple[object, str]:
        try:
            return parser(cursor), ""
        except Malformed as error:
            return error.partial, str(error)

    return made


@pytest.fixture(scope="session")
def named() -> Callable[[Message, str], list[Any]]:
    """Gives the values of all fields of a name in a message."""
    return lambda message, name: [
        field.value for outer in tree(message) for field in outer.walk() if field.name == name
    ]


@pytest.fixture(scope="session")
def payload() -> Callable[..., Payload]:
    """Makes a payload of octets: a datagram to the MIKEY port unless told otherwise."""

    def make(data: bytes, transport: str = "udp", sport: int = 40000, dport: int = 2269) -> Payload:
        return Payload(data, transport, "10.0.0.1", sport, "10.0.0.2", dport, 0, 1, 0, (1,))

    return make


@pytest.fixture(scope="session")
def header() -> Callable[..., bytes]:
    """Makes a MIKEY header."""

    def make(following: int, data_type: int = 0, third: int = 0, count: int = 0, map_type: int = 1) -> bytes:
        return bytes((1, data_type, following, third)) + bytes.fromhex("c0ffee01") + bytes((count, map_type))

    return make


@pytest.fixture(scope="session")
def chained(header: Callable[..., bytes]) -> Callable[..., bytes]:
    """Makes a MIKEY message with an empty map: each payload as its type and what follows its next payload octet."""

    def make(*payloads: tuple[int, bytes], data_type: int = 0) -> bytes:
        types = [kind for kind, _ in payloads] + [0]
        found = header(types[0], data_type)
        for (kind, octets), following in zip(payloads, types[1:], strict=True):
            found += octets if kind == SIGN else bytes((following,)) + octets
        return found

    return make


@pytest.fixture(scope="session")
def leaves() -> Callable[[Message], list[Field]]:
    """Gives the fields of a message that have no children, after checking that they cover it octet by octet.

    Values of some bits each stand side by side over the same octets.
    """

    def ends(fields: tuple[Field, ...], start: int) -> int:
        before = (start, start)
        for field in fields:
            span = (field.start, field.end)
            assert field.start == before[1] or span == before, f"{field.name} {span} after {before}"
            assert field.start <= field.end
            if field.children:
                assert ends(field.children, field.start) == field.end, field.name
            before = span
        return before[1]

    def check(message: Message) -> list[Field]:
        fields = tree(message)
        assert ends(fields, 0) == len(message.payload.data)
        return [leaf for field in fields for leaf in field.walk() if not leaf.children]

    return check


@pytest.fixture(scope="session")
def tshark() -> str:
    """Where tshark is."""
    found = shutil.which("tshark")
    if found is None:
        pytest.skip("tshark is not installed")
    return found


@pytest.fixture(scope="session")
def tshark_fields(tshark: str) -> dict[str, str]:
    """The types of all fields and protocols that tshark knows, by name."""
    listed = subprocess.run([tshark, "-G", "fields"], capture_output=True, check=True, timeout=60, text=True).stdout
    rows = (line.split("\t") for line in listed.splitlines())
    return {row[2]: row[3] if row[0] == "F" else "FT_PROTOCOL" for row in rows}


@pytest.fixture(scope="session")
def captured(tshark: str) -> Callable[..., list[Asked]]:
    """Asks tshark for all messages of one protocol in a pcap file."""

    def ask(capture: Path, protocol: str, *options: str) -> list[Asked]:
        if not capture.exists():
            pytest.skip(f"{capture.name} is not here")
        command = [tshark, "-n", "-r", str(capture), "-T", "pdml", *options]
        pdml = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
        packets = fromstring(pdml).findall("packet")
        return [
            _asked(proto, record, protocol)
            for packet, record in zip(packets, _records(capture.read_bytes()), strict=True)
            for proto in packet.findall(f".//proto[@name='{protocol}']")
        ]

    return ask


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory, captured: Any) -> Callable[..., list[Asked]]:
    """Asks tshark what it reads in the payloads given."""

    def ask(protocol: str, payloads: list[Payload], *options: str) -> list[Asked]:
        capture = tmp_path_factory.mktemp("oracle") / "asked.pcap"
        capture.write_bytes(_pcap(payloads))
        asked: list[Asked] = captured(capture, protocol, *options)
        return asked

    return ask


def _asked(proto: Any, record: bytes, protocol: str) -> Asked:
    first, size = int(proto.get("pos")), int(proto.get("size"))
    prefixes = PREFIXES.get(protocol, (f"{protocol}.",))
    fields = []
    for field in proto.iter("field"):
        start, octets = int(field.get("pos")) - first, int(field.get("size"))
        if octets and field.get("name", "").startswith(prefixes):  # without octets it is tshark's own finding
            fields.append(Shown(field.get("name"), start, start + octets, field.get("show")))
    return Asked(record[first : first + size], fields)


def _records(capture: bytes) -> list[bytes]:
    order = "<" if capture[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    found, at = [], 24
    while at < len(capture):
        (size,) = struct.unpack_from(f"{order}I", capture, at + 8)
        found.append(capture[at + 16 : at + 16 + size])
        at += 16 + size
    return found


def _pcap(payloads: list[Payload]) -> bytes:
    records = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, LINKTYPE_RAW)]
    sequence = 1
    for payload in payloads:
        data = payload.data
        if payload.transport == "udp":
            segment = struct.pack("!HHHH", payload.sport, payload.dport, 8 + len(data), 0) + data
        else:
            segment = (
                struct.pack("!HHIIBBHHH", payload.sport, payload.dport, sequence, 1, 0x50, 0x18, 8192, 0, 0) + data
            )
            sequence += len(data)
        number = UDP if payload.transport == "udp" else TCP
        ends = bytes(map(int, payload.src.split("."))) + bytes(map(int, payload.dst.split(".")))
        header = struct.pack("!BBHHHBBH", 0x45, 0, IP_HEADER + len(segment), 0, 0, 64, number, 0) + ends
        packet = header + segment
        records.append(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)
    return b"".join(records)


@pytest.fixture(scope="session")
def agrees() -> Callable[..., Any]:
    """Checks that every field that tshark shows is there, over the same octets and with the same value."""

    def check(message: Message, shown: list[Shown], unlike: frozenset[str] = frozenset()) -> None:
        ours: dict[tuple[str, int, int], list[Any]] = {}
        for outermost in tree(message):
            for field in outermost.walk():
                ours.setdefault((field.name, field.start, field.end), []).append(field)
        assert len([field for field in shown if field.name not in unlike]) > 4
        for theirs in shown:
            if theirs.name in unlike:
                continue
            same = ours.get(theirs[:3])
            assert same, f"no {theirs}"
            assert any(_same(field, theirs.show) for field in same), f"{theirs}, not {same}"

    return check


def _same(field: Field, show: str) -> bool:
    if not show or field.children:  # a group has no value of its own there
        return True
    if isinstance(field.value, bytes):
        return bytes.fromhex(show.replace(":", "")) == field.value
    return field.value == (show if isinstance(field.value, str) else int(show, 0))

"""Write docs/wireshark.md: `python -m sample_pcaps.wireshark`, what we and Wireshark say of the same octets, by field.

Compared are the samples, and the captures of real networks where they lie beside the project. Read the difference
before you keep it: a field of both that is not told alike is a mistake, or stands in `UNLIKE` with its reason.
"""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from defusedxml.ElementTree import fromstring

from analyzer.analysis import analyse
from analyzer.capture.case import find_cases
from analyzer.correlate import bodies
from dissectors import Field, Message, tree
from sample_pcaps import forge_tls
from sample_pcaps.casebook import cases
from sample_pcaps.forge import Tape, pcap
from sample_pcaps.make import CAPTURE, FOLDER

DOCUMENT = FOLDER.parent / "docs" / "wireshark.md"
REAL = FOLDER.parents[1] / "shared" / "captures"
TSHARK = shutil.which("tshark")
PROTOCOLS = frozenset({"sip", "http", "sdp", "mikey", "diameter"})  # messages of these are paired, frame by frame
RECORDS = frozenset({"tls", "dtls"})  # of these it is told only whether a frame has any: tshark counts records
FAMILIES = (*sorted(PROTOCOLS), *sorted(RECORDS), "mime_multipart")  # how the names begin that are compared
OPTIONS = ("-o", "esp.enable_null_encryption_decode_heuristic:TRUE")  # as keyshark does without being told
SAMPLES_HEADING, REAL_HEADING = "## The samples", "## Captures of real networks"

# Names that Wireshark 4.0 uses for something else than the octets they name; each says what.
UNLIKE = {
    "diameter.avp.unknown": "there not for AVPs of applications that keyshark does not read, such as Gx",
    "http.request": "a flag there, the request line here",
    "http.response": "a flag there, the status line here",
    "http.request.uri.path": "there only where a query follows",
    "sip.Via.rport": "the name of a flag without a value there",
    "sip.from.addr": "there also for a Public-Identity of Diameter",
    "sdp.media.format": "a payload type twice there, as a name and as a number",
    "sdp.media_attribute.value": "not there for attributes that it takes apart further, like rtpmap",
    "mikey.kemac.key_data": "there not where the KEMAC is not encrypted: the keys stand in its place",
    "mikey.next_payload": "there also of the keys in a KEMAC that is not encrypted, here a message of their own",
    "mikey.sp.param": "there only parameters that Wireshark does not know",
    "dtls.alert_message": "of an encrypted alert two octets there",
    "tls.record.content_type": "of application data there in the frame with which the record ends",
    "tls.record": "of application data the header alone here",
    "tls.handshake.extension.data": "there only of extensions that Wireshark takes no further apart",
    "mime_multipart.part": "with the headers of the part there",
}

# Of a grouped AVP that it knows and we do not Wireshark shows the AVPs inside as well: ours are among them.
UNKNOWN = "diameter.avp.unknown"
INSIDE_UNKNOWN = ("diameter.avp", "diameter.flags.mandatory", "diameter.flags.vendorspecific")
# Messages that only one of the two sees, by what says so; each says why.
UNPAIRED = {
    ("http", "theirs"): "a TCP segment that was sent again: Wireshark reads what is in it again",
    ("dtls", "theirs"): "a datagram that begins with application data",
    ("tls", "ours"): "the header of application data stands in the frame with which the record begins",
    ("tls", "theirs"): "of application data keyshark shows the header of the first record of each direction",
    ("sdp", "theirs"): "in a Codec-Data AVP of Rx, an application that keyshark does not read",
}


class Theirs(NamedTuple):
    """A field of tshark: how it reads, its octets in hex, how many they are."""

    show: str
    octets: str | None
    size: int


class Ours(NamedTuple):
    """A field of ours with its octets."""

    field: Field
    octets: bytes


@dataclass(slots=True)
class Seen:
    """What one side sees in a frame: messages by protocol, fields by name in their order."""

    protocols: Counter[str] = field(default_factory=Counter)
    fields: defaultdict[str, list[Ours | Theirs]] = field(default_factory=lambda: defaultdict(list))


Frames = Mapping[int, Seen]


class Difference(NamedTuple):
    """A field of both that is not told alike."""

    capture: str
    frame: int
    name: str
    ours: list[Ours | Theirs]
    theirs: list[Ours | Theirs]


@dataclass(slots=True)
class Agreement:
    """How many values of each name were compared and the same, what was not, and what only one side has.

    `findings` are fields of tshark without octets: what it concludes. `unlike` are frames with fields of `UNLIKE` that
    are told otherwise, `unpaired` those with messages of a protocol that only "ours" or "theirs" has.
    """

    captures: int = 0
    same: Counter[str] = field(default_factory=Counter)
    differing: list[Difference] = field(default_factory=list)
    ours: Counter[str] = field(default_factory=Counter)
    theirs: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    unlike: Counter[str] = field(default_factory=Counter)
    unpaired: Counter[tuple[str, str]] = field(default_factory=Counter)


def version() -> str:
    """Return the version of tshark, "" where there is none."""
    if TSHARK is None:
        return ""
    told = subprocess.run([TSHARK, "--version"], capture_output=True, check=True, text=True).stdout
    return told.split(maxsplit=2)[2].split(maxsplit=1)[0] if told.startswith("TShark (Wireshark)") else ""


def seen_by_tshark(capture: Path) -> dict[int, Seen]:
    """Return what tshark shows, by frame."""
    command = [str(TSHARK), "-n", *OPTIONS, "-r", str(capture), "-T", "pdml", "-J", " ".join(FAMILIES)]
    pdml = subprocess.run(command, capture_output=True, check=True, timeout=120).stdout
    found: dict[int, Seen] = {}
    for number, packet in enumerate(fromstring(pdml).findall("packet"), 1):
        seen = found[number] = Seen(Counter(proto.get("name", "") for proto in packet.iter("proto")))
        for each in packet.iter("field"):
            shown = Theirs(each.get("show", ""), each.get("value"), int(each.get("size", 0)))
            seen.fields[each.get("name", "")].append(shown)
    return found


def seen_by_us(capture: Path) -> dict[int, Seen]:
    """Return the same of our messages; of what only a key opens, and of objects of FLUTE, tshark can know nothing."""
    (case,) = find_cases([str(capture)])
    found: defaultdict[int, Seen] = defaultdict(Seen)
    analysis = analyse(case)
    for message in analysis.messages:
        if bodies.is_object(message) or (analysis.keyring.esp and "ESP" in message.payload.leg.tunnels):
            continue  # of pieces that tshark does not put together, or under keys that it was not given
        for part in message.walk():
            _add(found[message.frame], part)
    return dict(found)


def _add(seen: Seen, message: Message) -> None:
    for outermost in tree(message):
        for each in outermost.walk():
            seen.fields[each.name].append(Ours(each, message.payload.data[each.start : each.end]))
    # HTTP/2 is written anew where a connection is followed: those octets never were in a frame
    seen.protocols["http2" if "http2.stream" in seen.fields else message.protocol] += 1


def agree(ours: Ours, theirs: Theirs) -> bool:
    """Say whether two fields have the same value."""
    value = ours.field.value
    if not theirs.show:  # a group
        return len(ours.octets) == theirs.size
    if ours.octets.hex() == theirs.octets:
        return True
    if isinstance(value, bytes):
        return theirs.show.replace(":", "") == value.hex()
    return theirs.show in (str(value), hex(value) if isinstance(value, int) else "")


def alike(ours: Sequence[Ours | Theirs], theirs: Sequence[Ours | Theirs]) -> bool:
    """Say whether all fields of a name in a frame have the same values, in the same order."""
    return len(ours) == len(theirs) and all(
        isinstance(one, Ours) and isinstance(other, Theirs) and agree(one, other)
        for one, other in zip(ours, theirs, strict=True)
    )


def among(ours: Iterable[Ours | Theirs], theirs: Iterable[Ours | Theirs]) -> bool:
    """Say whether all of ours are among theirs, in their order."""
    left = iter(theirs)
    return all(any(alike([one], [other]) for other in left) for one in ours)


def compare(captures: Mapping[str, tuple[Frames, Frames]]) -> Agreement:
    """Hold what we see in captures, by their names, against what tshark sees there."""
    found = Agreement(len(captures))
    here = {name for ours, _ in captures.values() for seen in ours.values() for name in seen.fields}
    there = {name for _, theirs in captures.values() for seen in theirs.values() for name in seen.fields}
    both = sorted(here & there)
    for capture, (ours, theirs) in captures.items():
        for frame in sorted(theirs.keys() | ours.keys()):
            one, other = ours.get(frame, Seen()), theirs.get(frame, Seen())
            apart = _unpaired(one, other)
            found.unpaired.update(apart)
            if not apart:
                _compare_frame(found, capture, frame, both, one, other)
                found.ours.update({name: len(one.fields[name]) for name in one.fields.keys() - there if _ours(name)})
                _count_theirs(found, other, here)
    return found


def _unpaired(ours: Seen, theirs: Seen) -> list[tuple[str, str]]:
    here = {name: ours.protocols[name] for name in PROTOCOLS} | {name: name in ours.protocols for name in RECORDS}
    there = {name: theirs.protocols[name] for name in PROTOCOLS} | {name: name in theirs.protocols for name in RECORDS}
    return [(name, "ours" if here[name] > there[name] else "theirs") for name in here if here[name] != there[name]]


def _compare_frame(
    found: Agreement, capture: str, frame: int, names: Iterable[str], ours: Seen, theirs: Seen
) -> None:  # fmt: skip
    for name in names:
        here, there = ours.fields.get(name, []), theirs.fields.get(name, [])
        if alike(here, there) or (name.startswith(INSIDE_UNKNOWN) and ours.fields.get(UNKNOWN) and among(here, there)):
            found.same[name] += len(here)
        elif name in UNLIKE:
            found.unlike[name] += 1
        else:
            found.differing.append(Difference(capture, frame, name, here, there))


def _count_theirs(found: Agreement, theirs: Seen, here: set[str]) -> None:
    for name in theirs.fields.keys() - here:
        if name.partition(".")[0] in FAMILIES:
            octets = any(isinstance(each, Theirs) and each.size for each in theirs.fields[name])
            (found.theirs if octets else found.findings)[name] += len(theirs.fields[name])


def _ours(name: str) -> bool:
    return name.partition(".")[0] in FAMILIES


def samples() -> dict[str, Path]:
    """Return the captures of the samples by name."""
    return {name: FOLDER / name / CAPTURE for name in cases()}


def real() -> dict[str, Path]:
    """Return the captures of real networks, none where they are not beside the project."""
    return {path.name: path for path in sorted(REAL.glob("*.pcap*"))}


def forged(place: Path) -> dict[str, Path]:
    """Write and return captures of what no sample has: a session of DTLS 1.2, and one with connection ids."""
    session, tape = forge_tls.DatagramSession("bmsc.home1.net", "wireshark"), Tape()
    said = session.flights()
    said += [
        (True, session.data(b"OPTIONS sip:a@b SIP/2.0\r\n\r\n", by_client=True)),
        (True, session.close(by_client=True)),
    ]
    _send(tape, 40000, said)
    suite, version = forge_tls.ECDHE_ECDSA_AES_128_GCM, forge_tls.DTLS_1_2
    offer = forge_tls.client_hello(
        bytes(range(32)), [suite], [forge_tls.connection_id(b"\xaa\xbb")], cookie=b"", version=version
    )
    answer = forge_tls.server_hello(
        bytes(range(32, 64)), suite, [forge_tls.connection_id(b"\1\2\3\4")], version=version
    )
    finished = forge_tls.datagram_record(forge_tls.CHANGE, b"\1", number=1)
    _send(tape, 40001, [
        (True, forge_tls.datagram_record(22, forge_tls.datagram_handshake(forge_tls.CLIENT_HELLO, offer))),
        (False, forge_tls.datagram_record(22, forge_tls.datagram_handshake(forge_tls.SERVER_HELLO, answer))),
        (True, finished + forge_tls.connection_record(bytes(40), b"\1\2\3\4")),
    ])  # fmt: skip
    (place / "dtls.pcap").write_bytes(pcap(tape.sorted()))
    return {"dtls": place / "dtls.pcap"}


def _send(tape: Tape, port: int, said: Iterable[tuple[bool, bytes]]) -> None:
    for by_client, octets in said:
        ends = [("10.0.0.1", port), ("10.0.0.2", forge_tls.PORT)][:: 1 if by_client else -1]
        tape.add_udp(10**18 + len(tape.packets) * 10**6, *ends[0], *ends[1], octets)


def of_samples() -> Agreement:
    """Compare the samples, and what is forged beside them."""
    with TemporaryDirectory() as place:
        return agreement(samples() | forged(Path(place)))


def agreement(captures: Mapping[str, Path]) -> Agreement:
    """Compare captures; tshark runs beside us."""
    with ThreadPoolExecutor(2) as pool:
        theirs = pool.map(seen_by_tshark, captures.values())
        return compare(
            {name: (seen_by_us(path), shown) for (name, path), shown in zip(captures.items(), theirs, strict=True)}
        )


# ------------------------------------------------------------------------------------------------ the document

INTRODUCTION = """# What Wireshark says

Written by `python -m sample_pcaps.wireshark` with tshark {version}: every field that keyshark and Wireshark both name
in SIP, HTTP/1.1, SDP, MIKEY, Diameter, TLS, DTLS and multipart bodies, compared frame by frame and value by value.
What only Wireshark has depends on its version. HTTP/2 is not among it, as keyshark writes its messages anew, nor are
media and XML, for which the tests of their dissectors ask tshark.

## What Wireshark calls otherwise

Names that both have, and that are not always the same; where they are, they count as agreed.

| Field | Difference |
|---|---|
"""


def section(heading: str, found: Agreement) -> str:
    """Return what the comparison of some captures came to."""
    values, frames = sum(found.same.values()), sum(found.unlike.values())
    lines = [
        f"{heading}\n",
        f"{found.captures} captures, {values} values of {len(found.same)} fields agreed; {len(found.differing)} differ"
        f" without a reason, {frames} fields of frames are told otherwise for a reason.\n",
        *[
            f"* {count} frames with {protocol} that only {'keyshark' if side == 'ours' else 'Wireshark'} sees: "
            f"{UNPAIRED.get((protocol, side), 'not explained')}.\n"
            for (protocol, side), count in sorted(found.unpaired.items())
        ],
        *_table("Agreed, and told otherwise", ("values agreed", "frames told otherwise"), found.same, found.unlike),
        *_table("Differing", ("frames",), Counter(each.name for each in found.differing)),
        *_table("Ours only", ("fields",), found.ours),
        *_table("Theirs only", ("fields",), found.theirs),
        *_table("Findings of Wireshark, which have no octets", ("fields",), found.findings),
    ]
    return "\n".join(lines)


def _table(title: str, columns: Sequence[str], *counts: Counter[str]) -> Iterator[str]:
    names = sorted({name for count in counts for name in count if any(each[name] for each in counts)})
    yield f"### {title}\n"
    if not names:
        yield "None.\n"
        return
    yield "| Field | " + " | ".join(columns) + " |"
    yield "|---|" + "---:|" * len(columns)
    for name in names:
        yield f"| `{name}` | " + " | ".join(str(count[name] or "") for count in counts) + " |"
    yield ""


def document(samples_say: str, real_say: str) -> str:
    """Return the page of its two sections."""
    rows = "".join(f"| `{name}` | {reason} |\n" for name, reason in sorted(UNLIKE.items()))
    return f"{INTRODUCTION.format(version=version())}{rows}\n{samples_say}\n{real_say}"


def kept() -> str:
    """Return the section about captures of real networks as it stands in the document."""
    _, heading, rest = DOCUMENT.read_text(encoding="utf-8").partition(REAL_HEADING)
    return heading + rest


def page() -> str:
    """Return the page as it is today; where there are no real captures, what it said of them stays."""
    captures = real()
    of_real = section(REAL_HEADING, agreement(captures)) if captures else kept()
    return document(section(SAMPLES_HEADING, of_samples()), of_real)


if __name__ == "__main__":
    DOCUMENT.write_text(page(), encoding="utf-8")

"""The stage of a story: its nodes, its UEs, the clock, and how messages get from one node to another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address

from sample_pcaps import forge_http2, forge_tls, forge_websocket
from sample_pcaps import forge_text as text
from sample_pcaps.clock import MILLISECOND, START, Clock
from sample_pcaps.forge import LINK_ETHERNET, SECOND, Connection, Tape, pcapng
from sample_pcaps.forge_esp import Sa
from sample_pcaps.forge_keys import Vector, made_up, mrk_of, naf_key, opc_of
from sample_pcaps.forge_text import NO_EDIT, Edit, Edits
from sample_pcaps.forge_tuak import Sim, Tuak
from sample_pcaps.wire import KEYLOG, Wire

KEY_DOMAIN = bytes.fromhex("00f110")  # MCC 001, MNC 01
NEWS, SPORT = "urn:home1.net:mbms:news", "urn:home1.net:mbms:sport"
HTTP_PORT, SIP_PORT, MIKEY_PORT, DIAMETER_PORT = 80, 5060, 2269, 3868
PORTS = 25_000  # of clients, from 40000 on: then they begin anew, as a long story has more connections
DISCARD_PORT = 9
WEBSOCKET_PORT = 80
FIRST_SEQ = 65500  # near the end of the numbers: the ROC goes up in longer stories
HOUR = 3600.0  # s
INTEGRITY = {"md5": "hmac-md5-96", "sha1": "hmac-sha-1-96"}  # as a keyring calls them

BSF_FQDN = "bsf.home1.net"
BM_SC_FQDN = "bmsc.home1.net"
SCF_FQDN = "scf1.home1.net"
P_CSCF_FQDN = "pcscf.home1.net"
PSI = "sip:news@mbms.home1.net"


@dataclass(frozen=True)
class Addresses:
    """Where the nodes are."""

    ues: tuple[str, ...]
    p_cscf: str
    scf: str
    bm_sc: str
    bsf: str
    group: str

    def ue(self, number: int) -> str:
        """Return the address of a UE, from 1 on: beyond those named they go on upwards."""
        return str(ip_address(self.ues[0]) + number - 1)


IPV4 = Addresses(("10.1.0.11", "10.1.0.12", "10.1.0.13"), "10.2.0.1", "10.3.0.1", "10.4.0.1", "10.5.0.1", "239.1.2.3")
IPV6 = Addresses(
    ("2001:db8:1::11", "2001:db8:1::12", "2001:db8:1::13"),
    "2001:db8:2::1", "2001:db8:3::1", "2001:db8:4::1", "2001:db8:5::1", "ff0e::1:2:3",
)  # fmt: skip


@dataclass(frozen=True)
class Gba:
    """One bootstrapping as both ends remember it; `lifetime` in ns since 1970."""

    vector: Vector
    impi: str
    b_tid: str
    lifetime: int
    sim: Sim | None = None  # of 2G GBA, with its Ks-input
    ks_input: bytes = b""

    def naf_key(self, naf_fqdn: str, ua_id: bytes, label: str = "gba-me") -> bytes:
        return naf_key(self.vector.ks, self.vector.rand, self.impi, naf_fqdn, ua_id, label)

    def mrk(self, naf_fqdn: str, ua_id: bytes) -> bytes:
        return mrk_of(self.naf_key(naf_fqdn, ua_id))


@dataclass
class Dialog:
    """The SIP dialog of a UE with the SCF."""

    call_id: str
    ue_tag: str
    scf_tag: str = ""
    cseq: int = 0


@dataclass
class Ue:
    """A UE: who it is, and what it and the network remember of each other."""

    number: int
    impi: str
    impu: str
    ip: str
    k: bytes
    opc: bytes
    tuak: Tuak | None = None  # what its USIM runs, or Milenage; `opc` is TOPc then
    sqn: int = 32
    gba: list[Gba] = field(default_factory=list)
    tmpi: str | None = None
    dialog: Dialog | None = None
    registration: str = ""  # the Call-ID of the IMS registration
    nonces: dict[str, tuple[str, int]] = field(default_factory=dict)  # B-TID → (Ua nonce, last nc)
    counters: dict[str, int] = field(default_factory=dict)  # B-TID → last T of an MSK message
    known_to_scf: str | None = None  # the B-TID that the SCF has keys for
    used: str | None = None  # the B-TID of the last registration or request: what the BM-SC takes

    @property
    def name(self) -> str:
        return f"ue{self.number}"

    @property
    def last(self) -> Gba:
        return self.gba[-1]

    def of_b_tid(self, b_tid: str) -> Gba:
        return next(run for run in self.gba if run.b_tid == b_tid)


@dataclass
class Msk:
    """An MSK as the BM-SC holds it."""

    key_domain: bytes
    msk_id: bytes
    key: bytes = field(repr=False)
    rand: bytes
    seq: tuple[int, int]
    counter: int = 0  # last T of an MTK message under it


@dataclass(frozen=True)
class Mtk:
    msk_id: bytes
    mtk_id: int
    key: bytes = field(repr=False)
    salt: bytes = field(repr=False)

    @property
    def mki(self) -> bytes:
        return self.msk_id + self.mtk_id.to_bytes(2, "big")


class Stage(Clock):
    """Nodes, clock and wires; the steps of a story are built on it."""

    packet_number = FIRST_SEQ  # 2^16 * ROC + SEQ of the next media packet
    tls = False  # UEs speak TLS to the BM-SC
    ub_tls = False  # and to the BSF
    http2 = False  # UEs speak HTTP/2 to BSF and BM-SC
    websocket = False  # UEs speak SIP to the P-CSCF over WebSocket

    def __init__(
        self, name: str, *, by_sip: bool, ues: int = 1, ipv6: bool = False, start: int = START, tsi: int | None = None
    ) -> None:
        super().__init__(start)
        self.name = name
        self.tsi = tsi  # of the FLUTE session, where the service is a download
        self.by_sip = by_sip
        self.addresses = IPV6 if ipv6 else IPV4
        self.naf_fqdn = SCF_FQDN if by_sip else BM_SC_FQDN
        self.ua_id = bytes.fromhex("0100000004" if by_sip else "0100000003")
        self.services: tuple[str, ...] = (NEWS,)
        self.group_port = 5000
        self.tape = Tape()
        self.wrap: Callable[[bytes], Iterable[bytes]] = _as_it_is  # Ethernet frame → what the probe sees of it
        self.entry = "k"  # where the keyring enters the ladder: k, sim, ck, ks, muk, msk or mtk
        self.link = LINK_ETHERNET  # of the capture
        self.more: dict[str, bytes] = {}  # captures of other probes and a key log, by the names of their files
        self.associations: list[tuple[Sa, str, str]] = []  # of ESP, with source and destination; for the keyring
        self.ues = [self._ue(number) for number in range(1, ues + 1)]
        self.msks: dict[bytes, Msk] = {}
        self.mtks: dict[bytes, Mtk] = {}
        self._counts: dict[str, int] = {}
        self._sockets: dict[int, Wire] = {}

    def _ue(self, number: int) -> Ue:
        k = made_up(f"K {number}", 16)
        return Ue(
            number,
            f"user{number}_private@home1.net",
            f"sip:user{number}@home1.net",
            self.addresses.ue(number),
            k,
            opc_of(k, made_up("OP", 16)),
        )

    @property
    def ue(self) -> Ue:
        """The first UE, or the only one."""
        return self.ues[0]

    def linger(self, seconds: float) -> None:
        """Let time pass, and show that the capture went on: ends with a keep-alive of the first UE (UDP port 9)."""
        self.wait(seconds)
        self.tape.add_udp(self.tick(), self.ue.ip, DISCARD_PORT, self.addresses.p_cscf, DISCARD_PORT, b"keep-alive")

    def iso(self, time: int) -> str:
        """Return a time as an xs:dateTime in UTC."""
        return datetime.fromtimestamp(time // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    # -------------------------------------------------------------------------------------------- made up values

    def count(self, what: str) -> int:
        """Return 1, 2, 3 … for each kind of thing."""
        self._counts[what] = self._counts.get(what, 0) + 1
        return self._counts[what]

    def octets(self, what: str, length: int) -> bytes:
        """Return new octets each time, the same ones in each run; the name of the story does not matter."""
        return made_up(f"{what} {self.count(what)}", length)

    def token(self, what: str) -> str:
        return self.octets(what, 8).hex()

    # -------------------------------------------------------------------------------------------- wires

    def datagram(
        self, src: str, sport: int, dst: str, dport: int, payload: bytes, edit: Edit = NO_EDIT
    ) -> int:  # fmt: skip
        """Send one datagram after a tick; return when, also where the edit drops it."""
        self.now += round(edit.delay * SECOND)
        sent = self.tick() + round(edit.shift * SECOND)
        if not edit.drop:
            for n in range(edit.repeat + 1):
                when = sent + n * 500 * MILLISECOND
                self.tape.add_udp(when, edit.src or src, sport, edit.dst or dst, dport, edit.changed(payload))
        return sent

    def connect(self, client: str, server: str, port: int = HTTP_PORT) -> Wire:
        """Open a TCP connection, and TLS on it where UEs speak it."""
        of_ue = port == HTTP_PORT and client in {ue.ip for ue in self.ues}
        at_bsf = server == self.addresses.bsf
        secured = of_ue and (self.ub_tls if at_bsf else self.tls and server == self.addresses.bm_sc)
        number = self.count("port")
        wire = Wire(
            self,
            self.more,
            Connection(self.tape, client, 40000 + number % PORTS, server, forge_tls.PORT if secured else port),
        )
        wire.open()
        if self.http2 and of_ue:
            wire.talk = forge_http2.Talk()
        if secured:
            wire.secure(forge_tls.Session(BSF_FQDN if at_bsf else BM_SC_FQDN, str(number)))
        return wire

    def socket(self, ue: Ue) -> Wire:
        """Return the WebSocket between a UE and the P-CSCF (RFC 7118), opened when it is first asked for."""
        wire = self._sockets.get(ue.number)
        if wire is None:
            wire = self._sockets[ue.number] = self.connect(ue.ip, self.addresses.p_cscf, WEBSOCKET_PORT)
            key = self.octets("websocket key", 16)
            wire.send(forge_websocket.upgrade(P_CSCF_FQDN, key), by_client=True)
            wire.send(forge_websocket.accept(key), by_client=False)
            wire.send(forge_websocket.frame(forge_websocket.PING, b"alive"), by_client=False)
            answer = forge_websocket.frame(forge_websocket.PONG, b"alive", mask=self.octets("mask", 4))
            wire.send(answer, by_client=True)
        return wire

    # -------------------------------------------------------------------------------------------- results

    def cut(self, seconds: float) -> None:
        """Begin the capture so many seconds after the start of the story: what was before is lost."""
        self.tape.packets = [packet for packet in self.tape.packets if packet[0] >= START + round(seconds * SECOND)]

    def capture(self) -> bytes:
        """Return the story as a pcapng file, each packet as `wrap` sends it on."""
        return pcapng([(time, sent) for time, frame in self.tape.sorted() for sent in self.wrap(frame)], link=self.link)

    def secrets(self) -> dict[str, object]:
        """Return every key of the story, by UE and in all: what a keyring may be made of."""
        return {
            "ues": [
                {
                    "impi": ue.impi,
                    "impu": ue.impu,
                    "k": ue.k,
                    "opc": ue.opc,
                    "runs": [
                        {
                            "b_tid": run.b_tid,
                            "rand": run.vector.rand,
                            "res": run.vector.res,
                            "ck": run.vector.ck,
                            "ik": run.vector.ik,
                            "ks": run.vector.ks,
                            "naf_fqdn": self.naf_fqdn,
                            "ua_id": self.ua_id,
                            "ks_naf": run.naf_key(self.naf_fqdn, self.ua_id),
                            "ks_int_naf": run.naf_key(self.naf_fqdn, self.ua_id, "gba-u"),
                            "muk": run.naf_key(self.naf_fqdn, self.ua_id),
                            "mrk": run.mrk(self.naf_fqdn, self.ua_id),
                            "lifetime": run.lifetime,
                        }
                        for run in ue.gba
                    ],
                }
                for ue in self.ues
            ],
            "msks": [
                {"key_domain": msk.key_domain, "msk_id": msk.msk_id, "value": msk.key, "rand": msk.rand, "seq": msk.seq}
                for msk in self.msks.values()
            ],
            "mtks": [
                {
                    "key_domain": KEY_DOMAIN,
                    "msk_id": mtk.msk_id,
                    "mtk_id": mtk.mtk_id,
                    "value": mtk.key,
                    "salt": mtk.salt,
                }
                for mtk in self.mtks.values()
            ],
        }  # fmt: skip

    def keyring(self, *, runs: bool = False, msks: Sequence[bytes] = ()) -> str:
        """Return a keyring with K and OPc of each UE; with `runs` the RANDs, for a capture that lacks Ub.

        `msks` names MSKs to add outright.
        """
        return "\n".join(self._keyring(runs, msks)) + "\n"

    def _keyring(self, runs: bool, msks: Sequence[bytes]) -> Iterator[str]:
        yield "# Keys of this sample: made up, worth nothing."
        if KEYLOG in self.more:
            yield f'\n[tls]\nkeylog = "{KEYLOG}"'
        for ue in self.ues if self.entry not in ("msk", "mtk") else ():
            yield f'\n[[ue]]\nimpi = "{ue.impi}"\nimpu = ["{ue.impu}"]'
            if self.entry == "k":
                yield f'k = "{ue.k.hex()}"\nopc = "{ue.opc.hex()}"'
                if ue.tuak is not None:
                    yield f'algorithm = "tuak"\niterations = {ue.tuak.iterations}'
            for run in ue.gba if self.entry == "sim" else ():
                assert run.sim is not None
                kc, sres, ks_input = run.sim.kc.hex(), run.sim.sres.hex(), run.ks_input.hex()
                yield f'\n  [[ue.gba]]\n  b_tid = "{run.b_tid}"\n  kc = "{kc}"\n  sres = "{sres}"'
                yield f'  ks_input = "{ks_input}"\n  type = "2g"'
            for run in ue.gba if self.entry == "ks" else ():
                yield f'\n  [[ue.gba]]\n  b_tid = "{run.b_tid}"\n  ks = "{run.vector.ks.hex()}"'
            for run in ue.gba if self.entry == "ck" else ():
                ck, ik = run.vector.ck.hex(), run.vector.ik.hex()
                yield f'\n  [[ue.gba]]\n  b_tid = "{run.b_tid}"\n  ck = "{ck}"\n  ik = "{ik}"'
            for run in ue.gba if self.entry == "muk" else ():
                muk = run.naf_key(self.naf_fqdn, self.ua_id).hex()
                yield f'\n  [[ue.naf]]\n  fqdn = "{self.naf_fqdn}"\n  b_tid = "{run.b_tid}"\n  muk = "{muk}"'
            for run in ue.gba if runs else ():
                yield f'\n  [[ue.gba]]\n  b_tid = "{run.b_tid}"\n  rand = "{run.vector.rand.hex()}"'
                yield f"  lifetime = {self.iso(run.lifetime)}"
        for msk_id in msks or (self.msks if self.entry == "msk" else ()):
            msk = self.msks[msk_id]
            yield f'\n[[msk]]\nkey_domain = "{msk.key_domain.hex()}"\nmsk_id = "{msk_id.hex()}"'
            yield f'value = "{msk.key.hex()}"\nrand = "{msk.rand.hex()}"'
        for mtk in self.mtks.values() if self.entry == "mtk" else ():
            yield f'\n[[mtk]]\nkey_domain = "{KEY_DOMAIN.hex()}"\nmsk_id = "{mtk.msk_id.hex()}"'
            yield f'mtk_id = "{mtk.mki[4:].hex()}"\nvalue = "{mtk.key.hex()}"\nsalt = "{mtk.salt.hex()}"'
        for sa, src, dst in self.associations:
            yield f'\n[[esp.sa]]\nspi = {sa.spi:#x}\nsrc = "{src}"\ndst = "{dst}"'
            yield f'encryption = "{sa.cipher}"\nencryption_key = "{sa.cipher_key.hex()}"'
            yield f'integrity = "{INTEGRITY[sa.mac]}"\nintegrity_key = "{sa.mac_key.hex()}"'


def edit_of(edits: Edits | None, name: str) -> Edit:
    """Return the edit of a message of a step."""
    return (edits or {}).get(name, NO_EDIT)


def check_names(edits: Edits | None, names: Sequence[str]) -> None:
    """Refuse an edit for a message that the step does not send: a fault that changes nothing is none."""
    unknown = set(edits or {}) - set(names)
    if unknown:
        raise ValueError(f"no message named {', '.join(sorted(unknown))}; there are {', '.join(names)}")


def date(time: int) -> str:
    return datetime.fromtimestamp(time // SECOND, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")


def authorization(given: Mapping[str, str | None], *, bare: Sequence[str] = ("qop", "nc", "algorithm")) -> str:
    return "Digest " + text.directives(given, bare=bare)


def _as_it_is(frame: bytes) -> tuple[bytes, ...]:
    return (frame,)

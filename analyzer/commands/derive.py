"""`keyshark derive`: single steps of the key chain, from what is typed in to every value in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from analyzer.commands.drawing import drawn
from analyzer.commands.output import common, show
from analyzer.keys import aka, digest, gba, mikey, srtp, steps, tuak
from analyzer.keys.steps import Step
from analyzer.keys.tables import WrongValueError, octets
from analyzer.views import steps as view

Function = TypeVar("Function", bound=Callable[..., Any])

PROMPT, FILE = "-", "@"
BITS = 8
MAX_HEX_FILE = 1 << 20  # octets of a file with hex digits
MAX_BLOCKS = 4096
DEFAULT_UA_IDS = (gba.UA_HTTP, gba.UA_SIP, gba.UA_MBMS)
ENCODINGS = {"base64": "base64 of MRK", "raw": "MRK as octets", "hex": "MRK in hex"}

HELP = """Derive keys step by step, and show every value in between.

Octets are hex digits, of either case; spaces and colons do not matter. @FILE reads them from a file, and - asks for
them without showing what is typed.

This command shows keys: that is what it is for. What stands on a command line stays in the history of the shell and
can be seen in the list of processes; with real keys use @FILE or -.

\b
  keyshark derive milenage --k - --opc @opc.hex --rand 23553cbe9637a89d218ae64dae47bf35
  keyshark derive ks-naf --ks - --rand 2355… --impi user1_private@home1.net --fqdn bmsc.home1.net
"""


class Hex(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases only
    """Octets on the command line, in a file, or asked for; no message shows any of them."""

    name = "hex"

    def __init__(self, *lengths: int) -> None:
        self.parse = octets(*lengths)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, bytes):
            return value
        given = str(value)
        if given == PROMPT:
            asked = (param.name or "").replace("_", "-") if param is not None else "octets"
            given = click.prompt(asked, hide_input=True, err=True)
        elif given.startswith(FILE):
            given = self._file(given.removeprefix(FILE), param, ctx)
        try:
            return self.parse(given)
        except WrongValueError as wrong:
            reason = str(wrong)
        return self.fail(reason, param, ctx)

    def _file(self, path: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            with Path(path).open("rb") as file:
                return file.read(MAX_HEX_FILE).decode("ascii", "replace")
        except OSError as error:
            reason = f"{path} cannot be read: {error.strerror}"
        return self.fail(reason, param, ctx)


class Number(Hex):
    """An identifier or a counter of at most so many octets."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, int):
            return value
        found = super().convert(value, param, ctx)
        if len(found) > self.length:
            self.fail(f"has {len(found)} octets, at most {self.length} are allowed", param, ctx)
        return int.from_bytes(found, "big")


def step(name: str) -> Callable[[Callable[..., Iterable[Step]]], click.Command]:
    """Make a command of a function that yields steps: it gets --format, and its steps are shown."""

    def make(function: Callable[..., Iterable[Step]]) -> click.Command:
        @click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", help="Form [text].")
        @common
        def run(format_: str, **given: Any) -> None:
            try:
                found = tuple(function(**given))
            except ValueError as wrong:  # lengths that do not go together; no message of ours holds a value
                raise click.UsageError(str(wrong)) from None
            show(view.as_json(name, found) if format_ == "json" else drawn(view.table(found)))

        run.__doc__ = function.__doc__
        run.__click_params__ = [*getattr(run, "__click_params__", ()), *getattr(function, "__click_params__", ())]  # type: ignore[attr-defined]
        return command.command(name)(run)

    return make


def _sizes(name: str, lengths: tuple[int, ...], usual: int, what: str) -> Callable[[Function], Function]:
    choices = [str(length * BITS) for length in sorted(lengths)]
    return click.option(
        name, type=click.Choice(choices), default=str(usual * BITS), help=f"Bits of {what} [{usual * BITS}]."
    )


def _challenge(function: Function) -> Function:
    """Add what both algorithms of AKA take."""
    for decorate in (
        click.option("--auts", type=Hex(aka.AUTS_LENGTH), help="AUTS of a resynchronisation, to be checked."),
        click.option("--autn", type=Hex(aka.AUTN_LENGTH), help="AUTN of a challenge, to be checked."),
        click.option("--amf", type=Hex(2), help="AMF, for f1."),
        click.option("--sqn", type=Hex(aka.SQN_LENGTH), help="SQN, for f1."),
        click.option("--rand", type=Hex(16), required=True, help="RAND."),
    ):
        function = decorate(function)
    return function


def _one_operator_key(op: bytes | None, opc: bytes | None) -> None:
    if (op is None) == (opc is None):
        raise click.UsageError("give either --op or --opc")


def _f1_inputs(sqn: bytes | None, amf: bytes | None) -> None:
    if (sqn is None) != (amf is None):
        raise click.UsageError("f1 takes --sqn and --amf")


@click.group("derive", help=HELP)
def command() -> None:
    """Only holds its steps."""


@step("milenage")
@click.option("--k", type=Hex(16), required=True, help="K.")
@click.option("--op", type=Hex(16), help="OP of the operator.")
@click.option("--opc", type=Hex(16), help="OPc.")
@_challenge
def milenage(*, op: bytes | None, opc: bytes | None, **given: Any) -> Iterable[Step]:
    """AKA with Milenage: f1 to f5*, AUTN, AUTS, and the Kc and SRES of a SIM."""
    _one_operator_key(op, opc)
    _f1_inputs(given["sqn"], given["amf"])
    return steps.milenage(op=op, opc=opc, **given)


@step("tuak")
@click.option("--k", type=Hex(16, 32), required=True, help="K, of 16 or 32 octets.")
@click.option("--op", type=Hex(32), help="TOP of the operator.")
@click.option("--opc", type=Hex(32), help="TOPc.")
@_sizes("--mac-bits", tuak.MAC_LENGTHS, 8, "MAC")
@_sizes("--res-bits", tuak.RES_LENGTHS, 8, "RES")
@_sizes("--ck-bits", tuak.KEY_LENGTHS, 16, "CK")
@_sizes("--ik-bits", tuak.KEY_LENGTHS, 16, "IK")
@click.option("--iterations", type=click.IntRange(1, tuak.MAX_ITERATIONS), default=1, help="Rounds of Keccak-f [1].")
@_challenge
def of_tuak(*, op: bytes | None, opc: bytes | None, **given: Any) -> Iterable[Step]:
    """AKA with TUAK, with keys and answers of every size."""
    _one_operator_key(op, opc)
    _f1_inputs(given["sqn"], given["amf"])
    mac, *sizes = (int(given.pop(f"{name}_bits")) // BITS for name in ("mac", "res", "ck", "ik"))
    if mac != aka.MAC_LENGTH and (given["autn"] or given["auts"]):
        raise click.UsageError("AUTN and AUTS have a MAC of 64 bits")
    return steps.of_tuak(op=op, opc=opc, sizes=aka.Sizes(*sizes), mac=mac, **given)


@step("ks")
@click.option("--ck", type=Hex(*tuak.KEY_LENGTHS), help="CK.")
@click.option("--ik", type=Hex(*tuak.KEY_LENGTHS), help="IK.")
@click.option("--kc", type=Hex(8), help="Kc, for 2G GBA.")
@click.option("--sres", type=Hex(4), help="SRES, for 2G GBA.")
@click.option("--ks-input", type=Hex(gba.KS_INPUT_LENGTH), help="Ks-input, for 2G GBA: what follows AUTN in the nonce.")
@click.option("--rand", type=Hex(16), help="RAND; with --bsf it gives the B-TID.")
@click.option("--bsf", help="Name of the BSF.")
def of_ks(*, ck: bytes | None, ik: bytes | None, rand: bytes | None, bsf: str | None, **of_2g: Any) -> Iterable[Step]:
    """Ks of CK and IK, or that of 2G GBA of Kc, SRES, RAND and Ks-input; and the B-TID."""
    if ck is not None and ik is not None and not any(of_2g.values()):
        return steps.ks(ck=ck, ik=ik, rand=rand, bsf=bsf)
    if all(of_2g.values()) and rand is not None and ck is None and ik is None:
        return steps.ks_2g(rand=rand, bsf=bsf, **of_2g)
    raise click.UsageError("give --ck and --ik, or --kc, --sres, --ks-input and --rand")


@step("gba-digest")
@click.option("--h-a1", type=Hex(16, 32), required=True, help="H(A1) of the SIP Digest credentials.")
@click.option("--tls-mk-extr", type=Hex(48), required=True, help="TLS_MK_Extr, what the TLS connection of Ub exports.")
@click.option("--resp", type=Hex(16, 32), help="RESP, the digest of the UE's answer; with it Ks is made too.")
def of_gba_digest(**given: Any) -> Iterable[Step]:
    """passwd and Ks of GBA_Digest."""
    return steps.gba_digest(**given)


@step("ks-naf")
@click.option("--ks", type=Hex(32, 48, 64), required=True, help="Ks.")
@click.option("--rand", type=Hex(16), help="RAND of the bootstrapping.")
@click.option("--b-tid", help="B-TID, in the place of RAND.")
@click.option("--impi", required=True, help="IMPI.")
@click.option("--fqdn", required=True, help="FQDN of the NAF.")
@click.option(
    "--ua-id", type=Hex(5), multiple=True, default=DEFAULT_UA_IDS,
    help="Ua security protocol; repeatable [0100000003, 0100000004, 0100000001].",
)  # fmt: skip
def of_naf(*, rand: bytes | None, b_tid: str | None, ua_id: tuple[bytes, ...], **given: Any) -> Iterable[Step]:
    """Keys of a NAF, and what they are as MUK and MRK with GBA_ME and GBA_U."""
    found = gba.rand_of(b_tid) if rand is None and b_tid is not None else rand
    if found is None:
        raise click.UsageError("give --rand, or a --b-tid that holds one")
    return steps.ks_naf(rand=found, ua_ids=ua_id, **given)


@step("mrk")
@click.option("--ks-naf", type=Hex(32), required=True, help="Ks_NAF, or Ks_ext_NAF where the ME does MBMS.")
def of_mrk(*, ks_naf: bytes) -> Iterable[Step]:
    """MRK, and the password that is made of it."""
    return steps.mrk(ks_naf=ks_naf)


@step("digest")
@click.option("--username", required=True, help="User name: IMPI on Ub, B-TID on Ua.")
@click.option("--realm", required=True, help="Realm.")
@click.option("--password", help="Password as text.")
@click.option("--mrk", type=Hex(32), help="MRK: each way to write it as a password is tried.")
@click.option("--res", type=Hex(), help="RES of Digest AKA; with AKAv2 --ck and --ik are needed too.")
@click.option("--ck", type=Hex(*tuak.KEY_LENGTHS), help="CK, for AKAv2.")
@click.option("--ik", type=Hex(*tuak.KEY_LENGTHS), help="IK, for AKAv2.")
@click.option("--method", default="GET", help="Method [GET].")
@click.option("--uri", required=True, help="The uri directive, as sent.")
@click.option("--nonce", required=True, help="Nonce, as sent.")
@click.option("--qop", default="", help="auth, auth-int, or nothing.")
@click.option("--nc", default="", help="Nonce count, as sent.")
@click.option("--cnonce", default="", help="Nonce of the client.")
@click.option("--algorithm", default="MD5", help="Algorithm [MD5].")
@click.option("--body", type=click.File("rb"), help="File with the body of the request, for auth-int.")
@click.option("--answer", type=click.File("rb"), help="File with the body of the answer, for rspauth.")
def of_digest(**given: Any) -> Iterable[Step]:
    """HTTP Digest, with text, MRK, or RES of Digest AKA as password."""
    if not digest.supported(given["algorithm"]):
        raise click.UsageError(f"algorithm {given['algorithm']} is not supported")
    passwords = _passwords(
        given["algorithm"], **{name: given.pop(name) for name in ("password", "mrk", "res", "ck", "ik")}
    )
    body, answer = (None if (file := given.pop(name)) is None else file.read() for name in ("body", "answer"))
    return steps.of_digest(passwords=passwords, body=body or b"", answer=answer, **given)


def _passwords(
    algorithm: str, *, password: str | None, mrk: bytes | None, res: bytes | None, ck: bytes | None, ik: bytes | None
) -> dict[str, bytes]:
    if [password, mrk, res].count(None) != 2:
        raise click.UsageError("give one of --password, --mrk and --res")
    if mrk is not None:
        return {ENCODINGS[name]: octets for name, octets in digest.mrk_passwords(mrk=mrk)}
    if res is None:
        return {"": (password or "").encode()}
    if not algorithm.upper().startswith("AKAV2"):
        return {"": digest.aka_v1_password(res=res)}
    if ck is None or ik is None:
        raise click.UsageError("the password of AKAv2 is made of RES, IK and CK")
    return {"": digest.aka_v2_password(res=res, ik=ik, ck=ck)}


@step("mikey-psk")
@click.option("--psk", type=Hex(), required=True, help="MUK for an MSK message, MSK for an MTK message.")
@click.option("--message", type=Hex(), help="A whole message, as UDP carries it: all else is taken from it.")
@click.option("--csb-id", type=Number(4), help="CSB ID, in hex.")
@click.option("--rand", type=Hex(), help="RAND of the MSK message.")
@click.option("--t", type=Number(8), help="Time stamp or counter, in hex: gives the IV.")
@click.option("--prf", type=click.Choice([str(n) for n in mikey.PRF_HASHES]), default="0", help="PRF func [0].")
@click.option("--encr-alg", type=click.Choice([str(n) for n in mikey.ENCR_LENGTHS]), default="1", help="Encr alg [1].")
@click.option("--mac-alg", type=click.Choice([str(n) for n in mikey.MAC_LENGTHS]), default="1", help="MAC alg [1].")
@click.option("--data", type=Hex(), help="Encrypted data of the KEMAC, to be decrypted.")
@click.option("--plain", type=Hex(), help="Key data, to be encrypted.")
@click.option("--covered", type=Hex(), help="The message up to its MAC, to compute it.")
def of_psk(*, message: bytes | None, prf: str, encr_alg: str, mac_alg: str, **given: Any) -> Iterable[Step]:
    """The keys of a MIKEY message under a pre-shared key; decrypts its data and checks its MAC."""
    if message is not None:
        return steps.mikey_message(psk=given["psk"], octets=message, csb_id=given["csb_id"], rand=given["rand"])
    if given["csb_id"] is None or given["rand"] is None:
        raise click.UsageError("give --message, or --csb-id and --rand")
    ciphered = given["data"] is not None or given["plain"] is not None
    if ciphered and given["t"] is None and int(encr_alg) in mikey.WITH_IV:
        raise click.UsageError("--data and --plain need --t")
    return steps.mikey_psk(prf=int(prf), encr_alg=int(encr_alg), mac_alg=int(mac_alg), **given)


@step("mac")
@click.option("--key", type=Hex(), required=True, help="Authentication key.")
@click.option("--data", type=Hex(), required=True, help="What is covered.")
@click.option("--mac-alg", type=click.Choice([str(n) for n in mikey.MAC_HASHES]), default="1", help="MAC alg [1].")
def of_mac(*, mac_alg: str, **given: Any) -> Iterable[Step]:
    """The MAC of MIKEY under an authentication key."""
    return steps.of_mac(mac_alg=int(mac_alg), **given)


@step("mikey-tgk")
@click.option("--tgk", type=Hex(*srtp.KEY_LENGTHS), required=True, help="MTK of a download.")
@click.option("--csb-id", type=Number(4), required=True, help="CSB ID of the MTK message, in hex.")
@click.option("--rand", type=Hex(), required=True, help="RAND of the MSK message.")
@click.option("--prf", type=click.Choice([str(n) for n in mikey.PRF_HASHES]), default="0", help="PRF func [0].")
def of_tgk(*, prf: str, **given: Any) -> Iterable[Step]:
    """The keys of a download under its MTK, in both readings of cs_id."""
    return steps.mikey_tgk(prf=int(prf), **given)


@step("srtp")
@click.option("--key", type=Hex(*srtp.KEY_LENGTHS), required=True, help="MTK: the master key.")
@click.option("--salt", type=Hex(srtp.SALT_LENGTH), required=True, help="Its salt.")
@click.option(
    "--auth-length",
    type=click.IntRange(1, srtp.MAX_AUTH_KEY),
    default=20,
    help="Octets of the authentication key [20].",
)
def of_srtp(**given: Any) -> Iterable[Step]:
    """Session keys of SRTP and SRTCP."""
    return steps.of_srtp(**given)


@step("aes-cm")
@click.option("--key", type=Hex(*srtp.KEY_LENGTHS), required=True, help="Session key.")
@click.option("--iv", type=Hex(16), required=True, help="IV.")
@click.option("--block", type=click.IntRange(0), default=0, help="Number of the first block [0].")
@click.option("--blocks", type=click.IntRange(1, MAX_BLOCKS), default=1, help="How many [1].")
def of_aes_cm(**given: Any) -> Iterable[Step]:
    """Key stream of AES in counter mode."""
    return steps.key_stream(**given)

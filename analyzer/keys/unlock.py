"""Open what the keys open: MSK messages under MUKs, MTK messages under MSKs, verifications and digests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from analyzer.correlate import bodies
from analyzer.correlate.traffic import Traffic
from analyzer.keys import digests, downloads, mikey, roots, vectors
from analyzer.keys.chain import Chain, Checked, Opened, Shut
from analyzer.keys.key import KEYRING, Key
from analyzer.keys.keyring import Keyring, UeKeys
from dissectors import Message, dissect
from dissectors.mikey import Kemac, KeyData, KeyDataPlain, Mikey, Verification

KEY_DATA = "mikey.keydata"
TS_COUNTER = 2
NTP_UTC_32 = 3
KINDS = {0: "TGK, for a download", 1: "TGK with a salt"}  # of an MTK, RFC 3830 6.13; a TEK with salt needs no word
MAX_LIKELY = 64  # tries that each MTK message and each answer gets
MAX_STRANGE = 100_000  # tries beyond these in a case, as with keys of others; some seconds
OTHER_RAND, OTHER_CSB_ID = "RAND of another message with this MSK", "CSB ID of the MSK message"


def unlock(traffic: Traffic, keyring: Keyring) -> Chain:
    """Run all derivations in the order of the chain, each over all messages in the order of time."""
    chain = Chain()
    for derive in DERIVATIONS:
        derive(chain, traffic, keyring)
    return chain


def _supplied(chain: Chain, traffic: Traffic, keyring: Keyring) -> None:
    """Keys given outright: MSKs and MTKs of the keyring."""
    for msk in keyring.msks:
        key = Key(
            "MSK", msk.value, KEYRING, "supplied", key_domain=msk.key_domain, msk_id=msk.msk_id, rand=msk.rand
        )  # fmt: skip
        chain.msks.setdefault((msk.key_domain, msk.msk_id), []).append(key)
        chain.tell(key)
    for mtk in keyring.mtks:
        key = Key(
            "MTK", mtk.value, KEYRING, "supplied",
            key_domain=mtk.key_domain, msk_id=mtk.msk_id, mtk_id=mtk.mtk_id, salt=mtk.salt or b"",
        )  # fmt: skip
        chain.mtks.setdefault((mtk.key_domain, mtk.msk_id, mtk.mtk_id), []).append(key)
        chain.tell(key)


def _msk_messages(chain: Chain, traffic: Traffic, keyring: Keyring) -> None:
    left = MAX_STRANGE
    for message in traffic.mikey:
        body = bodies.mikey(message)
        if body is None or not bodies.is_msk_message(body) or body.kemac is None or body.rand is None:
            continue
        b_tid = None if body.idr is None else body.idr.text
        own, tried = len(chain.muks.get(b_tid or "", ())), 0
        candidates = islice(chain.candidates(b_tid), own + left)
        failed: set[bytes] = set()
        for tried, muk in enumerate(candidates, 1):  # noqa: B007  # how many it were at the end
            if muk.value in failed:
                continue  # the same octets, come by in another way
            failed.add(muk.value)
            opened = _open(message, body, body.kemac, muk, body.csb_id, body.rand, "")
            if opened is not None:
                _keep_msks(chain, opened, body)
                break
        else:
            chain.shut[id(message)] = Shut(message, tried)
        left -= max(tried - own, 0)


def _keep_msks(chain: Chain, opened: Opened, body: Mikey) -> None:
    chain.use(opened.key)
    domain, msk_id = body.key_domain_id, body.msk_id or b""
    keys: list[Key] = []
    for key in _plain_keys(opened):
        interval = (key.valid_from, key.valid_to)
        low, high = (None if octets is None else int.from_bytes(octets, "big") for octets in interval)
        keys.append(
            Key(
                "MSK", key.key, f"MIKEY, frame {opened.message.frame}, under MUK {opened.key.fingerprint}", "decrypted",
                b_tid=opened.key.b_tid, naf=opened.key.naf, key_domain=domain, msk_id=msk_id, rand=body.rand,
                valid_from=low, valid_to=high, parents=(opened.key,), variant=opened.variant,
                capture=opened.message.payload.capture, frame=opened.message.frame,
            )
        )  # fmt: skip
    for msk in keys:
        chain.msks.setdefault((domain, msk_id), []).append(msk)
        chain.use(msk)
    chain.opened[id(opened.message)] = replace(opened, keys=tuple(keys))


def _mtk_messages(chain: Chain, traffic: Traffic, keyring: Keyring) -> None:
    # RFC 3830 4.1.4 and TS 33.246 6.5.4: the RAND is that of the MSK message, which stands there in the clear.
    left = MAX_STRANGE
    delivered: dict[bytes, dict[tuple[int, bytes], None]] = {}
    for message in traffic.mikey:
        body = bodies.mikey(message)
        if body is None:
            continue
        if bodies.is_msk_message(body) and body.rand is not None and body.msk_id is not None:
            delivered.setdefault(body.msk_id, {})[body.csb_id, body.rand] = None
    for message in traffic.mikey:
        body = bodies.mikey(message)
        if body is None or not bodies.is_mtk_message(body) or body.kemac is None or body.msk_id is None:
            continue
        msks = chain.msks.get((body.key_domain_id, body.msk_id), [])
        tried = 0
        candidates = islice(_mtk_candidates(body, msks, delivered.get(body.msk_id, {})), max(left, MAX_LIKELY))
        for tried, (msk, csb_id, rand, variant) in enumerate(candidates, 1):  # noqa: B007
            opened = _open(message, body, body.kemac, msk, csb_id, rand, variant)
            if opened is not None:
                _keep_mtks(chain, opened, body)
                break
        else:
            chain.shut[id(message)] = Shut(message, tried)
        left -= max(tried - MAX_LIKELY, 0)


def _mtk_candidates(
    body: Mikey, msks: list[Key], delivered: dict[tuple[int, bytes], None]
) -> Iterator[tuple[Key, int, bytes, str]]:
    """Spec contradictions 4 and 5: own CSB ID and last RAND first, then the MSK message's CSB ID, older RANDs."""
    rands = dict.fromkeys(rand for _, rand in reversed(delivered))
    seen: set[bytes] = set()
    for msk in reversed(msks):
        if msk.value in seen:
            continue
        seen.add(msk.value)
        own = {msk.rand: None} if msk.rand is not None else {}
        for rand in own | rands:
            yield msk, body.csb_id, rand, "" if not own or rand in own else OTHER_RAND
        for csb_id, rand in delivered:
            yield msk, csb_id, rand, OTHER_CSB_ID


def _keep_mtks(chain: Chain, opened: Opened, body: Mikey) -> None:
    chain.use(opened.key)
    keys: list[Key] = []
    for key in _plain_keys(opened):
        keys.append(
            Key(
                "MTK", key.key, f"MIKEY, frame {opened.message.frame}, under MSK {opened.key.fingerprint}", "decrypted",
                key_domain=body.key_domain_id, msk_id=body.msk_id, mtk_id=body.mtk_id, salt=key.salt,
                parents=(opened.key,), variant=", ".join(filter(None, (opened.variant, KINDS.get(key.kind, "")))),
                capture=opened.message.payload.capture, frame=opened.message.frame,
            )
        )  # fmt: skip
    for mtk in keys:
        known = chain.mtks.setdefault((body.key_domain_id, body.msk_id or b"", body.mtk_id or b""), [])
        if not any(mtk.value == other.value and mtk.salt == other.salt for other in known):
            known.append(mtk)
        chain.use(mtk)
    chain.opened[id(opened.message)] = replace(opened, keys=tuple(keys))


def _open(
    message: Message, body: Mikey, kemac: Kemac, key: Key, csb_id: int, rand: bytes, variant: str
) -> Opened | None:
    """Verify the MAC, and decrypt only when it holds (TS 33.246 6.5.3); None when the key is not the one."""
    if kemac.mac_alg not in mikey.MAC_LENGTHS:
        return None
    try:
        auth_key = mikey.psk_auth_key(psk=key.value, csb_id=csb_id, rand=rand, prf=body.prf, mac_alg=kemac.mac_alg)
        fitting = _fitting(message, kemac, auth_key)
        if fitting is None:
            return None
        keys = mikey.psk_keys(
            psk=key.value, csb_id=csb_id, rand=rand, prf=body.prf, encr_alg=kemac.encr_alg, mac_alg=kemac.mac_alg
        )
    except ValueError:  # an algorithm that is not defined
        return None
    variant = ", ".join(filter(None, (variant, fitting)))
    if not kemac.encr_data:
        return Opened(message, key, keys.auth_key, variant, None)
    for reading, counter in _counters(body):
        try:
            octets = mikey.decrypt(
                keys=keys, encr_alg=kemac.encr_alg, csb_id=csb_id, t=counter, data=kemac.encr_data
            )  # fmt: skip
        except ValueError:
            continue
        plain = dissect(message.payload.part(octets), KEY_DATA)
        if plain is not None and plain.error is None:
            return Opened(message, key, keys.auth_key, ", ".join(filter(None, (variant, reading))), plain)
    return Opened(message, key, keys.auth_key, variant, None)


def _fitting(message: Message, kemac: Kemac, auth_key: bytes) -> str | None:
    """Return the reading in which the MAC of a message holds, None where it does in none."""
    for reading, covered in _covered(message.payload.data, kemac):
        mac = mikey.kemac_mac(auth_key=auth_key, covered=covered, mac_alg=kemac.mac_alg)
        if mac and mac == kemac.mac:
            return reading
    return None


def _covered(data: bytes, kemac: Kemac) -> Iterator[tuple[str, bytes]]:
    """What the MAC is over; spec contradiction 1: where payloads follow the KEMAC, without them first, then with."""
    yield "", data[: kemac.mac_start]
    rest = data[kemac.mac_start + len(kemac.mac) :]
    if rest:
        yield "MAC over the payloads behind the KEMAC too", data[: kemac.mac_start] + rest


def _counters(body: Mikey) -> Iterator[tuple[str, int]]:
    """T as 64 bits for the IV; spec contradiction 3: a counter right aligned first, then left aligned."""
    if body.t is None:
        yield "", 0
    elif body.t.ts_type == NTP_UTC_32:
        yield "", body.t.value << 32  # RFC 6043 6.3
    else:
        yield "", body.t.value
        if body.t.ts_type == TS_COUNTER:
            yield "counter left aligned in the IV", body.t.value << 32


def _plain_keys(opened: Opened) -> tuple[KeyData, ...]:
    body = None if opened.plain is None else opened.plain.body
    return body.keys if isinstance(body, KeyDataPlain) else ()


def _verifications(chain: Chain, traffic: Traffic, keyring: Keyring) -> None:
    """Check V of each verification message with the auth key of the MSK message that it answers."""
    asked: dict[tuple[int, str], list[Message]] = {}  # by CSB ID, also with the address: some use one CSB ID for all
    for message in traffic.mikey:
        body = bodies.mikey(message)
        if body is None:
            continue
        if bodies.is_msk_message(body):
            for address in ("", message.payload.dst):
                asked.setdefault((body.csb_id, address), []).append(message)
        elif body.data_type == bodies.DATA_TYPE_VERIFICATION and body.verification is not None:
            own = asked.get((body.csb_id, message.payload.src), [])
            newest = asked.get((body.csb_id, ""), [])[-MAX_LIKELY:]
            chain.verifications[id(message)] = _verified(chain, message, body, [*newest, *own[-MAX_LIKELY:]])


def _verified(chain: Chain, message: Message, body: Mikey, requests: list[Message]) -> Checked:
    """Try the readings of spec contradiction 2 against the last request first."""
    verification, checked = body.verification, Checked(None)
    for request in reversed(requests):
        opened, sent = chain.opening(request), bodies.mikey(request)
        if opened is None or sent is None or verification is None or body.t is None:
            continue
        auth_key = _auth_key(opened, sent, verification)
        if auth_key is None:
            continue
        checked = Checked(False, opened.key)
        whole, asking = message.payload.data, request.payload.data
        macs = mikey.verification_macs(
            auth_key=auth_key,
            mac_alg=verification.auth_alg,
            covered=whole[: verification.start],
            idi=sent.idi.data if sent.idi is not None else b"",
            idr=sent.idr.data if sent.idr is not None else b"",
            idi_payload=asking[sent.idi.start : sent.idi.end] if sent.idi is not None else b"",
            idr_payload=asking[sent.idr.start : sent.idr.end] if sent.idr is not None else b"",
            t4=body.t.octets,
            t8=body.t.octets.rjust(8, b"\0"),
        )
        for variant, mac in macs:
            if mac == verification.data:
                return Checked(True, opened.key, variant)
    return checked


def _auth_key(opened: Opened, sent: Mikey, verification: Verification) -> bytes | None:
    """The key of V: that of the MSK message, in the length of its own algorithm; None where that is not defined."""
    if sent.kemac is not None and sent.kemac.mac_alg == verification.auth_alg:
        return opened.auth_key
    if not mikey.MAC_LENGTHS.get(verification.auth_alg) or sent.rand is None:
        return None
    return mikey.psk_keys(
        psk=opened.key.value, csb_id=sent.csb_id, rand=sent.rand, prf=sent.prf, mac_alg=verification.auth_alg
    ).auth_key


def _digests(chain: Chain, traffic: Traffic, keyring: Keyring) -> None:
    digests.check(chain, traffic)


def _downloads(chain: Chain, traffic: Traffic, keyring: Keyring) -> None:
    downloads.check(chain, traffic)


def _idle(chain: Chain, traffic: Traffic, keyring: Keyring) -> None:
    """Name the keys of the keyring under which nothing verified: the user should hear of a slip of the pen."""
    for ue in keyring.ues:
        for kind, value, b_tid, naf in _entries(ue):
            if value is not None and value not in chain.proven:
                chain.tell(Key(kind, value, KEYRING, "supplied", b_tid=b_tid, naf=naf, impi=ue.impi))


def _entries(ue: UeKeys) -> Iterator[tuple[str, bytes | None, str | None, str | None]]:
    yield "K", ue.k, None, None
    for run in ue.gba:
        yield "Ks", run.ks, run.b_tid, None
    for naf in ue.naf:
        for kind, value in (("Ks_NAF", naf.ks_naf), ("Ks_ext_NAF", naf.ks_ext_naf), ("Ks_int_NAF", naf.ks_int_naf)):
            yield kind, value, naf.b_tid, naf.fqdn
        yield "MUK", naf.muk, naf.b_tid, naf.fqdn
        yield "MRK", naf.mrk, naf.b_tid, naf.fqdn


# Each reads what the ones before it have found: the chain of TS 33.246 6.1 from its root to its leaves.
DERIVATIONS: tuple[Callable[[Chain, Traffic, Keyring], None], ...] = (
    _supplied,
    vectors.check,
    roots.fill,
    _digests,
    _msk_messages,
    _verifications,
    _mtk_messages,
    _downloads,
    _idle,
)

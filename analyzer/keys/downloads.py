"""The DCFs of downloads under their MTKs, which are TGKs: signatures checked, contents decrypted (TS 33.246 6.6.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from analyzer.correlate import bodies
from analyzer.correlate.traffic import Traffic
from analyzer.keys import dcf, mikey
from analyzer.keys.chain import Chain, MtkId, Unpacked
from analyzer.keys.key import Key
from dissectors import Message
from dissectors.dcf import Dcf, KeyInfo
from dissectors.mikey import Mikey

MAX_LIKELY = 16  # tries that each DCF gets
CS_ID_NAMES = {1: "", 4: "cs_id of 32 bits"}  # octets; TS 33.246 6.5.4 and RFC 3830 4.1.3 differ

Try = tuple[Key, mikey.TgkKeys, str]


def check(chain: Chain, traffic: Traffic) -> None:
    """Hold every DCF that names an MTK against its keys; what was found is in `chain.unpacked`."""
    found = list(bodies.dcfs(traffic.messages))
    if not found:
        return
    asked = _asked(traffic.mikey)
    rands = _rands(chain, traffic.mikey)
    for message, body in found:
        names = {(key.key_domain, key.msk_id, key.mtk_id): None for key in mbms_keys(body)}
        tries = list(islice((one for name in names for one in _tries(chain, name, asked, rands)), MAX_LIKELY))
        unpacked = _unpacked(message, body, tries)
        chain.unpacked[id(message)] = unpacked
        if unpacked.ok and unpacked.key is not None:
            chain.use(unpacked.key)


def mbms_keys(body: Dcf) -> tuple[KeyInfo, ...]:
    """Return the names of MTKs in a DCF, each once."""
    found = (key for content in body.contents for key in content.keys if key.msk_id)
    return tuple(dict.fromkeys(found))


def _asked(messages: Iterable[Message]) -> Mapping[MtkId, dict[tuple[int, int], None]]:
    """Return CSB ID and PRF of the messages that bring each MTK."""
    found: dict[MtkId, dict[tuple[int, int], None]] = {}
    for message in messages:
        body = bodies.mikey(message)
        if body is not None and bodies.is_mtk_message(body):
            name = body.key_domain_id, body.msk_id or b"", body.mtk_id or b""
            found.setdefault(name, {})[body.csb_id, body.prf] = None
    return found


def _rands(chain: Chain, messages: Iterable[Message]) -> Mapping[tuple[bytes | None, bytes], dict[bytes, None]]:
    """Return the RANDs that came with each MSK, or that the keyring has of it."""
    found: dict[tuple[bytes | None, bytes], dict[bytes, None]] = {}
    for name, keys in chain.msks.items():
        for key in reversed(keys):
            if key.rand is not None:
                found.setdefault(name, {})[key.rand] = None
    for message in messages:
        body = bodies.mikey(message)
        if isinstance(body, Mikey) and bodies.is_msk_message(body) and body.rand is not None and body.msk_id:
            found.setdefault((body.key_domain_id, body.msk_id), {})[body.rand] = None
    return found


def _tries(
    chain: Chain,
    name: MtkId,
    asked: Mapping[MtkId, dict[tuple[int, int], None]],
    rands: Mapping[tuple[bytes | None, bytes], dict[bytes, None]],
) -> Iterator[Try]:
    """Yield what an MTK may stand for: RFC 3830 4.1.3 with the CSB ID of its message and the RAND of its MSK."""
    for key in chain.mtks.get(name, ()):
        for csb_id, prf in asked.get(name, ()):
            for rand in rands.get(name[:2], ()):
                for cs_id in mikey.CS_IDS:
                    try:
                        keys = mikey.tgk_keys(tgk=key.value, cs_id=cs_id, csb_id=csb_id, rand=rand, prf=prf)
                    except mikey.UnsupportedError:
                        continue
                    yield key, keys, CS_ID_NAMES[len(cs_id)]


def _unpacked(message: Message, body: Dcf, tries: Sequence[Try]) -> Unpacked:
    signed = body.signature is not None and body.signature.method == dcf.HMAC_SHA1
    if signed:
        for key, keys, variant in tries:
            reading = dcf.verify(auth_key=keys.auth_key, data=message.payload.data, body=body)
            if reading is not None:
                told = ", ".join(filter(None, (variant, "" if reading == dcf.BEFORE_MUTABLE else reading)))
                return Unpacked(message, len(tries), key, True, told, _plains(body, keys))
        return Unpacked(message, len(tries), None, False if tries else None)
    for key, keys, variant in tries:
        plains = _plains(body, keys)
        if all(plain is not None for plain in plains):
            return Unpacked(message, len(tries), key, None, variant, plains)
    return Unpacked(message, len(tries))


def _plains(body: Dcf, keys: mikey.TgkKeys) -> tuple[bytes | None, ...]:
    plains: list[bytes | None] = []
    for content in body.contents:
        try:
            plains.append(dcf.decrypt(encr_key=keys.encr_key, content=content))
        except mikey.UndecryptableError:
            plains.append(None)
    return tuple(plains)

"""SRTP and SRTCP of MBMS: policy, session keys, and the check and decryption of packets (RFC 3711, 4771, 6188)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

# values of the SRTP policy (RFC 3830 6.10.1)
ENCR_NULL = 0
ENCR_AES_CM = 1
ENCR_AES_F8 = 2
CIPHERS = (ENCR_NULL, ENCR_AES_CM, ENCR_AES_F8)
AUTH_NULL = 0
AUTH_HMAC_SHA1 = 1
AUTH_RCCM1 = 2  # RFC 4771: ROC and MAC in every Rth packet, nothing in the others
AUTH_RCCM2 = 3  # ROC and MAC in every Rth packet, the default MAC in the others
AUTH_RCCM3 = 4  # ROC alone in every Rth packet
ROC_CARRYING = (AUTH_RCCM1, AUTH_RCCM2, AUTH_RCCM3)

MKI_LENGTH = 6  # MSK ID || MTK ID, TS 33.246 6.6.2
SALT_LENGTH = 14
KEY_LENGTHS = (16, 24, 32)  # of a master key; RFC 6188
ROC_LENGTH = 4
RTP_HEADER = 12  # octets without CSRCs and extension
RTCP_HEADER = 8  # octets that stay in the clear
INDEX_LENGTH = 4  # E flag and SRTCP index

MAX_AUTH_KEY = 255  # octets; the length comes from a network

_HMAC_BLOCK = 64
_TO_INNER = bytes(octet ^ 0x36 for octet in range(256))
_TO_OUTER = bytes(octet ^ 0x5C for octet in range(256))

_MAX_ROC = 0xFFFFFFFF
_BLOCK = 16
_MASK = b"\x55" * 32  # what fills up the salt to a mask for the key of F8 (RFC 3711 4.1.2.2)
LABELS = {False: (0, 1, 2), True: (3, 4, 5)}  # RFC 3711 4.3: encryption, authentication, salt


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """The session keys of SRTP or of SRTCP under one master key."""

    encr_key: bytes = field(repr=False)
    auth_key: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    _inner: hashlib._Hash = field(init=False, repr=False, compare=False)
    _outer: hashlib._Hash = field(init=False, repr=False, compare=False)
    _counter: CipherContext = field(init=False, repr=False, compare=False)
    _first: int = field(init=False, repr=False, compare=False)  # the salt as a number, where the counter block has it

    def __post_init__(self) -> None:
        # the two halves of HMAC-SHA-1 with the key already in: copying them is all a packet costs
        key = self.auth_key if len(self.auth_key) <= _HMAC_BLOCK else _sha1(self.auth_key).digest()
        padded = key.ljust(_HMAC_BLOCK, b"\0")
        object.__setattr__(self, "_inner", _sha1(padded.translate(_TO_INNER)))
        object.__setattr__(self, "_outer", _sha1(padded.translate(_TO_OUTER)))
        counter = Cipher(algorithms.AES(self.encr_key), modes.CTR(bytes(_BLOCK))).encryptor()
        object.__setattr__(self, "_counter", counter)
        object.__setattr__(self, "_first", int.from_bytes(self.salt, "big") << 16)

    def __reduce__(self) -> tuple[type[SessionKeys], tuple[bytes, bytes, bytes]]:
        return SessionKeys, (self.encr_key, self.auth_key, self.salt)  # a started hash does not cross processes

    def mac(self, covered: bytes, roc: bytes = b"") -> bytes:
        """Return HMAC-SHA-1 over octets and a ROC behind them, 20 octets."""
        inner = self._inner.copy()
        inner.update(covered)
        inner.update(roc)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()

    def authentic(self, packets: Iterable[bytes], *, roc: int, mac_octets: int, mki_length: int = MKI_LENGTH) -> int:
        """Return how many SRTP packets are authentic under one ROC before the first that is not.

        Each ends in an MKI and a MAC of `mac_octets`, one at least. This is `authentic` below, in a third less time.
        """
        inner_copy, outer_copy, last = self._inner.copy, self._outer.copy, roc.to_bytes(ROC_LENGTH, "big")
        end, right = -mac_octets - mki_length, 0
        for data in packets:
            inner = inner_copy()
            inner.update(data[:end])
            inner.update(last)
            outer = outer_copy()
            outer.update(inner.digest())
            if outer.digest()[:mac_octets] != data[-mac_octets:]:
                break
            right += 1
        return right

    def crypt(self, ssrc: int, index: int, data: bytes) -> bytes:
        """Encrypt or decrypt the octets of one packet as `crypt` does, with the cipher that stands ready."""
        self._counter.reset_nonce((self._first ^ (ssrc << 64) ^ (index << 16)).to_bytes(_BLOCK, "big"))
        return self._counter.update(data)


@dataclass(frozen=True, slots=True)
class Policy:
    """What an SP payload comes to, defaults in place; lengths in octets. `steady` is -1 with the modes of RFC 4771."""

    encr_alg: int = ENCR_AES_CM
    encr_key_length: int = 16
    salt_length: int = SALT_LENGTH
    auth_alg: int = AUTH_HMAC_SHA1
    auth_key_length: int = 20
    tag_length: int = 10  # with a ROC, that of ROC and MAC together
    srtcp_auth_alg: int = AUTH_HMAC_SHA1
    srtcp_auth_key_length: int = 20
    srtcp_tag_length: int = 10
    roc_rate: int = 1  # R of RFC 4771
    key_derivation_rate: int = 0
    srtp_encrypted: bool = True
    srtcp_encrypted: bool = True
    srtp_authenticated: bool = True
    prf: int = 0
    steady: int = field(init=False, repr=False, compare=False)  # octets of the tag where it is a MAC in all packets

    def __post_init__(self) -> None:
        bare = self.auth_alg == AUTH_NULL or not self.srtp_authenticated
        object.__setattr__(self, "steady", -1 if self.auth_alg in ROC_CARRYING else 0 if bare else self.tag_length)

    @property
    def mode(self) -> int:
        """The RCC mode of RFC 4771: 1, 2, 3, or 0 where the ROC is not carried."""
        return self.auth_alg - AUTH_HMAC_SHA1 if self.auth_alg in ROC_CARRYING else 0


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of an SRTP packet.

    `ok` is False where the MAC is wrong or the packet too short; `mac` is False where the policy put no
    MAC into this packet, so that `ok` says only that nothing speaks against it. `payload` is empty
    unless `ok` and the cipher is known.
    """

    ok: bool
    mac: bool
    roc: int
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckedRtcp:
    """What became of an SRTCP packet; `payload` follows the 8 clear octets, empty unless `ok`."""

    ok: bool
    mac: bool
    index: int
    encrypted: bool
    payload: bytes = field(repr=False)


def policy_of(params: Sequence[tuple[int, bytes]]) -> Policy:
    """Return the policy that the (type, value) parameters of an SP payload give (RFC 3830 6.10.1, RFC 4771).

    A parameter given twice counts as last given; unknown types are passed over.
    """
    given = {kind: int.from_bytes(value, "big") for kind, value in params}
    auth_alg = given.get(14, given.get(2, AUTH_HMAC_SHA1))
    both = given.get(2, AUTH_HMAC_SHA1)
    # RFC 4771 defines no SRTCP use of its modes: a common mode leaves SRTCP the default transform
    srtcp_auth_alg = given.get(15, AUTH_HMAC_SHA1 if both in ROC_CARRYING else both)
    default_tag = ROC_LENGTH if auth_alg == AUTH_RCCM3 else 10
    return Policy(
        encr_alg=given.get(0, ENCR_AES_CM),
        encr_key_length=given.get(1, 16),
        salt_length=given.get(4, SALT_LENGTH),
        auth_alg=auth_alg,
        auth_key_length=given.get(16, given.get(3, 20)),
        tag_length=given.get(18, given.get(11, default_tag)),
        srtcp_auth_alg=srtcp_auth_alg,
        srtcp_auth_key_length=given.get(17, given.get(3, 20)),
        srtcp_tag_length=given.get(19, given.get(11, 10)),
        roc_rate=given.get(13, 1),
        key_derivation_rate=given.get(6, 0),
        srtp_encrypted=given.get(7, 1) != 0,
        srtcp_encrypted=given.get(8, 1) != 0,
        srtp_authenticated=given.get(10, 1) != 0,
        prf=given.get(5, 0),
    )


def tag_layout(policy: Policy, seq: int) -> tuple[int, int]:
    """Return the octets of ROC (0 or 4) and of MAC in the tag of the packet `seq` (RFC 4771 2)."""
    if policy.steady < 0:
        if seq % max(policy.roc_rate, 1) == 0:
            with_mac = policy.auth_alg != AUTH_RCCM3 and policy.srtp_authenticated
            return ROC_LENGTH, max(policy.tag_length - ROC_LENGTH, 0) if with_mac else 0
        if policy.auth_alg != AUTH_RCCM2:
            return 0, 0
        return 0, policy.tag_length if policy.srtp_authenticated else 0
    return 0, policy.steady


def session_keys(
    *, master_key: bytes, master_salt: bytes, rtcp: bool = False, auth_length: int = 20, turn: int = 0
) -> SessionKeys:
    """Return the session keys (RFC 3711 4.3, RFC 6188 for 24 and 32 octets).

    `master_salt` is up to 14 octets, right aligned; `turn` is the index DIV the key derivation rate, 0 where that is
    0. Raises ValueError for lengths that AES-CM does not take.
    """
    if not 0 <= auth_length <= MAX_AUTH_KEY:
        raise ValueError(f"an authentication key has up to {MAX_AUTH_KEY} octets")
    if len(master_salt) > SALT_LENGTH:
        raise ValueError(f"a master salt has {SALT_LENGTH} octets, not {len(master_salt)}")
    encryption, authentication, salting = (
        keystream(key=master_key, iv=derivation_iv(master_salt=master_salt, label=label, turn=turn), length=length)
        for label, length in zip(LABELS[rtcp], (len(master_key), auth_length, SALT_LENGTH), strict=True)
    )
    return SessionKeys(encryption, authentication, salting)


def derivation_iv(*, master_salt: bytes, label: int, turn: int = 0) -> bytes:
    """Return the IV that the key of a label is derived with: label XOR salt, two octets of zero (RFC 3711 4.3.1)."""
    return (((label << 48 | turn) ^ int.from_bytes(master_salt, "big")) << 16).to_bytes(16, "big")


def keystream(*, key: bytes, iv: bytes, length: int) -> bytes:
    """Return `length` octets of AES-CM keystream from the 16 octets `iv` on (RFC 3711 4.1.1)."""
    return Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor().update(bytes(length))


def crypt(*, key: bytes, salt: bytes, ssrc: int, index: int, data: bytes) -> bytes:
    """Encrypt or decrypt the octets of one packet with AES-CM (RFC 3711 4.1.1).

    `index` is 2^16 * ROC + SEQ for SRTP, the 31-bit index for SRTCP.
    """
    iv = (int.from_bytes(salt, "big") << 16) ^ (ssrc << 64) ^ (index << 16)
    return Cipher(algorithms.AES(key), modes.CTR(iv.to_bytes(16, "big"))).encryptor().update(data)


def crypt_f8(*, key: bytes, salt: bytes, iv: bytes, data: bytes) -> bytes:
    """Encrypt or decrypt the octets of one packet with AES in F8 mode (RFC 3711 4.1.2).

    The chain of blocks S(j) = E(IV' XOR j XOR S(j-1)) is CBC over IV' XOR j.
    """
    mask = (salt + _MASK)[: len(key)]
    masked = bytes(a ^ b for a, b in zip(key, mask, strict=True))
    start = int.from_bytes(Cipher(algorithms.AES(masked), modes.ECB()).encryptor().update(iv), "big")  # noqa: S305
    blocks = b"".join((start ^ j).to_bytes(_BLOCK, "big") for j in range(-(-len(data) // _BLOCK)))
    stream = Cipher(algorithms.AES(key), modes.CBC(bytes(_BLOCK))).encryptor().update(blocks)[: len(data)]
    return (int.from_bytes(stream, "big") ^ int.from_bytes(data, "big")).to_bytes(len(data), "big")


def tag(*, auth_key: bytes, authenticated: bytes, roc: int, length: int) -> bytes:
    """Return the MAC of an SRTP packet over its header and encrypted payload, `length` octets (RFC 3711 4.2)."""
    return hmac.digest(auth_key, authenticated + roc.to_bytes(ROC_LENGTH, "big"), "sha1")[:length]


def rtcp_tag(*, auth_key: bytes, authenticated: bytes, length: int) -> bytes:
    """Return the MAC of an SRTCP packet up to and including its index, `length` octets (RFC 3711 4.2)."""
    return hmac.digest(auth_key, authenticated, "sha1")[:length]


def authentic(
    *, keys: SessionKeys, policy: Policy, data: bytes, roc: int, mki_length: int = MKI_LENGTH
) -> tuple[bool | None, int]:
    """Say whether the MAC of an SRTP packet is right, and under which ROC, without decrypting it.

    `roc` is the receiver's estimate; one in the packet takes its place (RFC 4771 2). None instead of a
    verdict: the policy puts no MAC into this packet. A packet too short is not authentic.
    """
    roc &= _MAX_ROC  # an estimate may have gone round
    size, roc_octets, mac_octets = len(data), 0, policy.steady
    if size < RTP_HEADER:
        return False, roc
    if mac_octets < 0:
        roc_octets, mac_octets = tag_layout(policy, data[2] << 8 | data[3])
    mac_start = size - mac_octets
    end = mac_start - roc_octets - mki_length
    if end < RTP_HEADER:
        return False, roc
    if roc_octets:
        roc = int.from_bytes(data[mac_start - ROC_LENGTH : mac_start], "big")
    if not mac_octets:
        return None, roc
    mac = keys.mac(data[:end], roc.to_bytes(ROC_LENGTH, "big"))
    return mac[:mac_octets] == data[mac_start:], roc


def verify_packet(
    *, keys: SessionKeys, policy: Policy, data: bytes, header_length: int, roc: int, mki_length: int = MKI_LENGTH
) -> Checked:
    """Check and decrypt one SRTP packet; `header_length` counts CSRCs and header extension (RFC 3711 3.3)."""
    right, roc = authentic(keys=keys, policy=policy, data=data, roc=roc, mki_length=mki_length)
    payload = None
    if right is not False:
        payload = decrypt(
            keys=keys, policy=policy, data=data, header_length=header_length, roc=roc, mki_length=mki_length
        )
    if payload is None:
        return Checked(ok=False, mac=right is not None, roc=roc, payload=b"")
    return Checked(ok=True, mac=right is not None, roc=roc, payload=payload)


def decrypt(
    *, keys: SessionKeys, policy: Policy, data: bytes, header_length: int, roc: int, mki_length: int = MKI_LENGTH
) -> bytes | None:
    """Return the payload of an SRTP packet that was found authentic under this ROC, b"" where the cipher is unknown.

    None where the header does not fit before MKI and tag.
    """
    seq = data[2] << 8 | data[3]
    tag_octets = policy.steady if policy.steady >= 0 else sum(tag_layout(policy, seq))
    end = len(data) - tag_octets - mki_length
    if header_length > end:
        return None
    payload = data[header_length:end]
    if not policy.srtp_encrypted or policy.encr_alg == ENCR_NULL:
        return payload
    if policy.encr_alg == ENCR_AES_CM:
        return keys.crypt(int.from_bytes(data[8:12], "big"), roc << 16 | seq, payload)
    # RFC 3711 4.1.2.2: the header from the marker bit on, and the ROC
    iv = b"\0" + data[1:RTP_HEADER] + roc.to_bytes(ROC_LENGTH, "big")
    return _f8(keys, policy, iv, payload)


def authentic_rtcp(
    *, keys: SessionKeys, policy: Policy, data: bytes, mki_length: int = MKI_LENGTH
) -> tuple[bool | None, int]:
    """Say whether the MAC of an SRTCP packet is right, None where it has none, and its E flag and index (RFC 3711 3.4).

    A packet too short is not authentic.
    """
    mac_octets = 0 if policy.srtcp_auth_alg == AUTH_NULL else policy.srtcp_tag_length
    mac_start = len(data) - mac_octets
    end = mac_start - mki_length
    if end - INDEX_LENGTH < RTCP_HEADER:
        return False, 0
    flag_and_index = int.from_bytes(data[end - INDEX_LENGTH : end], "big")
    if not mac_octets:
        return None, flag_and_index
    return keys.mac(data[:end])[:mac_octets] == data[mac_start:], flag_and_index


def verify_rtcp(*, keys: SessionKeys, policy: Policy, data: bytes, mki_length: int = MKI_LENGTH) -> CheckedRtcp:
    """Check and decrypt one SRTCP packet with the SRTCP session keys (RFC 3711 3.4)."""
    right, flag_and_index = authentic_rtcp(keys=keys, policy=policy, data=data, mki_length=mki_length)
    encrypted, index = bool(flag_and_index >> 31), flag_and_index & 0x7FFFFFFF
    payload = b""
    if right is not False:
        mac_octets = 0 if policy.srtcp_auth_alg == AUTH_NULL else policy.srtcp_tag_length
        payload = data[RTCP_HEADER : len(data) - mac_octets - mki_length - INDEX_LENGTH]
        if encrypted and policy.encr_alg == ENCR_AES_CM:
            payload = keys.crypt(int.from_bytes(data[4:8], "big"), index, payload)
        elif encrypted and policy.encr_alg != ENCR_NULL:
            # RFC 3711 4.1.2.3: zeros, E flag and index, the header
            payload = _f8(keys, policy, bytes(4) + flag_and_index.to_bytes(4, "big") + data[:RTCP_HEADER], payload)
    return CheckedRtcp(ok=right is not False, mac=right is not None, index=index, encrypted=encrypted, payload=payload)


def _f8(keys: SessionKeys, policy: Policy, iv: bytes, data: bytes) -> bytes:
    """Decrypt with F8, whose salt is as long as the policy says; nothing comes of ciphers that are unknown."""
    if policy.encr_alg != ENCR_AES_F8:
        return b""
    return crypt_f8(key=keys.encr_key, salt=keys.salt[: policy.salt_length], iv=iv, data=data)


def _sha1(data: bytes) -> hashlib._Hash:
    return hashlib.sha1(data, usedforsecurity=False)

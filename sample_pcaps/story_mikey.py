"""Steps of MIKEY: MSK delivery with its verification, solicited pull, MTK delivery (TS 33.246 6.3.2.3, 6.3.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sample_pcaps import forge_mikey as mikey
from sample_pcaps.forge_mikey import POLICY, Arrange, Payloads
from sample_pcaps.forge_text import Edits
from sample_pcaps.stage import KEY_DOMAIN, MIKEY_PORT, Msk, Mtk, Stage, Ue, check_names, edit_of

FIRST_MSK = bytes.fromhex("00010001")  # key group 1, key number 1
SECOND_MSK = bytes.fromhex("00010002")
SSRC = 0x4D424D53
LAST_SEQ = 100  # SEQu of an MSK

MSK_MESSAGES = ("msk", "verification")


class MikeySteps(Stage):
    """What BM-SC and UEs say in MIKEY."""

    def msk(
        self,
        ue: Ue | None = None,
        msk_id: bytes = FIRST_MSK,
        *,
        seq: tuple[int, int] = (0, LAST_SEQ),
        sp: Sequence[tuple[int, bytes]] | None = POLICY,
        v: bool = True,
        verify: bool | Mapping[str, object] | None = None,
        key: bytes | None = None,
        rand: bytes | None = None,
        csb_id: int | None = None,
        counter: int | None = None,
        ts_type: int = mikey.COUNTER,
        b_tid: str | None = None,
        muk: bytes | None = None,
        idi: str | bytes | None = None,
        idr: str | bytes | None = None,
        idi_type: int = 0,
        idr_type: int = 0,
        key_domain: bytes = KEY_DOMAIN,
        ext: bytes | None = None,
        ssrc: int = SSRC,
        roc: int | None = None,
        download: bool = False,
        cs_count: int | None = None,
        map_type: int | None = None,
        map_info: bytes | None = None,
        prf: int = 0,
        version: int = 1,
        data_type: int = mikey.PSK,
        key_type: int = mikey.TEK,
        key_data: bytes | None = None,
        encr_alg: int = mikey.AES_CM,
        mac_alg: int = mikey.HMAC_SHA1,
        break_mac: bool = False,
        arrange: Arrange | None = None,
        dst: str | None = None,
        dport: int = MIKEY_PORT,
        src: str | None = None,
        edits: Edits | None = None,
    ) -> None:
        """Send an MSK message to a UE, and with V=1 its verification: messages msk, verification.

        The MSK is made up the first time its ID is used and stays the same then, with its RAND. MUK, IDi and IDr
        are those of `b_tid`, by default the one of the last registration or request. `counter` None counts on for
        this B-TID. `seq` are SEQl and SEQu. `roc` None is the ROC that the stream has by now. `sp` None leaves SP out;
        `download` makes the message one for download (#CS 0, empty map, no SP). `key_data` replaces the plaintext of
        the KEMAC, `ext` the EXT body; `arrange` takes and returns the list of (payload number, body) before the
        KEMAC. `verify` None answers when V is set, True and False force it; a mapping holds keywords of
        `forge_mikey.verification`.
        """
        check_names(edits, MSK_MESSAGES)
        ue = ue or self.ue
        named = b_tid or ue.used or ue.last.b_tid
        run = ue.of_b_tid(named) if named in {r.b_tid for r in ue.gba} else ue.last
        psk = muk or run.naf_key(self.naf_fqdn, self.ua_id)
        held = self.msks.get(msk_id)
        if held is None:
            held = Msk(key_domain, msk_id, self.octets("MSK", 16), self.octets("MIKEY RAND", 16), seq)
            self.msks[msk_id] = held
        held.seq = seq
        held.key = key or held.key
        used_rand = held.rand if rand is None else rand
        csb = int.from_bytes(self.octets("CSB", 4), "big") if csb_id is None else csb_id
        t = self._counter(ue, named, counter)
        own_idi: str | bytes = self.naf_fqdn if idi is None else idi
        own_idr: str | bytes = named if idr is None else idr
        payloads: Payloads = [
            (mikey.T, mikey.timestamp(t, ts_type)),
            (mikey.RAND, mikey.rand_payload(used_rand)),
            (mikey.ID, mikey.identity(own_idi, idi_type)),
            (mikey.ID, mikey.identity(own_idr, idr_type)),
        ]
        if sp is not None and not download:
            payloads.append((mikey.SP, mikey.policy(sp)))
        ids = mikey.key_ids((mikey.KEY_DOMAIN, key_domain), (mikey.MSK_ID, msk_id)) if ext is None else ext
        payloads.append((mikey.EXT, ids))
        window = (seq[0].to_bytes(2, "big"), seq[1].to_bytes(2, "big"))
        plain = mikey.key_data(held.key, key_type=key_type, interval=window) if key_data is None else key_data
        keys = mikey.keys_of(psk, csb, used_rand)
        kind = (mikey.MAP_EMPTY if download else mikey.MAP_SRTP) if map_type is None else map_type
        info = (
            mikey.srtp_id(ssrc, self.packet_number >> 16 if roc is None else roc)
            if map_info is None and kind == mikey.MAP_SRTP
            else map_info or b""
        )
        octets = mikey.protected(
            payloads, keys=keys, csb_id=csb, t=t, data=plain, v=v, version=version, data_type=data_type, prf=prf,
            cs_count=(0 if download else 1) if cs_count is None else cs_count, map_type=kind, map_info=info,
            encr_alg=encr_alg, mac_alg=mac_alg, arrange=arrange, break_mac=break_mac,
        )  # fmt: skip
        target, origin = dst or ue.ip, src or self.addresses.bm_sc
        self.datagram(origin, MIKEY_PORT, target, dport, octets, edit_of(edits, "msk"))
        if verify if verify is not None else v:
            more: dict[str, object] = {
                "keys": keys,
                "csb_id": csb,
                "t": t,
                "idi": _text(own_idi),
                "idr": _text(own_idr),
            }
            more |= verify if isinstance(verify, Mapping) else {}
            reply = mikey.verification(**more)  # type: ignore[arg-type]
            edit = edit_of(edits, "verification")
            self.datagram(ue.ip, MIKEY_PORT, origin, MIKEY_PORT, reply, edit)

    def _counter(self, ue: Ue, b_tid: str, counter: int | None) -> int:
        t = ue.counters.get(b_tid, 0) + 1 if counter is None else counter
        ue.counters[b_tid] = max(t, ue.counters.get(b_tid, 0))
        return t

    def pull(
        self,
        ue: Ue | None = None,
        *,
        key_group: bytes = FIRST_MSK[:2],
        key_number: bytes = b"\0\0",
        v: bool = False,
        csb_id: int | None = None,
        counter: int | None = None,
        b_tid: str | None = None,
        muk: bytes | None = None,
        break_mac: bool = False,
        arrange: Arrange | None = None,
        dst: str | None = None,
        dport: int = MIKEY_PORT,
        edits: Edits | None = None,
    ) -> None:
        """Send a solicited pull, an MSK message without a key (TS 33.246 6.3.2.2.4): message pull."""
        check_names(edits, ("pull",))
        ue = ue or self.ue
        named = b_tid or ue.used or ue.last.b_tid
        run = ue.of_b_tid(named) if named in {r.b_tid for r in ue.gba} else ue.last
        rand = self.octets("pull RAND", 16)
        csb = int.from_bytes(self.octets("CSB", 4), "big") if csb_id is None else csb_id
        t = self._counter(ue, named, counter)
        payloads: Payloads = [
            (mikey.T, mikey.timestamp(t)),
            (mikey.RAND, mikey.rand_payload(rand)),
            (mikey.ID, mikey.identity(self.naf_fqdn)),
            (mikey.ID, mikey.identity(named)),
            (mikey.EXT, mikey.key_ids((mikey.KEY_DOMAIN, KEY_DOMAIN), (mikey.MSK_ID, key_group + key_number))),
        ]
        octets = mikey.protected(
            payloads, keys=mikey.keys_of(muk or run.naf_key(self.naf_fqdn, self.ua_id), csb, rand), csb_id=csb, t=t,
            data=b"", v=v, cs_count=0, map_type=mikey.MAP_EMPTY, arrange=arrange, break_mac=break_mac,
        )  # fmt: skip
        self.datagram(
            self.addresses.bm_sc, MIKEY_PORT, dst or ue.ip, dport, octets, edit_of(edits, "pull")
        )  # fmt: skip

    # -------------------------------------------------------------------------------------------- MTK

    def mtk(
        self,
        msk_id: bytes = FIRST_MSK,
        mtk_id: int = 1,
        *,
        key: bytes | None = None,
        salt: bytes | None = None,
        counter: int | None = None,
        csb_id: int | None = None,
        msk_key: bytes | None = None,
        rand: bytes | None = None,
        ts_type: int = mikey.COUNTER,
        v: bool = False,
        cs_count: int = 0,
        map_type: int = mikey.MAP_EMPTY,
        map_info: bytes = b"",
        prf: int = 0,
        version: int = 1,
        data_type: int = mikey.PSK,
        key_type: int = mikey.TEK_SALT,
        key_data: bytes | None = None,
        encr_alg: int = mikey.AES_CM,
        mac_alg: int = mikey.HMAC_SHA1,
        key_domain: bytes = KEY_DOMAIN,
        ext: bytes | None = None,
        break_mac: bool = False,
        arrange: Arrange | None = None,
        dst: str | None = None,
        dport: int = MIKEY_PORT,
        src: str | None = None,
        times: int = 1,
        interval: float = 1.0,
        edits: Edits | None = None,
    ) -> None:
        """Multicast an MTK message `times` times, unchanged, `interval` s apart: message mtk (each sending).

        MTK and salt are made up the first time (MSK ID, MTK ID) is used. An MSK ID that was never delivered is
        made up too, and is then known to the BM-SC alone. `counter` None counts on for this MSK. The message is
        kept for `repeat_mtk`.
        """
        check_names(edits, ("mtk",))
        held = self.msks.get(msk_id)
        if held is None:
            made = Msk(key_domain, msk_id, self.octets("MSK", 16), self.octets("MIKEY RAND", 16), (0, LAST_SEQ))
            held = self.msks[msk_id] = made
        mki = msk_id + mtk_id.to_bytes(2, "big")
        sent = self.mtks.get(mki) or Mtk(msk_id, mtk_id, self.octets("MTK", 16), self.octets("salt", 14))
        sent = Mtk(msk_id, mtk_id, key or sent.key, sent.salt if salt is None else salt)
        self.mtks[mki] = sent
        t = held.counter + 1 if counter is None else counter
        held.counter = max(held.counter, t)
        csb = int.from_bytes(self.octets("CSB", 4), "big") if csb_id is None else csb_id
        ids = ((mikey.KEY_DOMAIN, key_domain), (mikey.MSK_ID, msk_id), (mikey.MTK_ID, mki[4:]))
        payloads: Payloads = [
            (mikey.T, mikey.timestamp(t, ts_type)),
            (mikey.EXT, mikey.key_ids(*ids) if ext is None else ext),
        ]
        plain = mikey.key_data(sent.key, key_type=key_type, salt=sent.salt) if key_data is None else key_data
        octets = mikey.protected(
            payloads, keys=mikey.keys_of(msk_key or held.key, csb, held.rand if rand is None else rand), csb_id=csb,
            t=t, data=plain, v=v, cs_count=cs_count, map_type=map_type, map_info=map_info, prf=prf, version=version,
            data_type=data_type, encr_alg=encr_alg, mac_alg=mac_alg, arrange=arrange, break_mac=break_mac,
        )  # fmt: skip
        self._last_mtk = (src or self.addresses.bm_sc, dst or self.addresses.group, dport, octets)
        for n in range(times):
            if n:
                self.wait(interval)
            self.repeat_mtk(edits=edits)

    _last_mtk: tuple[str, str, int, bytes] = ("", "", 0, b"")

    def repeat_mtk(self, *, edits: Edits | None = None) -> None:
        """Multicast the last MTK message once more, octet for octet."""
        src, dst, dport, octets = self._last_mtk
        self.datagram(src, MIKEY_PORT, dst, dport, octets, edit_of(edits, "mtk"))

    def mikey_error(
        self, number: int = 0, *, csb_id: int | None = None, src: str | None = None, dst: str | None = None
    ) -> None:
        """Send a MIKEY error message (RFC 3830 5.1.2), from the first UE to the BM-SC; `csb_id` is what it answers."""
        csb = int.from_bytes(self.octets("CSB", 4), "big") if csb_id is None else csb_id
        octets = mikey.error(csb_id=csb, t=1, number=number)
        self.datagram(src or self.ue.ip, MIKEY_PORT, dst or self.addresses.bm_sc, MIKEY_PORT, octets)


def _text(identity: str | bytes) -> str:
    return identity.decode("latin-1") if isinstance(identity, bytes) else identity

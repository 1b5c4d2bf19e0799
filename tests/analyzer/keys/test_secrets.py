"""Key octets show up in no repr, no str and no exception (TS 33.246 keys must not leave through a log)."""

import itertools
import pickle
import traceback

import pytest

from analyzer.keys import aka, gba, mikey, srtp, tables, tuak
from analyzer.keys.key import AkaKeys, Key
from analyzer.keys.keyring import (
    EspSa,
    GbaRun,
    Keyring,
    KeyringError,
    MskEntry,
    MtkEntry,
    NafKeys,
    UeKeys,
    load_keyring,
)

counter = itertools.count(1)


def secret(length=16):
    """Octets unlike any other here, that would be told as hex, as bytes or as a list."""
    return bytes((next(counter) * 37 + i) % 200 + 33 for i in range(length))


def shows(text, octets):
    piece = octets[:6]
    return any(form in text.lower() for form in (piece.hex(), repr(piece)[2:-1].lower(), str(list(piece))[1:-1]))


def held():
    s = [secret(n) for n in (16, 16, 16, 16, 32, 32, 32, 32, 32, 16, 16, 14, 8, 16, 20, 6)]
    run = GbaRun("b", bytes(16), s[4], s[0], s[1], s[12])
    naf = NafKeys("f", b_tid="b", ks_naf=s[5], ks_ext_naf=s[6], ks_int_naf=s[7], muk=s[8], mrk=s[4])
    ue = UeKeys("i", (), s[0], s[1], s[2], gba=(run,), naf=(naf,))
    msk, mtk = MskEntry(b"d", b"m", s[9]), MtkEntry(b"d", b"m", b"t", s[10], s[11])
    sa = EspSa(1, encryption_key=s[13], integrity_key=s[14])
    key = Key("MTK", s[10], "keyring", "supplied", salt=s[11])
    return s, [
        run, naf, ue, msk, mtk, sa,
        Keyring((ue,), (msk,), (mtk,), (sa,)),
        key,
        Key("MTK", s[3], "keyring", "derived", parents=(key,)),
        AkaKeys(s[12], s[0], s[1], s[15]),
        aka.AkaRun(s[12], s[0], s[1], b"sqn", b"am", mac_ok=True, gba_u=False),
        mikey.PskKeys(s[9], s[14], s[11]),
        mikey.TgkKeys(s[9], s[14]),
        srtp.SessionKeys(s[9], s[14], s[11]),
        srtp.Checked(ok=True, mac=True, roc=0, payload=s[10]),
        srtp.CheckedRtcp(ok=True, mac=True, index=0, encrypted=True, payload=s[10]),
    ]  # fmt: skip


SECRETS, HOLDERS = held()


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
def test_no_octet_in_what_a_value_says_of_itself(holder):
    for text in (repr(holder), str(holder), f"{holder}", repr([holder]), repr({"x": (holder,)})):
        assert not any(shows(text, octets) for octets in SECRETS)
    assert pickle.loads(pickle.dumps(holder)) == holder  # which is not how it is hidden


def test_the_search_for_octets_finds_them():
    for octets in SECRETS:
        assert shows(f"<{octets!r}>", octets)
        assert shows(octets.hex(), octets)
        assert shows(octets.hex().upper(), octets)
        assert shows(str(list(octets)), octets)


K, BAD = secret(16), secret(17)
BAD_KEYS = mikey.PskKeys(secret(16), secret(20), secret(8))


@pytest.mark.parametrize(
    "call",
    [
        lambda: aka.run(k=BAD, opc=K, rand=K, autn=K),
        lambda: aka.run(k=K, opc=BAD, rand=K, autn=K),
        lambda: aka.run(k=K, opc=K, rand=BAD, autn=BAD),
        lambda: aka.run(k=K, opc=K, rand=K, autn=K, algorithm="tuak"),
        lambda: aka.run(k=K, opc=K, rand=K, autn=K, algorithm="none"),
        lambda: aka.check_auts(k=K, opc=K, rand=K, auts=BAD),
        lambda: aka.opc(k=BAD, op=K),
        lambda: tuak.topc(top=BAD, k=K),
        lambda: mikey.psk_keys(psk=BAD, csb_id=0, rand=K, prf=9),
        lambda: mikey.psk_keys(psk=BAD, csb_id=1 << 40, rand=K),
        lambda: mikey.decrypt(keys=BAD_KEYS, encr_alg=9, csb_id=0, t=0, data=BAD),
        lambda: mikey.decrypt(keys=BAD_KEYS, encr_alg=2, csb_id=0, t=0, data=BAD),
        lambda: mikey.decrypt(keys=BAD_KEYS, encr_alg=2, csb_id=0, t=0, data=K + K),
        lambda: mikey.decrypt(keys=BAD_KEYS, encr_alg=1, csb_id=0, t=0, data=BAD),
        lambda: mikey.encrypt(keys=BAD_KEYS, encr_alg=2, csb_id=0, t=0, data=BAD),
        lambda: mikey.kemac_mac(auth_key=BAD, covered=K, mac_alg=9),
        lambda: srtp.session_keys(master_key=BAD, master_salt=b""),
        lambda: srtp.session_keys(master_key=K, master_salt=BAD),
        lambda: srtp.session_keys(master_key=K, master_salt=b"", auth_length=-1),
        lambda: gba.kdf(key=BAD, fc=-1, params=(K,)),
    ],
)
def test_no_octet_in_an_exception(call):
    with pytest.raises((ValueError, OverflowError)) as caught:
        call()
    said = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(caught.value.args)
    for octets in (K, BAD, BAD_KEYS.encr_key, BAD_KEYS.auth_key, BAD_KEYS.salt):
        assert not shows(said, octets)


@pytest.mark.parametrize(
    "parse", [tables.octets(4), tables.time, tables.spi, tables.address, tables.one_of("a"), tables.texts]
)
@pytest.mark.parametrize("form", ["{}", "{}0", "{}zz", "0x{}", "\n{}"])
def test_no_value_in_a_complaint(parse, form):
    with pytest.raises(tables.WrongValueError) as caught:
        parse(form.format(BAD.hex()))
    assert not shows(str(caught.value), BAD)
    assert not shows(repr(caught.value.__context__), BAD)


@pytest.mark.parametrize(
    "line",
    ["k = {}", 'k = "{}', 'k = "{}0"', 'k = "{}zz"', 'impi = "{}"\nimpi = 1', "k = '''{}", 'k = ["{}"]',
     'algorithm = "{}"', 'gba = "{}"', '[[ue.gba]]\ntype = "{}"', '[[ue.gba]]\nlifetime = "{}"', '"unknown" = "{}"'],
)  # fmt: skip
def test_no_value_in_a_keyring_error(tmp_path, line):
    path = tmp_path / "keyring.toml"
    path.write_text("[[ue]]\nimpi = 'a'\n" + line.format(BAD.hex()))
    with pytest.raises(KeyringError) as caught:
        load_keyring(path)
    error = caught.value
    said = "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__) + repr(vars(error))
    assert not shows(said, BAD)

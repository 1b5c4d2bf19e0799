"""ESP under new keys: opened as before, in the way it was, and nothing in it is left."""

from io import BytesIO

import pytest

from analyzer.anonymous import judged, leaks
from analyzer.capture.case import find_cases
from sample_pcaps.forge import pcapng
from sample_pcaps.forge_esp import Sa, transport, traversal, tunnel
from sample_pcaps.story import Story
from tests.analyzer.anonymous.conftest import both
from tests.analyzer.keys import test_agreements as of_aka
from tests.analyzer.keys.test_esp import SUITES

SPI = 0x3001


def written(folder, capture, keyring=""):
    (folder / "capture.pcapng").write_bytes(pcapng(capture))
    path = folder / "keyring.toml"
    path.write_text(keyring)
    path.chmod(0o600)
    (case,) = find_cases([str(folder)])
    return case


def in_esp(sa, put, known=None):
    """A story of which what the SCF sends the BM-SC goes through ESP, and a keyring with what is known of that."""
    story = Story.begun_by_sip()
    story.keys_and_media()
    src, dst = story.addresses.scf, story.addresses.bm_sc
    packets = []
    for number, (time, packet) in enumerate(story.tape.sorted(), 1):
        own = packet[14:]
        is_mine = packet[12:14] == b"\x08\x00" and (own[12:16], own[16:20]) == (packed(src), packed(dst))
        packets.append((time, packet[:14] + put(sa, number, own, src, dst) if is_mine else packet))
    entry = "" if known is None else f'\n[[esp.sa]]\nspi = {SPI}\nsrc = "{src}"\ndst = "{dst}"\n{known}'
    return packets, story.keyring() + entry


def packed(address):
    return bytes(map(int, address.split(".")))


@pytest.mark.parametrize("put", [transport, tunnel, traversal])
@pytest.mark.parametrize("suite", SUITES)
def test_each_suite_keeps_its_verdicts(suite, put, tmp_path):
    sa, *_ = SUITES[suite]
    keys = zip(("encryption", "encryption_key", "integrity", "integrity_key"), SUITES[suite][1], strict=True)
    told = (f'{name} = "{value if isinstance(value, str) else value.hex()}"\n' for name, value in keys if value)
    sa = Sa(SPI, sa.cipher, sa.cipher_key, sa.mac, sa.mac_key)
    found = both(written(tmp_path, *in_esp(sa, put, "".join(told))))
    assert judged(found.after.report) == judged(found.before.report)
    assert len(found.after.messages) == len(found.before.messages)
    assert found.after.decoded.opened == found.before.decoded.opened != {}
    assert not found.anonymiser.counts
    assert leaks(BytesIO(found.written), found.anonymiser.secrets()) == 0
    for key in (sa.cipher_key, sa.mac_key):
        assert not key or key.hex().encode() not in found.written
    assert b"home1.net" not in found.written


@pytest.mark.parametrize("mac", ["sha1", "null"])
def test_what_is_in_the_clear_needs_no_key(mac, tmp_path):
    found = both(written(tmp_path, *in_esp(Sa(SPI, mac=mac, mac_key=bytes(20)), transport)))
    assert found.after.decoded.opened == found.before.decoded.opened != {}
    assert judged(found.after.report) == judged(found.before.report)
    assert not found.anonymiser.counts


def test_what_nothing_opens_is_blanked(tmp_path):
    sa = Sa(SPI, "aes-cbc", bytes(16), "sha1", bytes(20))
    found = both(written(tmp_path, *in_esp(sa, transport)))
    assert found.anonymiser.counts["octets of IP protocol 50 blanked"] > 500


@pytest.mark.parametrize(("suite", "alg", "ealg", "how"), of_aka.SUITES)
@pytest.mark.parametrize("shown", [True, False])
def test_keys_of_a_run_of_aka_are_made_of_the_new_ones(suite, alg, ealg, how, shown, tmp_path):
    ring = f'[[ue]]\nimpi = "{of_aka.IMPI}"\nk = "{of_aka.K.hex()}"\nopc = "{of_aka.OPC.hex()}"\n'
    found = both(written(tmp_path, of_aka.capture(suite, alg, ealg, cx=shown), "" if shown else ring))
    assert found.after.decoded.opened == found.before.decoded.opened != {}
    assert len(found.after.messages) == len(found.before.messages)
    for key in (of_aka.CK, of_aka.IK):
        assert key not in found.written

"""FLUTE and DCF of the forge: layouts counted out, keys of the self made chain, and tshark on the packets."""

import base64
import hmac

import pytest

from sample_pcaps import forge_flute as flute
from sample_pcaps.forge_keys import DownloadKeys, download_keys

KEYS = DownloadKeys(bytes(range(16)), bytes(range(20)))
KEY_ID = bytes.fromhex("00f110000100010001")


def test_keys_of_a_download_are_those_of_the_chain(value):
    found = download_keys(bytes(range(0xC0, 0xD0)), 0x0BADCAFE, bytes(range(16)))
    assert found.auth_key == value("Download auth key 160 bit (cs_id 1 octet 00)")
    assert found.encr_key == value("Download enc key 128 bit (cs_id 1 octet 00)")


def test_an_object_is_cut_as_said():
    octets = bytes(5 * flute.SYMBOL - 1)
    packets = list(flute.packets(7, 9, octets))
    ids = [packet[-len(octets[n * 1024 : (n + 1) * 1024]) - 4 :][:4].hex() for n, packet in enumerate(packets)]
    assert ids == ["00000000", "00000001", "00010000", "00010001", "00020000"]
    assert packets[0][:16].hex() == "10a00800" + "00000000" + "00000007" + "00000009"
    assert packets[0][16:32].hex() == "4004" + "0000000013ff" + "0000" + "0400" + "00000002"
    assert b"".join(packet[36:] for packet in packets) == octets


def test_an_fdt_packet_names_its_instance():
    (packet,) = flute.packets(7, 0, b"<FDT-Instance/>", instance=5)
    assert (packet[2], packet[16:20].hex()) == (9, "c0100005")


@pytest.mark.parametrize("iv", [b"", bytes(16)])
def test_a_dcf_is_signed_over_all_but_its_last_box(iv):
    whole = flute.dcf(b"picture", "video/mp4", keys=KEYS, key_id=KEY_ID, iv=iv)
    assert whole[:20].hex() == "00000014" + b"ftypodcf".hex() + "00000002" + b"odcf".hex()
    assert whole[-41:-20].hex() == "00000029" + b"mdri".hex() + "00000021" + b"odfs".hex() + "00000000" + "01"
    assert whole[-20:] == hmac.digest(KEYS.auth_key, whole[:-41], "sha1")
    assert base64.b64encode(KEY_ID) in whole
    assert (b"picture" in whole) == (not iv)

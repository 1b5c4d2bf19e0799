"""ESP of the forge, as Wireshark opens it: an eye that is neither the forge's nor the analyzer's."""

import shutil
import subprocess

import pytest

from sample_pcaps.forge import ethernet, pcap, tcp, udp
from sample_pcaps.forge_esp import Sa, transport, traversal, tunnel

TSHARK = shutil.which("tshark")
UE, CSCF = "10.0.0.1", "10.0.0.2"
CK, IK = bytes(range(0x10, 0x20)), bytes(range(0x20, 0x30))
CK3 = CK + CK[:8]
SALT = b"\xca\xfe\xba\xbe"
SIP = b"OPTIONS sip:cscf SIP/2.0\r\nCall-ID: %d\r\nContent-Length: 0\r\n\r\n"

# What the forge seals, and how Wireshark's table of associations calls it
SUITES = (
    (Sa(0x11, mac="md5", mac_key=IK), "NULL", b"", "HMAC-MD5-96 [RFC2403]", IK),
    (Sa(0x12, mac="sha1", mac_key=IK + bytes(4)), "NULL", b"", "HMAC-SHA-1-96 [RFC2404]", IK + bytes(4)),
    (Sa(0x13, "aes-cbc", CK, "sha1", IK), "AES-CBC [RFC3602]", CK, "HMAC-SHA-1-96 [RFC2404]", IK),
    (Sa(0x14, "des-ede3-cbc", CK3, "md5", IK), "TripleDES-CBC [RFC2451]", CK3, "HMAC-MD5-96 [RFC2403]", IK),
    (Sa(0x15, "aes-gcm", CK + SALT), "AES-GCM with 16 octet ICV [RFC4106]", CK + SALT, "NULL", b""),
)


def test_wireshark_opens_what_is_sealed(tmp_path):
    if TSHARK is None:
        pytest.skip("tshark is not installed")
    packets, options = [], []
    for number, (sa, cipher, cipher_key, mac, mac_key) in enumerate(SUITES, 1):
        text = SIP % number
        segment = tcp(UE, 5100 + number, CSCF, 5060, seq=1, ack=1, flags=24, payload=text)
        packets += [
            transport(sa, 1, udp(UE, 5060, CSCF, 5060, text), UE, CSCF),
            transport(sa, 2, segment, UE, CSCF),
            tunnel(sa, 3, udp(UE, 5060, CSCF, 5060, text), "192.0.2.1", "192.0.2.2"),
            traversal(sa, 4, udp(UE, 5060, CSCF, 5060, text), UE, CSCF),
        ]
        row = ("IPv4", "*", "*", f"0x{sa.spi:08x}", cipher, hexed(cipher_key), mac, hexed(mac_key))
        options += ["-o", "uat:esp_sa:" + ",".join(f'"{column}"' for column in row)]
    path = tmp_path / "esp.pcap"
    path.write_bytes(pcap([(n, ethernet(UE, CSCF, packet)) for n, packet in enumerate(packets)]))
    command = [TSHARK, "-n", "-r", str(path), *options, "-T", "fields", "-e", "sip.Call-ID", "-e", "esp.icv_bad"]
    for option in ("esp.enable_encryption_decode:TRUE", "esp.enable_authentication_check:TRUE"):
        command[4:4] = ["-o", option]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    assert [line.split("\t")[0] for line in told] == [str(n) for n in range(1, len(SUITES) + 1) for _ in range(4)]
    assert not any("1" in line.split("\t")[1] or "True" in line for line in told)


def hexed(key):
    return f"0x{key.hex()}" if key else ""


def test_padding_counts_up_to_the_block():
    for size in range(40):
        packet = transport(Sa(1), 1, udp(UE, 1, CSCF, 2, bytes(size)), UE, CSCF)
        length = packet[-2]
        assert packet[-2 - length : -2] == bytes(range(1, length + 1))
        assert (len(packet) - 20) % 4 == 0
        assert packet[-1] == 17

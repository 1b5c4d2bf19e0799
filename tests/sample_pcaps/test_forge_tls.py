from cryptography import x509
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sample_pcaps import forge_tls as forge


def test_the_prf_of_tls_1_2():
    """The test vector that the TLS working group was given for P_SHA256 (mail of 2009, IETF archive)."""
    secret = bytes.fromhex("9bbe436ba940f017b17652849a71db35")
    seed = bytes.fromhex("a0ba9f936cda311827a6f796ffd5198c")
    expected = (
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17"
        "abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66"
    )
    assert forge.prf(secret, b"test label", seed, 100).hex() == expected


def test_a_session_is_the_same_each_time_and_another_for_another_seed():
    one, same, other = (forge.Session("a", seed).flights() for seed in ("1", "1", "2"))
    assert one == same
    assert one != other


def test_what_is_sealed_opens_with_the_master_secret_of_the_key_log():
    session = forge.Session("a", "1")
    hello = session.flights()[1][1]
    sealed = session.data(b"x" * 5000, by_client=True)
    label, random, master = session.keylog.split()
    assert (label, random) == ("CLIENT_RANDOM", session.client_random.hex())
    block = forge.prf(bytes.fromhex(master), b"key expansion", hello[11:43] + session.client_random, 40)
    size = int.from_bytes(sealed[3:5], "big")
    nonce, octets = sealed[5:13], sealed[13 : 5 + size]
    covered = b"\0" * 7 + b"\x01" + b"\x17\x03\x03" + (4096).to_bytes(2, "big")  # the second record of the client
    assert AESGCM(block[:16]).decrypt(block[32:36] + nonce, octets, covered) == b"x" * 4096
    assert sealed[5 + size : 5 + size + 3] == b"\x17\x03\x03"


def test_the_certificate_is_of_the_server():
    flight = forge.Session("bmsc.home1.net", "1").flights()[1][1]
    begin = flight.index(b"\x30\x82") if b"\x30\x82" in flight else flight.index(b"\x30\x81")
    size = int.from_bytes(flight[begin - 3 : begin], "big")
    assert x509.load_der_x509_certificate(flight[begin : begin + size]).subject.rfc4514_string() == "CN=bmsc.home1.net"


def test_records_of_datagrams_are_sealed_with_epoch_and_number():
    session = forge.DatagramSession("a", "1")
    hello = session.flights()[1][1]
    session.data(b"x", by_client=True)
    sealed = session.data(b"y" * 9, by_client=True)
    _, _, master = session.keylog.split()
    block = forge.prf(bytes.fromhex(master), b"key expansion", hello[27:59] + session.client_random, 40)
    number = bytes.fromhex("0001000000000002")  # Finished was 0
    assert sealed[:13] == b"\x17\xfe\xfd" + number + (len(sealed) - 13).to_bytes(2, "big")
    covered = number + b"\x17\xfe\xfd\0\x09"
    assert AESGCM(block[:16]).decrypt(block[32:36] + sealed[13:21], sealed[21:], covered) == b"y" * 9

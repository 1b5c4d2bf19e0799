from analyzer.correlate.bodies import summary
from dissectors import Payload, dissect
from sample_pcaps import forge_tls as forge

SESSION = forge.Session("bmsc.home1.net", "words")


def told(data: bytes) -> str:
    message = dissect(Payload(data, "tcp", "10.0.0.1", 40000, "10.0.0.2", 8443, 0, 1, 0, (1,)))
    assert message is not None
    return summary(message)


def test_a_session_in_words() -> None:
    said = [told(octets) for _, octets in SESSION.flights()]
    assert said == [
        "Client Hello to bmsc.home1.net: TLS 1.2, 1 cipher suite",
        "Server Hello: TLS 1.2, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, Certificate, Server Key Exchange, "
        "Server Hello Done",
        "Client Key Exchange, Change Cipher Spec, Encrypted Handshake Message",
        "Change Cipher Spec, Encrypted Handshake Message",
    ]
    assert told(SESSION.data(b"x", by_client=True)) == "Application Data"
    assert told(SESSION.close(by_client=True)) == "Encrypted Alert"
    assert told(forge.record(forge.ALERT, b"\x02\x28")) == "Fatal Alert: Handshake Failure"
    assert told(forge.record(forge.ALERT, b"\x09\xff")) == "9 Alert: 255"


def test_what_else_hellos_say() -> None:
    asked = [forge.versions(0x0A0A, 0x0304, 0x0303), forge.alpn("h2"), forge.psks("3GPP-bootstrapping;a@bsf")]
    hello = forge.client_hello(bytes(32), [0x1301, 0x1302], asked)
    assert told(forge.record(22, forge.handshake(1, hello))) == (
        "Client Hello: TLS 1.3, 2 cipher suites, for h2, PSK identity 3GPP-bootstrapping;a@bsf"
    )
    retry = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    again = forge.server_hello(retry, 0x1301, [forge.extension(43, b"\x03\x04")])
    assert told(forge.record(22, forge.handshake(2, again))) == "Hello Retry Request: TLS 1.3, TLS_AES_128_GCM_SHA256"


def test_psk_identities() -> None:
    hint = forge.handshake(forge.SERVER_KEYS, forge.sized(b"3GPP-bootstrapping", 2))
    assert told(forge.record(22, hint)) == "Server Key Exchange with PSK identity hint 3GPP-bootstrapping"
    keys = forge.handshake(forge.CLIENT_KEYS, forge.sized(b"3GPP-bootstrapping;a@bsf", 2))
    assert told(forge.record(22, keys)) == "Client Key Exchange with PSK identity 3GPP-bootstrapping;a@bsf"

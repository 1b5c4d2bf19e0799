"""TLS and DTLS: told by their octets, read as Wireshark reads them, and shut where they are encrypted."""

import pytest

from dissectors import dissect, tree
from dissectors import tls_names as names
from dissectors.cursor import Cursor, Malformed
from dissectors.tls import MAX_RECORDS, Handshake, Record, Tls, messages_end, parse, parse_dtls
from sample_pcaps import forge_tls as forge

RANDOM = bytes(range(32))
SUITES = (0x1301, 0xC02B)
HELLO = forge.client_hello(
    RANDOM,
    SUITES,
    [forge.server_name("bmsc.home1.net"), forge.alpn("h2", "http/1.1"), forge.versions(0x0304, 0x0303)],
    session=b"session",
)
CLIENT = forge.record(forge.HANDSHAKE, forge.handshake(forge.CLIENT_HELLO, HELLO), b"\x03\x01")
SESSION = forge.Session("bmsc.home1.net", "test")
FLIGHTS = SESSION.flights()
SECRET = SESSION.data(b"POST /keymanagement HTTP/1.1\r\n\r\n", by_client=True)
DATAGRAM = forge.client_hello(
    RANDOM, SUITES, [forge.server_name("bmsc")], session=b"s", cookie=b"c", version=forge.DTLS_1_2
)


@pytest.fixture
def tcp(payload):
    return lambda data: payload(data, "tcp", 40000, 8443)


@pytest.fixture
def udp(payload):
    return lambda data: payload(data, "udp", 40000, 8443)


def records(data):
    """Records one by one, as a stream gives them."""
    while data:
        size = 5 + int.from_bytes(data[3:5], "big")
        yield data[:size]
        data = data[size:]


def test_a_client_hello(tcp, named, leaves):
    message = dissect(tcp(CLIENT))
    assert (message.protocol, message.error) == ("tls", None)
    hello = message.body.hello
    assert hello.client
    assert (hello.version, hello.random, hello.suites) == (0x0303, RANDOM, SUITES)
    assert (hello.server_names, hello.protocols) == (("bmsc.home1.net",), ("h2", "http/1.1"))
    assert hello.versions == (0x0304, 0x0303)
    assert named(message, "tls.handshake.ciphersuite") == [*SUITES]
    assert named(message, "tls.handshake.extensions_server_name") == ["bmsc.home1.net"]
    assert leaves(message)[0].text == "Handshake (22)"


@pytest.mark.parametrize("place", range(4))
def test_a_session_reads_as_tshark_reads_it(tcp, oracle, agrees, place):
    unlike = frozenset({"tls.handshake.random_time", "tls.handshake.random_bytes", "tls.handshake.sig_hash_alg_len"})
    data = FLIGHTS[place][1]
    given = list(records(data))
    asked = oracle("tls", [tcp(data)], "-d", "tcp.port==8443,tls")
    assert [each.octets for each in asked] == [data]
    message = dissect(tcp(data))
    assert message.error is None
    assert len(message.body.records) == len(given)
    known = {field.name for outer in tree(message) for field in outer.walk()}
    shown = [field for field in asked[0].fields if field.name in known]
    assert {field.name for field in asked[0].fields} - known <= unlike | {
        f"tls.handshake.{name}"
        for name in (
            "extensions_supported_groups_length", "extensions_supported_groups", "extensions_supported_group",
            "extensions_ec_point_formats_length", "extensions_ec_point_formats", "extensions_ec_point_format",
            "sig_hash_algs", "sig_hash_alg", "sig_hash_hash", "sig_hash_sig", "server_curve_type", "server_named_curve",
            "server_point_len", "server_point", "sig_len", "sig", "client_point_len", "client_point",
        )
    }  # fmt: skip
    agrees(message, shown, unlike)


def test_a_datagram_reads_as_tshark_reads_it(udp, oracle, agrees):
    body = forge.datagram_handshake(forge.CLIENT_HELLO, DATAGRAM)
    data = forge.datagram_record(forge.HANDSHAKE, body, number=7)
    message = dissect(udp(data))
    assert (message.protocol, message.error) == ("dtls", None)
    assert message.body.hello.server_names == ("bmsc",)
    (asked,) = oracle("dtls", [udp(data)], "-d", "udp.port==8443,dtls")
    agrees(message, asked.fields, frozenset({"dtls.handshake.random_time", "dtls.handshake.random_bytes"}))


def test_psk_identities_are_told_from_keys(tcp):
    """TS 33.222 5.4: identity and hint of GBA; whose the exchange is only the Server Hello says."""
    identity = "3GPP-bootstrapping;MTIz@bsf.home1.net"

    def read(kind, octets):
        message = dissect(tcp(forge.record(forge.HANDSHAKE, forge.handshake(kind, octets))))
        assert message.error is None
        return message.body.records[0].handshakes

    assert read(forge.CLIENT_KEYS, forge.sized(identity.encode(), 2)) == (Handshake(16, None, identity),)
    assert read(forge.CLIENT_KEYS, forge.sized(identity.encode(), 2) + bytes(32))[0].identity == identity
    assert read(forge.SERVER_KEYS, forge.sized(b"3GPP-bootstrapping", 2))[0].identity == "3GPP-bootstrapping"
    for other in (b"", b"\0\0", forge.sized(b"\x9e" * 256, 2), forge.sized(b"\x04" * 65, 1), b"\x00\x09abc"):
        assert read(forge.CLIENT_KEYS, other) == (Handshake(16),)


def test_psks_of_tls_1_3(tcp):
    offer = forge.client_hello(RANDOM, SUITES, [forge.psks("a;b@bsf", "\0")])
    message = dissect(tcp(forge.record(forge.HANDSHAKE, forge.handshake(1, offer))))
    assert message.error is None
    assert message.body.hello.identities == ("a;b@bsf",)


def test_a_hello_retry_request(tcp):
    answer = forge.server_hello(names.RETRY_RANDOM, 0x1301, [forge.extension(43, b"\x03\x04")])
    hello = dissect(tcp(forge.record(forge.HANDSHAKE, forge.handshake(2, answer)))).body.hello
    assert hello.is_retry
    assert hello.versions == (0x0304,)


def test_alerts_and_what_is_encrypted(tcp, named):
    message = dissect(tcp(forge.record(forge.ALERT, b"\x02\x28")))
    assert message.body == Tls((Record(21, 0x0303, 2, (), (2, 40)),))
    assert named(message, "tls.alert_message.desc") == [40]
    change, finished = records(FLIGHTS[3][1])
    assert dissect(tcp(change)).body == Tls((Record(20, 0x0303, 1),))
    for sealed in (finished, SESSION.close(by_client=False)):
        message = dissect(tcp(sealed))
        assert message.body == Tls((Record(sealed[0], 0x0303, len(sealed) - 5),))
        assert named(message, "tls.record.encrypted") == [sealed[5:]]


def test_an_encrypted_message_is_no_handshake_message():
    """Nonces often count up from zero, and zero is a message without a body, which stands alone."""
    assert messages_end(bytes(4)) == 4
    assert messages_end(bytes(8) + b"\x51" * 32) is None
    assert messages_end(b"\x0e\0\0\0") == 4
    assert messages_end(b"\x0b\x00\x20\x00" + bytes(300)) == 4 + 0x2000
    assert messages_end(b"\x0b\x00\x20\x00" + bytes(36)) is None
    assert messages_end(forge.handshake(1, HELLO)[:40]) == 4 + len(HELLO)
    assert messages_end(b"\x63\0\0\0") is None


def test_of_application_data_the_header_is_enough(tcp, named):
    for data in (SECRET[:5], SECRET):
        message = dissect(tcp(data))
        assert message.error is None
        assert message.body == Tls((Record(23, 0x0303, len(SECRET) - 5),))
        assert named(message, "tls.app_data") == ([SECRET[5:]] if data == SECRET else [])


def test_a_message_that_two_records_carry(tcp, named):
    message = forge.handshake(forge.CERTIFICATE, forge.sized(forge.sized(bytes(20000), 3), 3))
    data = forge.record(forge.HANDSHAKE, message[:16000]) + forge.record(
        forge.HANDSHAKE, message[16000:] + b"\x0e\0\0\0"
    )
    read = dissect(tcp(data))
    assert read.error is None
    assert [tuple(h.kind for h in record.handshakes) for record in read.body.records] == [(11,), (14,)]
    assert b"".join(named(read, "tls.handshake.part")) == message[4:]


def test_a_message_of_dtls_in_parts(udp, named):
    first = forge.datagram_handshake(forge.CLIENT_HELLO, DATAGRAM, end=20)
    second = forge.datagram_handshake(forge.CLIENT_HELLO, DATAGRAM, first=20)
    message = dissect(udp(forge.datagram_record(22, first) + forge.datagram_record(22, second, number=1)))
    assert message.error is None
    assert b"".join(named(message, "dtls.handshake.part")) == DATAGRAM


def test_what_is_encrypted_of_dtls_is_told_by_its_epoch(udp, named):
    change = forge.datagram_record(20, b"\x01")
    message = dissect(udp(change + forge.datagram_record(22, bytes(40), epoch=1)))
    assert message.error is None
    assert named(message, "dtls.record.encrypted") == [bytes(40)]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x16\x03\x01", b"\x16\x03\x01\x00\x10abc", b"\x16\x04\x01" + CLIENT[3:], b"\x19" + CLIENT[1:],
        b"\x16\x03\x01\xff\xff" + bytes(65535), b"\x16\x03\x01\x00\x00", b"GET / HTTP/1.1\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_no_tls(tcp, data):
    message = dissect(tcp(data))
    assert message is None or message.protocol != "tls"


def test_tls_is_not_looked_for_in_datagrams(udp):
    assert dissect(udp(CLIENT)) is None


def test_dtls_is_whole_datagrams_and_begins_with_no_data(udp, tcp):
    """RFC 7983: the first octet tells DTLS from RTP, and nothing else of a datagram may be left over."""
    record = forge.datagram_record(22, forge.datagram_handshake(1, DATAGRAM))
    data = forge.datagram_record(23, bytes(30), epoch=1)
    assert dissect(udp(record)).protocol == "dtls"
    assert dissect(udp(record)._replace(named="flute")).protocol == "flute"
    assert dissect(udp(record + data)).protocol == "dtls"
    for other in (data, record[:-1], record + b"x", b"\x80" + record[1:], record[:1] + b"\xff" + record[2:]):
        assert dissect(udp(other)) is None
    assert dissect(tcp(record)) is None


def test_what_lies_is_told_with_what_was_read_before(tcp):
    done = forge.record(22, b"\x0e\0\0\0")
    with pytest.raises(Malformed, match="9 octets announced, 4 there") as caught:
        parse(Cursor(done + b"\x16\x03\x03\x00\x09\x0e\0\0\0"))
    assert caught.value.partial == parse(Cursor(done))
    with pytest.raises(Malformed, match="content type 99 of version 0x0303"):
        parse(Cursor(b"\x63" + done[1:]))
    with pytest.raises(Malformed, match="content type 22 of version 0x0303"):
        parse_dtls(Cursor(b"\x16\x03\x03" + bytes(10)))
    with pytest.raises(Malformed, match=f"more than {MAX_RECORDS} records"):
        parse(Cursor(done * (MAX_RECORDS + 1)))


def test_an_extension_that_is_longer_than_its_hello(tcp):
    cut = HELLO[:-6] + b"\x7f" + HELLO[-5:]
    message = dissect(tcp(forge.record(22, forge.handshake(1, cut))))
    assert message.error is not None
    assert message.error.field.startswith("tls.handshake.")
    assert tree(message)[-1].end == len(message.payload.data)


def test_a_flight_of_dtls_1_3(udp, named):
    """RFC 9147 4: what follows the Server Hello is encrypted, under a header of its own, in the same datagram."""
    hello = forge.server_hello(RANDOM, 0x1301, [forge.extension(43, b"\xfe\xfc")], version=forge.DTLS_1_2)
    sealed = bytes(range(40))
    data = forge.datagram_record(22, forge.datagram_handshake(2, hello)) + forge.ciphertext(sealed, epoch=2)
    message = dissect(udp(data + forge.ciphertext(sealed, epoch=3, number=0x5A, with_length=False)))
    assert (message.protocol, message.error) == ("dtls", None)
    assert message.body.hello.versions == (0xFEFC,)
    assert [(record.kind, record.size) for record in message.body.records[1:]] == [(names.CIPHERTEXT, 40)] * 2
    assert named(message, "dtls.record.encrypted") == [sealed, sealed]
    assert named(message, "dtls.record.unified.epoch") == [2, 3]
    assert named(message, "dtls.record.masked_number") == [b"\xa5\xb6", b"\x5a"]


def test_connection_ids_of_dtls_1_3(udp, named):
    parts = [bytes(range(30)), bytes(range(50))]
    data = b"".join(forge.ciphertext(part, epoch=2, connection_id=b"\xc1\xd2\xe3") for part in parts)
    message = dissect(udp(data + forge.ciphertext(parts[0], epoch=2, connection_id=b"\xc1\xd2\xe3", with_length=False)))
    assert message.error is None
    assert [record.connection_id for record in message.body.records] == [b"\xc1\xd2\xe3"] * 3
    assert named(message, "dtls.record.encrypted") == [*parts, parts[0]]


def test_a_connection_id_reads_as_tshark_reads_it(udp, oracle, agrees, named):
    """RFC 9146: offered in a Hello; how long it is in a record both Hellos told tshark, and the datagram us."""
    offer = forge.client_hello(RANDOM, [0xC0A8], [forge.connection_id(b"\xaa\xbb")], cookie=b"", version=forge.DTLS_1_2)
    answer = forge.server_hello(RANDOM, 0xC0A8, [forge.connection_id(b"\x01\x02\x03\x04")], version=forge.DTLS_1_2)
    sealed = forge.connection_record(bytes(range(24)), b"\x01\x02\x03\x04")
    sent = [
        udp(forge.datagram_record(22, forge.datagram_handshake(1, offer))),
        udp(forge.datagram_record(22, forge.datagram_handshake(2, answer)))._replace(
            src="10.0.0.2", sport=8443, dst="10.0.0.1", dport=40000
        ),
        udp(forge.datagram_record(20, b"\x01", number=1) + sealed),
    ]
    messages = [dissect(each) for each in sent]
    assert [message.error for message in messages] == [None] * 3
    assert [message.body.hello.connection_id for message in messages[:2]] == [b"\xaa\xbb", b"\x01\x02\x03\x04"]
    assert messages[2].body.records[1] == Record(25, 0xFEFD, 24, connection_id=b"\x01\x02\x03\x04")
    assert named(messages[2], "dtls.record.encrypted") == [bytes(range(24))]
    unlike = frozenset({"dtls.handshake.random_time", "dtls.handshake.random_bytes"})
    asked = oracle("dtls", sent, "-d", "udp.port==8443,dtls")
    for message, other in zip(messages, asked, strict=True):
        known = {field.name for outer in tree(message) for field in outer.walk()}
        agrees(message, [field for field in other.fields if field.name in known], unlike)
    assert {field.name for other in asked for field in other.fields} >= {
        "dtls.connection_id",
        "dtls.record.connection_id",
    }


def test_acknowledged_records(udp, named):
    """RFC 9147 7; what acknowledges them is encrypted once there are keys."""
    numbers = b"".join(number.to_bytes(8, "big") for number in (0, 1, 2, 5))
    message = dissect(udp(forge.datagram_record(26, forge.sized(numbers, 2))))
    assert message.error is None
    assert named(message, "dtls.ack.epoch") == [0, 2]
    assert named(message, "dtls.ack.sequence_number") == [1, 5]
    message = dissect(udp(forge.datagram_record(26, bytes(30), epoch=1)))
    assert named(message, "dtls.record.encrypted") == [bytes(30)]


@pytest.mark.parametrize(
    "data",
    [
        forge.ciphertext(bytes(30), epoch=3), forge.ciphertext(bytes(30), epoch=2, with_length=False),
        forge.ciphertext(bytes(15), epoch=2), forge.ciphertext(bytes(30), epoch=2) + b"x",
        forge.ciphertext(bytes(30), epoch=2)[:-1], forge.connection_record(bytes(20), b"id", number=1),
        forge.connection_record(bytes(20), b"id")[:-1], forge.connection_record(bytes(20), b""),
        forge.ciphertext(bytes(16), epoch=2) * 257,
    ],
)  # fmt: skip
def test_what_no_datagram_of_a_handshake_begins_with(udp, data):
    """Application data, or what cannot be told from other datagrams."""
    assert dissect(udp(data)) is None

"""URIs and the headers of IMS in the field tree, as Wireshark has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors import dissect
from dissectors.sip_values import HEADERS, header_fields, uri_fields

LINES = (
    "INVITE sip:news@mbms.home1.net:5070;transport=udp SIP/2.0",
    "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1",
    "From: \"A, B\" <sip:user1@home1.net>;tag=1",
    "t: <tel:+44-123;phone-context=x>",
    "m: <sips:[2001:db8::1]:5061;ob>",
    "P-Asserted-Identity: <sip:user1@home1.net>, <tel:+441234>",
    "Security-Client: ipsec-3gpp; alg=hmac-sha-1-96; ealg=aes-cbc; prot=esp; spi-c=1234; spi-s=5678; port-c=5062; port-s=5063",
    "Security-Server: ipsec-3gpp;q=0.1;alg=hmac-md5-96;mod=trans;port1=5062;port2=5063, digest;q=0.2;d-alg=md5;d-ver=\"a,b\"",
    "Security-Verify: tls;q=0.2",
    "Recv-Info: ContentReportConfig, nil;x=y",
    "Info-Package: ContentReportConfig",
    "P-Access-Network-Info: 3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=\"0010100010000001\"",
    "P-Access-Network-Info: IEEE-802.11;i-wlan-node-id=0a0b;network-provided, 3GPP-GERAN;cgi-3gpp=26201aa;np",
    "P-Charging-Vector: icid-value=\"a,b=1\"; icid-generated-at=10.0.0.9; orig-ioi=home1.net;term-ioi=\"a;b\"",
    "Reason: SIP ;cause=200 ;text=\"Call completed elsewhere\", Q.850;cause=16",
    "Call-ID: 1",
    "CSeq: 1 INVITE",
    "Content-Length: 0",
)  # fmt: skip
MESSAGE = ("\r\n".join(LINES) + "\r\n\r\n").encode()


@pytest.fixture
def message(payload):
    return dissect(payload(MESSAGE, dport=5060))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("sip.r-uri.user", ["news"]), ("sip.r-uri.host", ["mbms.home1.net"]), ("sip.r-uri.port", ["5070"]),
        ("sip.from.user", ["user1"]), ("sip.from.host", ["home1.net"]), ("sip.to.user", []),
        ("sip.contact.host", ["[2001:db8::1]"]), ("sip.contact.port", ["5061"]), ("sip.contact.user", []),
        ("sip.pai.user", ["user1"]), ("sip.pai.host", ["home1.net"]),
        ("sip.sec_mechanism", ["ipsec-3gpp", "ipsec-3gpp", "digest", "tls"]),
        ("sip.sec_mechanism.alg", ["hmac-sha-1-96", "hmac-md5-96"]), ("sip.sec_mechanism.q", ["0.1", "0.2", "0.2"]),
        ("sip.sec_mechanism.mod", ["trans"]), ("sip.sec_mechanism.port1", [5062]), ("sip.sec_mechanism.port2", [5063]),
        ("sip.sec_mechanism.d_alg", ["md5"]), ("sip.sec_mechanism.d_ver", ["a,b"]),
        ("sip.Recv-Info.package", ["ContentReportConfig", "nil"]),
        ("sip.Info-Package.package", ["ContentReportConfig"]), ("sip.orig_ioi", ["home1.net"]), ("sip.term_ioi", ["a;b"]),
        ("sip.sec_mechanism.ealg", ["aes-cbc"]), ("sip.sec_mechanism.prot", ["esp"]),
        ("sip.sec_mechanism.spi_c", [1234]), ("sip.sec_mechanism.spi_s", [5678]),
        ("sip.sec_mechanism.port_c", [5062]), ("sip.sec_mechanism.port_s", [5063]),
        ("sip.P-Access-Network-Info.access-type", ["3GPP-E-UTRAN-FDD", "IEEE-802.11", "3GPP-GERAN"]),
        ("sip.P-Access-Network-Info.i-wlan-node-id", ["0a0b"]), ("sip.P-Access-Network-Info.cgi-3gpp", ["26201aa"]),
        ("sip.P-Access-Network-Info.utran-cell-id-3gpp", ["0010100010000001"]),
        ("sip.icid_value", ["a,b=1"]), ("sip.icid_gen_addr", ["10.0.0.9"]),
        ("sip.reason_protocols", ["SIP", "Q.850"]), ("sip.reason_cause_sip", [200]), ("sip.reason_cause_q850", [16]),
        ("sip.reason_text", ["Call completed elsewhere"]),
    ],
)  # fmt: skip
def test_values(message, named, name, values):
    assert named(message, name) == values


def test_each_octet_has_one_field(message, leaves, payload):
    leaves(message)
    for size in range(1, len(MESSAGE)):
        leaves(dissect(payload(MESSAGE[:size], dport=5060), "sip"))


@given(st.sampled_from(sorted(HEADERS)), st.binary(max_size=80))
def test_hostile_values(name, value):
    data = b"X" + value + b"X"
    fields = [*header_fields(name, data, 1, 1 + len(value)), *uri_fields(b"sip:" + value, "sip.to", 0, 4 + len(value))]
    assert all(field.start <= field.end <= 4 + len(value) for field in fields)


def test_long_values_are_read_at_once():
    value = b"Q.850;cause=1," * 4000 + b'"' * 4000
    assert len(header_fields("Reason", value, 0, len(value))) >= 8000
    assert uri_fields(b"sip:" + b"a" * 60_000, "sip.to", 0, 60_004)[0].name == "sip.to.host"

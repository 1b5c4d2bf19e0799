"""What the numbers of TLS and DTLS mean: the registries of RFC 8446, RFC 5246, RFC 6347 and IANA."""

from __future__ import annotations

TLS_VERSIONS = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}
DTLS_VERSIONS = {0xFEFF: "DTLS 1.0", 0xFEFD: "DTLS 1.2", 0xFEFC: "DTLS 1.3"}
_VERSIONS = TLS_VERSIONS | DTLS_VERSIONS

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA, HEARTBEAT = range(20, 25)
CONTENT_TYPES = {
    CHANGE_CIPHER_SPEC: "Change Cipher Spec",
    ALERT: "Alert",
    HANDSHAKE: "Handshake",
    APPLICATION_DATA: "Application Data",
    HEARTBEAT: "Heartbeat",
}

# Of datagrams alone: RFC 9146 4, RFC 9147 7, and what stands for the header of RFC 9147 4, which has no type
CONNECTION_ID_RECORD, ACK, CIPHERTEXT = 25, 26, 32
DATAGRAM_TYPES = CONTENT_TYPES | {
    CONNECTION_ID_RECORD: "Encrypted Record with Connection ID",
    ACK: "ACK",
    CIPHERTEXT: "Encrypted Record",
}

HELLO_REQUEST, CLIENT_HELLO, SERVER_HELLO, HELLO_VERIFY = range(4)
CERTIFICATE, SERVER_KEYS, CLIENT_KEYS = 11, 12, 16
HANDSHAKES = {
    HELLO_REQUEST: "Hello Request",
    CLIENT_HELLO: "Client Hello",
    SERVER_HELLO: "Server Hello",
    HELLO_VERIFY: "Hello Verify Request",
    4: "New Session Ticket",
    5: "End of Early Data",
    6: "Hello Retry Request",
    8: "Encrypted Extensions",
    CERTIFICATE: "Certificate",
    SERVER_KEYS: "Server Key Exchange",
    13: "Certificate Request",
    14: "Server Hello Done",
    15: "Certificate Verify",
    CLIENT_KEYS: "Client Key Exchange",
    20: "Finished",
    21: "Client Certificate URL",
    22: "Certificate Status",
    23: "Supplemental Data",
    24: "Key Update",
    25: "Compressed Certificate",
}
# RFC 8446 4.1.3: a Server Hello with this random asks for another Client Hello
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")

ALERT_LEVELS = {1: "Warning", 2: "Fatal"}
ALERTS = {
    0: "Close Notify",
    10: "Unexpected Message",
    20: "Bad Record MAC",
    21: "Decryption Failed",
    22: "Record Overflow",
    30: "Decompression Failure",
    40: "Handshake Failure",
    41: "No Certificate",
    42: "Bad Certificate",
    43: "Unsupported Certificate",
    44: "Certificate Revoked",
    45: "Certificate Expired",
    46: "Certificate Unknown",
    47: "Illegal Parameter",
    48: "Unknown CA",
    49: "Access Denied",
    50: "Decode Error",
    51: "Decrypt Error",
    60: "Export Restriction",
    70: "Protocol Version",
    71: "Insufficient Security",
    80: "Internal Error",
    86: "Inappropriate Fallback",
    90: "User Canceled",
    100: "No Renegotiation",
    109: "Missing Extension",
    110: "Unsupported Extension",
    111: "Certificate Unobtainable",
    112: "Unrecognized Name",
    113: "Bad Certificate Status Response",
    114: "Bad Certificate Hash Value",
    115: "Unknown PSK Identity",
    116: "Certificate Required",
    120: "No application Protocol",
}

SERVER_NAME, ALPN, PSK, SUPPORTED_VERSIONS, CONNECTION_ID = 0, 16, 41, 43, 54
EXTENSIONS = {
    SERVER_NAME: "server_name",
    1: "max_fragment_length",
    5: "status_request",
    10: "supported_groups",
    11: "ec_point_formats",
    13: "signature_algorithms",
    14: "use_srtp",
    15: "heartbeat",
    ALPN: "application_layer_protocol_negotiation",
    18: "signed_certificate_timestamp",
    20: "server_certificate_type",
    21: "padding",
    22: "encrypt_then_mac",
    23: "extended_master_secret",
    27: "compress_certificate",
    28: "record_size_limit",
    35: "session_ticket",
    PSK: "pre_shared_key",
    42: "early_data",
    SUPPORTED_VERSIONS: "supported_versions",
    44: "cookie",
    45: "psk_key_exchange_modes",
    47: "certificate_authorities",
    49: "post_handshake_auth",
    50: "signature_algorithms_cert",
    51: "key_share",
    CONNECTION_ID: "connection_id",
    65281: "renegotiation_info",
}

# By the code of the first of a row, the others follow it
_SUITES = """
0000 NULL_WITH_NULL_NULL RSA_WITH_NULL_MD5 RSA_WITH_NULL_SHA
0004 RSA_WITH_RC4_128_MD5 RSA_WITH_RC4_128_SHA
0009 RSA_WITH_DES_CBC_SHA RSA_WITH_3DES_EDE_CBC_SHA
0013 DHE_DSS_WITH_3DES_EDE_CBC_SHA
0016 DHE_RSA_WITH_3DES_EDE_CBC_SHA
0018 DH_anon_WITH_RC4_128_MD5
001b DH_anon_WITH_3DES_EDE_CBC_SHA
002c PSK_WITH_NULL_SHA DHE_PSK_WITH_NULL_SHA RSA_PSK_WITH_NULL_SHA RSA_WITH_AES_128_CBC_SHA
0032 DHE_DSS_WITH_AES_128_CBC_SHA DHE_RSA_WITH_AES_128_CBC_SHA DH_anon_WITH_AES_128_CBC_SHA RSA_WITH_AES_256_CBC_SHA
0038 DHE_DSS_WITH_AES_256_CBC_SHA DHE_RSA_WITH_AES_256_CBC_SHA DH_anon_WITH_AES_256_CBC_SHA
003b RSA_WITH_NULL_SHA256 RSA_WITH_AES_128_CBC_SHA256 RSA_WITH_AES_256_CBC_SHA256
0040 DHE_DSS_WITH_AES_128_CBC_SHA256
0067 DHE_RSA_WITH_AES_128_CBC_SHA256
006a DHE_DSS_WITH_AES_256_CBC_SHA256 DHE_RSA_WITH_AES_256_CBC_SHA256
008a PSK_WITH_RC4_128_SHA PSK_WITH_3DES_EDE_CBC_SHA PSK_WITH_AES_128_CBC_SHA PSK_WITH_AES_256_CBC_SHA
008e DHE_PSK_WITH_RC4_128_SHA DHE_PSK_WITH_3DES_EDE_CBC_SHA DHE_PSK_WITH_AES_128_CBC_SHA DHE_PSK_WITH_AES_256_CBC_SHA
0092 RSA_PSK_WITH_RC4_128_SHA RSA_PSK_WITH_3DES_EDE_CBC_SHA RSA_PSK_WITH_AES_128_CBC_SHA RSA_PSK_WITH_AES_256_CBC_SHA
009c RSA_WITH_AES_128_GCM_SHA256 RSA_WITH_AES_256_GCM_SHA384
009e DHE_RSA_WITH_AES_128_GCM_SHA256 DHE_RSA_WITH_AES_256_GCM_SHA384
00a2 DHE_DSS_WITH_AES_128_GCM_SHA256 DHE_DSS_WITH_AES_256_GCM_SHA384
00a6 DH_anon_WITH_AES_128_GCM_SHA256 DH_anon_WITH_AES_256_GCM_SHA384
00a8 PSK_WITH_AES_128_GCM_SHA256 PSK_WITH_AES_256_GCM_SHA384
00aa DHE_PSK_WITH_AES_128_GCM_SHA256 DHE_PSK_WITH_AES_256_GCM_SHA384
00ac RSA_PSK_WITH_AES_128_GCM_SHA256 RSA_PSK_WITH_AES_256_GCM_SHA384
00ae PSK_WITH_AES_128_CBC_SHA256 PSK_WITH_AES_256_CBC_SHA384 PSK_WITH_NULL_SHA256 PSK_WITH_NULL_SHA384
00b2 DHE_PSK_WITH_AES_128_CBC_SHA256 DHE_PSK_WITH_AES_256_CBC_SHA384 DHE_PSK_WITH_NULL_SHA256 DHE_PSK_WITH_NULL_SHA384
00b6 RSA_PSK_WITH_AES_128_CBC_SHA256 RSA_PSK_WITH_AES_256_CBC_SHA384 RSA_PSK_WITH_NULL_SHA256 RSA_PSK_WITH_NULL_SHA384
00ff EMPTY_RENEGOTIATION_INFO_SCSV
1301 AES_128_GCM_SHA256 AES_256_GCM_SHA384 CHACHA20_POLY1305_SHA256 AES_128_CCM_SHA256 AES_128_CCM_8_SHA256
5600 FALLBACK_SCSV
c006 ECDHE_ECDSA_WITH_NULL_SHA ECDHE_ECDSA_WITH_RC4_128_SHA ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA
c009 ECDHE_ECDSA_WITH_AES_128_CBC_SHA ECDHE_ECDSA_WITH_AES_256_CBC_SHA
c010 ECDHE_RSA_WITH_NULL_SHA ECDHE_RSA_WITH_RC4_128_SHA ECDHE_RSA_WITH_3DES_EDE_CBC_SHA
c013 ECDHE_RSA_WITH_AES_128_CBC_SHA ECDHE_RSA_WITH_AES_256_CBC_SHA
c023 ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 ECDHE_ECDSA_WITH_AES_256_CBC_SHA384
c027 ECDHE_RSA_WITH_AES_128_CBC_SHA256 ECDHE_RSA_WITH_AES_256_CBC_SHA384
c02b ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
c02f ECDHE_RSA_WITH_AES_128_GCM_SHA256 ECDHE_RSA_WITH_AES_256_GCM_SHA384
c033 ECDHE_PSK_WITH_RC4_128_SHA ECDHE_PSK_WITH_3DES_EDE_CBC_SHA
c035 ECDHE_PSK_WITH_AES_128_CBC_SHA ECDHE_PSK_WITH_AES_256_CBC_SHA
c037 ECDHE_PSK_WITH_AES_128_CBC_SHA256 ECDHE_PSK_WITH_AES_256_CBC_SHA384
c039 ECDHE_PSK_WITH_NULL_SHA ECDHE_PSK_WITH_NULL_SHA256 ECDHE_PSK_WITH_NULL_SHA384
c09c RSA_WITH_AES_128_CCM RSA_WITH_AES_256_CCM DHE_RSA_WITH_AES_128_CCM DHE_RSA_WITH_AES_256_CCM
c0a0 RSA_WITH_AES_128_CCM_8 RSA_WITH_AES_256_CCM_8 DHE_RSA_WITH_AES_128_CCM_8 DHE_RSA_WITH_AES_256_CCM_8
c0a4 PSK_WITH_AES_128_CCM PSK_WITH_AES_256_CCM DHE_PSK_WITH_AES_128_CCM DHE_PSK_WITH_AES_256_CCM
c0a8 PSK_WITH_AES_128_CCM_8 PSK_WITH_AES_256_CCM_8 PSK_DHE_WITH_AES_128_CCM_8 PSK_DHE_WITH_AES_256_CCM_8
c0ac ECDHE_ECDSA_WITH_AES_128_CCM ECDHE_ECDSA_WITH_AES_256_CCM
c0ae ECDHE_ECDSA_WITH_AES_128_CCM_8 ECDHE_ECDSA_WITH_AES_256_CCM_8
cca8 ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
ccaa DHE_RSA_WITH_CHACHA20_POLY1305_SHA256 PSK_WITH_CHACHA20_POLY1305_SHA256
ccac ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256 DHE_PSK_WITH_CHACHA20_POLY1305_SHA256
ccae RSA_PSK_WITH_CHACHA20_POLY1305_SHA256
d001 ECDHE_PSK_WITH_AES_128_GCM_SHA256 ECDHE_PSK_WITH_AES_256_GCM_SHA384
"""
SUITES = {
    int(first, 16) + place: f"TLS_{name}"
    for first, *names in map(str.split, _SUITES.strip().splitlines())
    for place, name in enumerate(names)
}


def version(number: int) -> str:
    """Return how a version reads."""
    return f"{_VERSIONS.get(number, 'unknown')} (0x{number:04x})"


def suite(number: int) -> str:
    """Return how a cipher suite reads; values that only keep servers honest (RFC 8701) are called so."""
    return f"{SUITES.get(number) or _reserved(number)} (0x{number:04x})"


def is_reserved(number: int) -> bool:
    """Say whether a value is one of those that mean nothing (RFC 8701): 0x0a0a, 0x1a1a and so on."""
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


def _reserved(number: int) -> str:
    return "Reserved (GREASE)" if is_reserved(number) else "unknown"

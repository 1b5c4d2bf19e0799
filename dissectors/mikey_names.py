"""The codes of MIKEY and what they mean: RFC 3830 and the registrations after it."""

from __future__ import annotations

DATA_TYPES = {
    0: "Pre-shared",
    1: "PSK ver msg",
    2: "Public key",
    3: "PK ver msg",
    4: "D-H init",
    5: "D-H resp",
    6: "Error",
    7: "DHHMAC init",  # RFC 4650
    8: "DHHMAC resp",
    9: "RSA-R I_MSG",  # RFC 4738
    10: "RSA-R R_MSG",
    11: "REQUEST_INIT_PSK",  # RFC 6043
    12: "REQUEST_INIT_PK",
    13: "REQUEST_RESP",
    14: "TRANSFER_INIT",
    15: "TRANSFER_RESP",
    16: "RESOLVE_INIT_PSK",
    17: "RESOLVE_INIT_PK",
    18: "RESOLVE_RESP",
    19: "REQUEST_KEY_PSK",  # RFC 6267
    20: "REQUEST_KEY_PKE",
    21: "REQUEST_KEY_RESP",
    22: "I_MESSAGE_1",
    23: "R_MESSAGE_1",
    24: "I_MESSAGE_2",
    25: "R_MESSAGE_2",
    26: "SAKKE msg",  # RFC 6509
    27: "CS ID map update",  # as Wireshark has it
}
ANSWERS = frozenset((1, 3, 5, 8, 10, 13, 15, 18, 21, 23, 25))  # data types that a responder sends

PAYLOADS = {
    0: "Last payload",
    1: "KEMAC",
    2: "PKE",
    3: "DH",
    4: "SIGN",
    5: "T",
    6: "ID",
    7: "CERT",
    8: "CHASH",
    9: "V",
    10: "SP",
    11: "RAND",
    12: "ERR",
    13: "TR",  # RFC 6043
    14: "IDR",
    15: "RANDR",
    16: "TP",
    17: "TICKET",
    20: "Key data",
    21: "General Extension",
    22: "IBAKE",  # RFC 6267
    23: "ESK",
    24: "SK",
    25: "ECCPT",
    26: "SAKKE",  # RFC 6509
}

PRFS = {0: "MIKEY-1", 1: "PRF-HMAC-SHA-256"}
MAP_TYPES = {0: "SRTP-ID", 1: "Empty map", 2: "GENERIC-ID"}
SESSION_TYPES = {0: "SRTP", 1: "TESLA"}  # RFC 4442
BOOLEANS = {0: "not set", 1: "set"}

ENCR_ALGS = {0: "NULL", 1: "AES-CM-128", 2: "AES-KW-128", 3: "AES-CM-256"}
MAC_ALGS = {0: "NULL", 1: "HMAC-SHA-1-160", 2: "HMAC-SHA-256-256"}
MAC_OCTETS = {0: 0, 1: 20, 2: 32}  # RFC 3830 6.2, RFC 6043
DHHMAC = frozenset((7, 8))  # data types of RFC 4650, which has its own codes
DHHMAC_ALGS = {0: "HMAC-SHA-1-160", 1: "NULL"}
DHHMAC_OCTETS = {0: 20, 1: 0}

CACHE = {0: "no cache", 1: "cache", 2: "cache for the CSB"}
DH_GROUPS = {0: "OAKLEY 5", 1: "OAKLEY 1", 2: "OAKLEY 2"}
DH_OCTETS = {0: 192, 1: 96, 2: 128}  # RFC 3830 6.4: 1536, 768 and 1024 bits
SIGNATURES = {0: "RSA/PKCS#1/1.5", 1: "RSA/PSS", 2: "ECCSI"}
TIMESTAMPS = {0: "NTP-UTC", 1: "NTP", 2: "COUNTER", 3: "NTP-UTC-32"}
TIMESTAMP_OCTETS = {0: 8, 1: 8, 2: 4, 3: 4}
IDENTITIES = {0: "NAI", 1: "URI", 2: "Byte string"}
ROLES = {
    1: "Initiator",  # RFC 6043 6.6
    2: "Responder",
    3: "KMS",
    4: "Pre-shared key",
    5: "Application",
    6: "Initiator's KMS",  # RFC 6509 4.4
    7: "Responder's KMS",
    8: "Initiator's UID",  # TS 33.180 E.7
    9: "Responder's UID",
}
TIME_ROLES = {1: "Time of issue", 2: "Start of validity", 3: "End of validity", 4: "Rekeying interval"}  # RFC 6043 6.4
RAND_ROLES = {1: "Initiator", 2: "Responder", 3: "KMS"}  # RFC 6043 6.8
TICKETS = {1: "MIKEY base ticket", 2: "3GPP base ticket"}  # RFC 6043 6.10
TICKET_FLAGS = "defghijklmno"  # as RFC 6043 6.10 calls them, the highest bit first
CERTIFICATES = {0: "X.509v3", 1: "X.509v3 URL", 2: "X.509v3 sign", 3: "X.509v3 encr"}
HASHES = {0: "SHA-1", 1: "MD5", 2: "SHA-256"}
HASH_OCTETS = {0: 20, 1: 16, 2: 32}
ERRORS = {
    0: "Auth failure",
    1: "Invalid TS",
    2: "Invalid PRF",
    3: "Invalid MAC",
    4: "Invalid EA",
    5: "Invalid HA",
    6: "Invalid DH",
    7: "Invalid ID",
    8: "Invalid Cert",
    9: "Invalid SP",
    10: "Invalid SPpar",
    11: "Invalid DT",
    12: "Unspecified error",
    13: "Unsupported message type",  # RFC 4738
    14: "Invalid TICKET",  # RFC 6043
    15: "Invalid TPpar",
}

KEYS = {
    0: "TGK",
    1: "TGK+SALT",
    2: "TEK",
    3: "TEK+SALT",
    4: "GTGK",  # RFC 6043
    5: "GTGK+SALT",
    6: "MPK",
    7: "K_PR",  # RFC 6267
}
SALTED = frozenset((1, 3, 5))
VALIDITIES = {0: "Null", 1: "SPI/MKI", 2: "Interval"}

EXTENSIONS = {
    0: "Vendor ID",
    1: "SDP IDs",
    2: "TESLA I-Key",  # RFC 4442
    3: "Key ID",  # RFC 4563
    4: "CSB_ID",  # RFC 4738
    5: "OMA BCAST",  # RFC 5410
    6: "SAKKE-to-self",  # TS 33.180
    7: "Key parameters",
}
BCAST_TYPES = {1: "LTKM", 2: "STKM", 3: "LTKM reporting", 4: "Parental control"}  # RFC 5410
KEY_IDS = {0: "MBMS Key Domain ID", 1: "MBMS Service Key ID", 2: "MBMS Traffic Key ID"}  # RFC 4563 4

SECRETS = {1: "SK"}  # RFC 6267 6.1.5
CURVES = {
    1: "secp192r1",  # RFC 6267 6.1.4
    2: "sect163r2",
    3: "sect163k1",
    4: "sect163r1",
    5: "secp224r1",
    6: "sect233r1",
    7: "sect233k1",
    8: "secp256r1",
    9: "sect283r1",
    10: "sect283k1",
    11: "secp384r1",
    12: "sect409r1",
    13: "sect409k1",
    14: "secp521r1",
    15: "sect571r1",
    16: "sect571k1",
}
CURVE_OCTETS = {code: (int(name[4:7]) + 7) // 8 for code, name in CURVES.items()}  # of one coordinate

SAKKE_PARAMETERS = {1: "Parameter set 1"}  # RFC 6509 appendix A
SAKKE_SCHEMES = {
    1: "tel URI with monthly keys",  # RFC 6509
    2: "MIKEY-SAKKE UID",  # TS 33.180
    240: "private end point address with monthly keys",
}

# RFC 3830 6.10.1 and RFC 4771 by type: the field's name after "mikey.sp." and the names of its values
_ON_OFF = {0: "off", 1: "on"}
_ENCRYPTION = {
    0: "NULL",
    1: "AES-CM",
    2: "AES-F8",
    3: "SEED-CTR",  # RFC 5669
    4: "SEED-CCM",
    5: "SEED-GCM",
    6: "AES-GCM",  # RFC 7714
    7: "ARIA-CTR",  # RFC 8269
    8: "ARIA-GCM",
}
_AUTHENTICATION = {0: "NULL", 1: "HMAC-SHA-1", 2: "RCCm1", 3: "RCCm2", 4: "RCCm3"}
SRTP_POLICY: dict[int, tuple[str, dict[int, str] | None]] = {
    0: ("encr_alg", _ENCRYPTION),
    1: ("encr_len", None),
    2: ("auth_alg", _AUTHENTICATION),
    3: ("auth_key_len", None),
    4: ("salt_len", None),
    5: ("prf", {0: "AES-CM"}),
    6: ("kd_rate", None),
    7: ("srtp_encr", _ON_OFF),
    8: ("srtcp_encr", _ON_OFF),
    9: ("fec", {0: "FEC-SRTP"}),
    10: ("srtp_auth", _ON_OFF),
    11: ("auth_tag_len", None),
    12: ("srtp_prefix", None),
    13: ("roc_rate", None),
    14: ("srtp_auth_alg", _AUTHENTICATION),
    15: ("srtcp_auth_alg", _AUTHENTICATION),
    16: ("srtp_auth_key_len", None),
    17: ("srtcp_auth_key_len", None),
    18: ("srtp_auth_tag_len", None),
    19: ("srtcp_auth_tag_len", None),
    20: ("aead_tag_len", None),
}

# RFC 4442 4.2 likewise, after "mikey.sp.tesla."; types 5 and 9 are times
_HMAC_SHA1 = {0: "HMAC-SHA1"}
TESLA_POLICY: dict[int, tuple[str, dict[int, str] | None]] = {
    1: ("prf", _HMAC_SHA1),
    2: ("prf_len", None),
    3: ("mac", _HMAC_SHA1),
    4: ("mac_len", None),
    5: ("start", None),
    6: ("interval", None),
    7: ("delay", None),
    8: ("chain_len", None),
    9: ("local_time", None),
}
TESLA_TIMES = frozenset((5, 9))

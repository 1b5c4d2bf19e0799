"""The codes of MIKEY: no name twice, lengths for codes that have names, every code told by its name."""

import shutil
import subprocess

import pytest

from dissectors import dissect, mikey_names, tree
from dissectors.mikey_names import (
    ANSWERS,
    DATA_TYPES,
    DH_GROUPS,
    DH_OCTETS,
    DHHMAC,
    DHHMAC_ALGS,
    DHHMAC_OCTETS,
    ERRORS,
    EXTENSIONS,
    HASH_OCTETS,
    HASHES,
    KEYS,
    MAC_ALGS,
    MAC_OCTETS,
    PAYLOADS,
    PRFS,
    SALTED,
    SRTP_POLICY,
    TIMESTAMP_OCTETS,
    TIMESTAMPS,
)

T, SP, ERR, EXT = 5, 10, 12, 21
COUNTER = (T, bytes.fromhex("02 00000007"))
TABLES = {
    name: table
    for name, table in vars(mikey_names).items()
    if isinstance(table, dict) and not name.startswith("__") and all(isinstance(value, str) for value in table.values())
}
TABLES |= {name: names for name, names in SRTP_POLICY.values() if names is not None}


@pytest.fixture
def texts(payload):
    """Gives the texts of the fields of a message, by name; those of a message that breaks too."""
    return lambda data: {field.name: field.text for top in tree(dissect(payload(data))) for field in top.walk()}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_each_code_has_a_name_of_its_own(table):
    assert all(name == name.strip() != "" for name in table.values())
    assert len(set(table.values())) == len(table)
    assert all(0 <= code <= 255 for code in table)


@pytest.mark.parametrize(
    ("names", "lengths"),
    [
        (MAC_ALGS, MAC_OCTETS),
        (DHHMAC_ALGS, DHHMAC_OCTETS),
        (DH_GROUPS, DH_OCTETS),
        (TIMESTAMPS, TIMESTAMP_OCTETS),
        (HASHES, HASH_OCTETS),
    ],
)
def test_each_code_that_tells_a_length_has_one(names, lengths):
    assert set(lengths) == set(names)


def test_lists_of_codes_are_of_those_with_names():
    assert set(DATA_TYPES) > ANSWERS
    assert set(DATA_TYPES) > DHHMAC
    assert set(KEYS) > SALTED
    assert {code for code, name in KEYS.items() if name.endswith("+SALT")} == SALTED
    assert {code for code, name in DATA_TYPES.items() if name.startswith("DHHMAC")} == DHHMAC


def test_data_types_and_prfs_are_told_by_their_names(texts, header):
    for code, name in DATA_TYPES.items():
        assert texts(header(0, data_type=code))["mikey.type"] == f"{name} ({code})"
    for code, name in PRFS.items():
        assert texts(header(0, third=code))["mikey.prf_func"] == f"{name} ({code})"


@pytest.mark.parametrize("code", PAYLOADS)
def test_payloads_are_told_by_their_names(texts, header, code):
    assert texts(header(code))["mikey.next_payload"] == f"{PAYLOADS[code]} ({code})"


def test_errors_and_extensions_are_told_by_their_names(texts, chained):
    for code, name in ERRORS.items():
        assert texts(chained(COUNTER, (ERR, bytes((code, 0, 0)))))["mikey.err.no"] == f"{name} ({code})"
    for code, name in EXTENSIONS.items():
        assert texts(chained(COUNTER, (EXT, bytes((code, 0, 0)))))["mikey.ext.type"] == f"{name} ({code})"


def test_parameters_of_srtp_have_a_field_of_their_own_and_names_of_their_values(texts, chained):
    assert len({name for name, _ in SRTP_POLICY.values()}) == len(SRTP_POLICY)
    for kind, (name, values) in SRTP_POLICY.items():
        for value, text in (values or {7: ""}).items():
            told = texts(chained(COUNTER, (SP, bytes((1, 0, 0, 3, kind, 1, value)))))
            assert told[f"mikey.sp.{name}"] == (f"{text} ({value})" if values else "")


# Wireshark's field, and our table for it
COMPARED = {
    "mikey.type": DATA_TYPES,
    "mikey.next_payload": PAYLOADS,
    "mikey.prf_func": PRFS,
    "mikey.cs_id_map_type": mikey_names.MAP_TYPES,
    "mikey.kemac.encr_alg": mikey_names.ENCR_ALGS,
    "mikey.kemac.mac_alg": MAC_ALGS,
    "mikey.v.auth_alg": MAC_ALGS,
    "mikey.pke.c": mikey_names.CACHE,
    "mikey.dh.group": DH_GROUPS,
    "mikey.dh.kv": mikey_names.VALIDITIES,
    "mikey.key.kv": mikey_names.VALIDITIES,
    "mikey.key.type": KEYS,
    "mikey.sign.type": mikey_names.SIGNATURES,
    "mikey.t.ts_type": TIMESTAMPS,
    "mikey.id.type": mikey_names.IDENTITIES,
    "mikey.id.role": mikey_names.ROLES,
    "mikey.cert.type": mikey_names.CERTIFICATES,
    "mikey.sp.proto_type": mikey_names.SESSION_TYPES,
    "mikey.err.no": ERRORS,
    "mikey.ext.type": EXTENSIONS,
} | {f"mikey.sp.{name}": names for name, names in SRTP_POLICY.values() if names is not None}
RESERVED = {("mikey.id.role", 0), ("mikey.next_payload", 0xFFFFFFFF)}  # there a role of nobody, and the header


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_every_code_that_wireshark_names_has_a_name_here():
    listed = subprocess.run(["tshark", "-G", "values"], capture_output=True, text=True, check=True).stdout
    rows = [line.split("\t") for line in listed.splitlines() if line.startswith("V\tmikey.")]
    told = {(row[1], int(row[2])) for row in rows if row[1] in COMPARED}
    assert {name for name, _ in told} > {"mikey.type", "mikey.err.no", "mikey.sp.encr_alg"}
    assert {(name, code) for name, code in told if code not in COMPARED[name]} <= RESERVED

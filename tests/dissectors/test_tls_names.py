import subprocess

from dissectors import tls_names as names


def test_names_are_wiresharks(tshark: str) -> None:
    listed = subprocess.run([tshark, "-G", "values"], capture_output=True, check=True, timeout=60, text=True).stdout
    theirs: dict[str, dict[int, str]] = {}
    for line in listed.splitlines():
        if line.startswith("V\ttls."):
            _, field, value, text = line.split("\t")
            theirs.setdefault(field.removeprefix("tls."), {})[int(value, 0)] = text
    ours = {
        "record.content_type": names.CONTENT_TYPES, "handshake.type": names.HANDSHAKES, "alert_message.desc": names.ALERTS,
        "alert_message.level": names.ALERT_LEVELS, "handshake.extension.type": names.EXTENSIONS,
        "handshake.ciphersuite": names.SUITES,
    }  # fmt: skip
    for field, table in ours.items():
        assert {code: name for code, name in table.items() if theirs[field].get(code) != name} == {}, field
    assert len(names.SUITES) > 100


def test_numbers_as_text() -> None:
    assert names.version(0x0303) == "TLS 1.2 (0x0303)"
    assert names.version(0xFEFD) == "DTLS 1.2 (0xfefd)"
    assert names.version(0x7F12) == "unknown (0x7f12)"
    assert names.suite(0x1301) == "TLS_AES_128_GCM_SHA256 (0x1301)"
    assert names.suite(0xCACA) == "Reserved (GREASE) (0xcaca)"
    assert names.suite(0xFFFE) == "unknown (0xfffe)"
    assert [names.is_reserved(number) for number in (0x0A0A, 0xFAFA, 0x0A1A, 0x0B0B)] == [True, True, False, False]

"""What is measured is what the table says it is; no time is judged here."""

import pytest

from analyzer.keys import srtp
from benchmarks.media import KEY, SALT, SIZES, by_libsrtp, decrypted, judged, measure, protected, table, verified


@pytest.mark.parametrize("size", SIZES)
def test_packets_are_of_the_size_asked_for(size):
    assert {len(data) for data in protected(size, 3)} == {size}


@pytest.mark.parametrize("way", [judged, verified, decrypted])
def test_every_way_verifies_all(way):
    packets = protected(200, 5)
    way(packets)()
    packets[2] = packets[2][:-1] + bytes([packets[2][-1] ^ 1])
    with pytest.raises(AssertionError):
        way(packets)()


def test_libsrtp_takes_the_same_packets():
    pytest.importorskip("pylibsrtp", reason="pylibsrtp is not installed")
    by_libsrtp(protected(200, 5))()


def test_the_table_has_a_row_a_size():
    lines = table(measure(1, 3)).splitlines()
    assert len(lines) == 2 + len(SIZES)
    assert len({line.count("|") for line in lines}) == 1


def test_rollover_is_part_of_it():
    keys = srtp.session_keys(master_key=KEY, master_salt=SALT)
    last = protected(200, 0x10001)[-1]
    assert srtp.authentic(keys=keys, policy=srtp.Policy(), data=last, roc=1, mki_length=0) == (True, 1)

"""Files that are no captures, or damaged ones: every command ends, and with an exit code of the contract."""

import gzip
import random
import struct

import pytest

from analyzer import cli
from sample_pcaps.forge import pcap

COMMANDS = ("info", "validate", "sessions", "keys", "flow", "packets")
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000049454e44ae426082")
FOREIGN = {
    "nothing": b"",
    "one octet": b"\x0a",
    "text": b"This is no capture.\n" * 50,
    "a picture": PNG,
    "zeros": bytes(4096),
    "a pcapng magic": b"\x0a\x0d\x0d\x0a",
    "a pcap magic": b"\xd4\xc3\xb2\xa1",
    "gzip of text": gzip.compress(b"This is no capture.\n" * 50, mtime=0),
    "gzip cut": gzip.compress(b"This is no capture.\n" * 50, mtime=0)[:15],
}
READ = {0, 1, 3}  # nothing failed, a rule failed, damage; never 2, as nothing about the call is wrong
FLIPS = 120


@pytest.mark.parametrize("what", FOREIGN)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_foreign_file_is_said_in_a_line_and_3(command, what, tmp_path, capsys):
    path = tmp_path / "foreign.pcap"
    path.write_bytes(FOREIGN[what])
    assert cli.run([command, str(path)]) == 3
    out, err = capsys.readouterr()
    assert err.count("\n") <= 1
    assert "foreign.pcap: " in err or "  ! " in out  # what can be read a little is judged, and the damage told there
    assert "Traceback" not in err
    assert "keyshark failed" not in err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_without_captures_is_said(command, tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("nothing here")
    assert cli.run([command, str(tmp_path)]) == 0
    assert "no captures in" in capsys.readouterr().err
    if command == "validate":
        assert cli.run([command, str(tmp_path), "--fail-if-empty"]) == 4


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_is_not_there_is_said(command, tmp_path, capsys):
    assert cli.run([command, str(tmp_path / "missing.pcap")]) == 3
    assert "missing.pcap" in capsys.readouterr().err


def test_a_capture_cut_anywhere_is_judged_up_to_there(story, judged):
    whole, keyring = story.capture(), story.keyring()
    code, case = judged(whole, keyring)
    assert (code, case["verdict"]) == (0, "pass")
    packets = []
    for end in range(29, len(whole), 211):
        code, case = judged(whole[:end], keyring)
        assert code in READ, end
        if code != 3:
            assert not case["captures"][0]["truncated"]
        failed = [judgement for judgement in case["judgements"] if judgement["verdict"] == "fail"]
        assert failed == [], f"cut at {end}"
        packets.append(case["captures"][0]["packets"] if case["captures"] else 0)
    assert packets == sorted(packets)
    assert packets[-1] > 40


def test_flipped_octets_never_crash(story, judged):
    whole, keyring = story.capture(), story.keyring()
    chance = random.Random(20260101)
    codes = set()
    for _ in range(FLIPS):
        octets = bytearray(whole)
        for _ in range(chance.choice((1, 1, 3, 20))):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
        code, _ = judged(bytes(octets), keyring)
        assert code in READ
        codes.add(code)
    assert codes == READ


def test_octets_taken_out_or_put_in_never_crash(story, judged):
    whole = story.capture()
    chance = random.Random(7)
    for _ in range(FLIPS // 4):
        at, size = chance.randrange(len(whole)), chance.randrange(1, 200)
        assert judged(whole[:at] + whole[at + size :])[0] in READ
        assert judged(whole[:at] + chance.randbytes(size) + whole[at:])[0] in READ


@pytest.mark.parametrize("length", [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF])
def test_records_with_absurd_lengths(length, story, judged):
    first, frame = story.tape.sorted()[0]
    good = pcap([(first, frame)])
    for kept, original in ((length, len(frame)), (len(frame), length), (length, length)):
        record = struct.pack("<IIII", first // 10**9, 0, kept, original) + frame
        code, case = judged(good + record + good[24:])
        assert code in READ
        assert case["captures"][0]["packets"] >= 1  # the record before it
        if kept > len(record) + len(good):
            assert code == 3
            assert case["captures"][0]["problems"]


@pytest.mark.parametrize("length", [0, 4, 11, 13, 0x7FFF_FFFC, 0xFFFF_FFFC])
def test_blocks_with_absurd_lengths(length, story, judged):
    whole = story.capture()
    at = 0
    for _ in range(5):  # the block after a few packets
        at += struct.unpack_from("<I", whole, at + 4)[0]
    code, case = judged(whole[: at + 4] + struct.pack("<I", length) + whole[at + 8 :])
    assert code == 3
    assert case["captures"][0]["packets"] == 3
    assert case["captures"][0]["problems"]


def test_a_gzip_bomb_is_read_in_bounded_memory(story, judged):
    """64 MiB of zeros after the packets: no block begins there, so nothing of it is held."""
    code, case = judged(gzip.compress(story.capture() + bytes(64 * 1024 * 1024), 9, mtime=0))
    assert code == 3
    assert case["captures"][0]["packets"] > 40

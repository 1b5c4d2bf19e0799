"""`--follow`, as a process of its own: what is written to a capture is told while it is written."""

import json
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from analyzer import cli
from sample_pcaps.forge import Tape, pcap, pcapng

WITHIN = 1.0  # seconds from a message's last octet to its line
START = 20  # seconds that a process may take to begin, on a machine with other things to do


def sip(number):
    return (
        f"OPTIONS sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK{number}\r\nFrom: <sip:a@a>;tag=1\r\n"
        f"To: <sip:b@b>\r\nCall-ID: call{number}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def messages(count):
    tape = Tape()
    for number in range(count):
        tape.add_udp(10**18 + number * 10**9, "10.0.0.1", 5060, "10.0.0.2", 5060, sip(number))
    return tape.sorted()


FILES = {"pcap": pcap(messages(6)), "pcapng": pcapng(messages(6))}
RECORD = 16 + 14 + 20 + 8 + len(sip(0))  # octets of a message in a pcap file


class Running:
    """A command that runs, and its lines with the time they came."""

    def __init__(self, process):
        self.process = process
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put((time.monotonic(), line.decode()))

    def line(self, within=START):
        """The next line, and when it came."""
        return self.lines.get(timeout=within)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(START)
        rest = self.process.stderr.read().decode()
        return code, rest


@contextmanager
def running(*args, stdin=subprocess.DEVNULL):
    command = [sys.executable, "-m", "analyzer", *args]
    process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield Running(process)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def append(path, data):
    with path.open("ab") as stream:
        stream.write(data)


@pytest.mark.parametrize("form", FILES)
def test_messages_are_listed_within_a_second_as_a_file_grows(form, tmp_path):
    path, data = tmp_path / "grows", FILES[form]
    step = (len(data) - 24) // 6  # of pcapng it does not end where a record ends
    path.touch()
    with running("packets", "--follow", str(path)) as run:
        assert run.line()[1].split() == ["frame", "seconds", "source", "destination", "protocol", "summary"]
        sizes = [24 + step * (number + 1) + 60 for number in range(5)] + [len(data)]
        before = 0
        for number, size in enumerate(sizes):
            append(path, data[before:size])
            written, before = time.monotonic(), size
            came, line = run.line()
            assert came - written < WITHIN
            assert line.split()[:2] == [str(number + 1), f"{number}.000000"]
        assert run.end() == (0, "")


def test_json_as_it_comes_is_an_array_at_the_end(tmp_path):
    path = tmp_path / "grows"
    path.write_bytes(FILES["pcapng"])
    with running("packets", "--follow", "--format", "json", "--filter", "sip.Call-ID != call2", str(path)) as run:
        lines = [run.line()[1] for _ in range(5)]
        code, err = run.end()
        lines += [line for _, line in run.lines.queue]
    assert (code, err) == (0, "")
    assert [message["frame"] for message in json.loads("".join(lines))] == [1, 2, 4, 5, 6]


def test_messages_come_out_of_a_pipe_and_its_end_is_the_end():
    data = FILES["pcap"]
    with running("packets", "--follow", "-", stdin=subprocess.PIPE) as run:
        run.process.stdin.write(data[: 24 + RECORD])
        run.process.stdin.flush()
        assert run.line()[1].startswith(" frame")
        assert run.line()[1].split()[0] == "1"
        run.process.stdin.write(data[24 + RECORD : -10])
        run.process.stdin.flush()
        assert [run.line(WITHIN)[1].split()[0] for _ in range(4)] == ["2", "3", "4", "5"]
        run.process.stdin.close()
        assert run.process.wait(START) == 3
        assert b"record 6 at offset" in run.process.stderr.read()


def test_validate_gives_the_report_of_what_came_and_its_exit_code(samples, capsys):
    folder = samples / "msk_under_another_muk"
    (sample,) = folder.glob("*.pcapng")
    data, options = sample.read_bytes(), ("--format", "json", "--keys", str(folder / "keyring.toml"))
    with running("validate", "--follow", *options, "-", stdin=subprocess.PIPE) as run:
        for at in range(0, len(data), 5000):
            run.process.stdin.write(data[at : at + 5000])
            run.process.stdin.flush()
            time.sleep(0.01)
        run.process.stdin.close()
        code = run.process.wait(START)
        told = "".join(line for _, line in run.lines.queue)
    assert code == cli.run(["validate", *options, str(sample)]) == 1
    (followed,), (whole,) = json.loads(told)["cases"], json.loads(capsys.readouterr().out)["cases"]
    assert followed["judgements"] == whole["judgements"]
    assert followed["ues"] == whole["ues"]


def test_sessions_are_told_again_when_there_are_more(tmp_path, samples, told):
    folder = samples / "http_good"
    (sample,) = folder.glob("*.pcapng")
    data, path, keys = sample.read_bytes(), tmp_path / "grows.pcapng", str(folder / "keyring.toml")
    (code, whole) = told("sessions", "--keys", keys, str(sample))
    path.write_bytes(data[: len(data) // 3])
    with running("sessions", "--follow", "--keys", keys, str(path)) as run:
        first = run.line()[1]
        append(path, data[len(data) // 3 :])
        lines = [first, *(run.line()[1] for _ in range(len(whole.splitlines())))]
        assert run.end()[0] == code == 0
        lines += [line for _, line in run.lines.queue]
    assert "".join(lines).endswith("\n" + whole)
    assert len(lines) > len(whole.splitlines())


def test_media_do_not_stay_in_memory(tmp_path):
    """A stream without end, through a pipe: what the process holds after the first half it holds after all of it."""
    tape = Tape()
    for number in range(200):
        rtp = bytes((0x80, 96)) + number.to_bytes(2, "big") + bytes(4) + b"ssrc" + bytes(1000)
        tape.add_udp(10**18 + number, "10.0.0.1", 5000, "239.1.1.1", 5000, rtp)
    media = pcap(tape.sorted())[24:] * 50  # 10 MB
    with running("packets", "--follow", "-", stdin=subprocess.PIPE) as run:
        stdin, sizes = run.process.stdin, []
        stdin.write(FILES["pcap"][: 24 + RECORD])
        for _ in range(2):
            for _ in range(20):
                stdin.write(media)
            stdin.write(FILES["pcap"][24 : 24 + RECORD])
            stdin.flush()
            while run.line()[1].split()[0] in ("frame", "1"):
                pass
            sizes.append(resident(run.process.pid))
        stdin.close()
        assert run.process.wait(START) == 0
    assert sizes[1] < sizes[0] + 8_000_000


def resident(pid):
    try:
        with open(f"/proc/{pid}/statm") as stream:
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        pytest.skip("the system does not tell the memory of a process")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["packets", "--follow", "a", "b"], "--follow takes one capture"),
        (["validate", "--follow", "."], "--follow takes one capture"),
        (["sessions", "--follow", "--engine", "tshark", "a"], "with the native engine only"),
    ],
)
def test_what_cannot_be_followed_is_said(args, told, capsys):
    assert cli.run(args) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("command", ["packets", "validate", "sessions"])
def test_what_is_compressed_is_refused(command, tmp_path, capsys):
    path = tmp_path / "packed"
    path.write_bytes(b"\x1f\x8b" + bytes(100))
    assert cli.run([command, "--follow", str(path)]) == 3
    assert "only a plain capture can be followed" in capsys.readouterr().err


def test_a_capture_that_was_removed_is_over(tmp_path, capsys):
    path = tmp_path / "grows"
    path.write_bytes(FILES["pcap"])
    threading.Timer(1, path.unlink).start()
    assert cli.run(["packets", "--follow", str(path)]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 7
    assert "was removed, and is followed no more" in err


def commented(text):
    """The capture with a comment to its last frame, an option of its block as Wireshark writes it."""
    data = FILES["pcapng"]
    (size,) = struct.unpack_from("<I", data, len(data) - 4)
    said = struct.pack("<HH", 1, len(text)) + text + bytes(-len(text) % 4) + bytes(4)
    whole = struct.pack("<I", size + len(said))
    return data[: 4 - size] + whole + data[8 - size : -4] + said + whole


@pytest.mark.parametrize("follow", [False, True])
def test_the_comment_of_a_frame_is_told_and_passes_a_filter(follow, tmp_path, capsys):
    path = tmp_path / "grows"
    path.write_bytes(commented(b"look here"))
    asked = ["packets", "--filter", "frame.comment contains here", *(["--follow"] if follow else []), str(path)]
    if follow:
        threading.Timer(1, path.unlink).start()
    assert cli.run(asked) == 0
    (_, line) = capsys.readouterr().out.splitlines()
    assert line.split()[0] == "6"
    assert line.endswith("[comment: look here]")

"""The runner of the benchmarks, without a look at the clock: what it runs, how often, and what it makes of figures."""

import shutil
import sys

import pytest

from analyzer.capture.reader import open_capture
from benchmarks import run
from benchmarks.run import Figures, beginning, first_screen, held, machine, measure, reckoned, start, table, tree
from sample_pcaps.forge import ethernet, pcap, udp

PACKETS = [(n * 1000, ethernet("10.0.0.1", "10.0.0.2", udp("10.0.0.1", 1, "10.0.0.2", 2, bytes(n)))) for n in range(9)]


@pytest.fixture
def capture(tmp_path):
    path = tmp_path / "looked_at.pcap"
    path.write_bytes(pcap(PACKETS))
    return path


def writer(name, log):
    """A command that writes down that it ran, and on what."""
    return (
        sys.executable,
        "-c",
        f"import sys; print({name!r}, *sys.argv[1:], file=open({str(log)!r}, 'a'))",
        "{}",
        "{keys}",
    )


def test_commands_alternate_and_get_capture_and_keys(capture, tmp_path):
    log, keys = tmp_path / "log", tmp_path / "keys.toml"
    found = measure(capture, keys, {name: writer(name, log) for name in ("one", "other")}, 3)
    assert log.read_text().splitlines() == [f"{name} {capture} {keys}" for name in ("one", "other")] * 3
    assert [len(figures.wall) for figures in found.values()] == [3, 3]
    assert all(figures.memory > 0 for figures in found.values())


def test_what_is_slow_runs_once_and_what_is_missing_never(capture, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "SLOW", 0.0)
    commands = {"slow": writer("slow", tmp_path / "log"), "missing": ("no-such-program", "{}")}
    found = measure(capture, tmp_path, commands, 3)
    assert {name: len(figures.wall) for name, figures in found.items()} == {"slow": 1}


def test_memory_is_that_of_all_processes_of_a_command():
    hold = "import time; held = bytearray(b'x') * 40_000_000; time.sleep(1)"
    begin = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}]); "
    figures = Figures()
    figures.run([sys.executable, "-c", f"held = bytearray(b'x') * 40_000_000; {begin}"])
    assert 80_000_000 < figures.memory < 160_000_000


def test_a_process_that_is_gone_holds_nothing():
    assert held(2**22 + 1) == 0
    assert list(tree(2**22 + 1)) == [2**22 + 1]


def test_ratios_are_those_of_medians():
    found = {
        "floor": Figures([1.0, 3.0, 2.0], [0.5], 10_000_000),
        run.VALIDATE: Figures([4.0], [4.0], 20_000_000),
        "peer": Figures([80.0], [70.0], 30_400_000),
    }
    assert table(found).splitlines()[2:] == [
        "| floor | 2.00 | 0.50 | 1.00 | 0.50 | 10 | 3 |",
        "| keyshark validate | 4.00 | 4.00 | 2.00 | 1.00 | 20 | 1 |",
        "| peer | 80.00 | 70.00 | 40.00 | 20.00 | 30 | 1 |",
    ]
    assert table({"peer": found["peer"]}, 40.0).splitlines()[2] == "| peer | 80.00 | 70.00 | 2.00 |  | 30 | 1 |"
    assert table({"floor": found["floor"]}).splitlines()[2] == "| floor | 2.00 | 0.50 | 1.00 |  | 10 | 3 |"


def test_a_part_is_reckoned_up_but_not_its_memory():
    assert reckoned(Figures([2.0, 4.0], [1.0], 7), 10, 100) == Figures([20.0, 40.0], [10.0], 7)


@pytest.mark.parametrize(("asked", "there"), [(4, 4), (100, len(PACKETS))])
def test_the_beginning_of_a_capture(asked, there, capture, tmp_path):
    made = open_capture(str(beginning(capture, asked, tmp_path / "part.pcap")))
    assert [frame.data for frame in made] == [octets for _, octets in PACKETS[:there]]
    assert not made.facts.truncated


def test_start_up_is_measured_with_a_capture_of_ten_packets(tmp_path):
    found = start(tmp_path, 1)
    assert list(found) == list(run.START)
    assert len(list(open_capture(str(tmp_path / "ten.pcapng")))) == 10


def test_every_command_names_its_capture():
    for commands in (*run.COMMANDS.values(), *run.VARIANTS.values()):
        assert all("{}" in command for command in commands.values())
        assert "{keys}" in commands[run.VALIDATE]


def test_the_machine_is_told():
    told = machine()
    assert "CPUs" in told
    assert f"Python {sys.version_info.major}" in told
    assert "keyshark" in told


def test_the_first_screen_is_seen(capture):
    assert first_screen(capture) is not None


def test_what_shows_no_screen_in_time_is_given_up(capture, monkeypatch):
    monkeypatch.setattr(run, "SCREEN_WITHIN", 0.05)
    assert first_screen(capture) is None


def test_the_floor_reads_what_was_made(tmp_path):
    if shutil.which("tcpdump") is None:
        pytest.skip("tcpdump is not installed")
    path = tmp_path / "X.pcap"
    path.write_bytes(pcap(PACKETS))
    figures = Figures()
    figures.run([part.replace("{}", str(path)) for part in run.TCPDUMP])
    assert figures.wall


def test_what_takes_too_long_is_ended_and_told(capture, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "PATIENCE", 0.2)
    sleeper = (sys.executable, "-c", "import time; time.sleep(60)")
    found = measure(capture, tmp_path / "keys.toml", {"sleeper": sleeper}, 1)
    assert found["sleeper"].ended
    assert "| sleeper | > " in table(found)

"""`keyshark live`, as far as it goes without a terminal and without rights."""

import pytest

from analyzer.analysis import Options
from analyzer.capture.live import LiveError
from analyzer.cli import run
from analyzer.commands import live


def test_without_a_terminal_it_says_what_does_without(capsys):
    assert run(["live", "-i", "lo"]) == 2
    assert "tcpdump -U -w - | keyshark packets --follow -" in capsys.readouterr().err


def test_an_interface_is_wanted(capsys):
    assert run(["live"]) == 2
    assert "--interface" in capsys.readouterr().err


def test_it_browses_the_file_that_grows(monkeypatch, tmp_path):
    path = tmp_path / "lo.pcapng"
    path.write_bytes(b"")
    browsed = []

    class Capture:
        def __enter__(self):
            return path

        def __exit__(self, *error):
            browsed.append("ended")

    monkeypatch.setattr(live, "on_terminal", lambda: True)
    monkeypatch.setattr(live, "capturing", lambda *wanted: browsed.append(wanted) or Capture())
    monkeypatch.setattr(
        live, "browse", lambda cases, options, **more: browsed.append((cases[0].captures, options, more))
    )
    assert run(["live", "-i", "lo", "-f", "udp", "--limit", "7", "--media", "none"]) == 0
    assert browsed == [
        ("lo", 7, "udp"),
        ((str(path),), Options(keys=(), media="none"), {"no_state": True, "follow": True}),
        "ended",
    ]


def test_what_cannot_be_captured_is_exit_code_2(monkeypatch, capsys):
    def refused(*wanted):
        raise LiveError("eth9: no such device")

    monkeypatch.setattr(live, "on_terminal", lambda: True)
    monkeypatch.setattr(live, "capturing", refused)
    assert run(["live", "-i", "eth9"]) == 2
    assert "eth9: no such device" in capsys.readouterr().err


@pytest.mark.parametrize("limit", ["0", "-1", "x"])
def test_a_limit_is_a_number_of_megabytes(limit, capsys):
    assert run(["live", "-i", "lo", "--limit", limit]) == 2

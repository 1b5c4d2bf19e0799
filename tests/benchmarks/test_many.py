"""Many small captures: written, judged with one job and two, and a table that says what is too slow."""

from benchmarks import many
from benchmarks.many import Run, measured, stories, table, too_slow, write

FAST = Run(10.0, 10.0, 1.0, 50_000_000)


def test_captures_are_small_and_have_their_keyrings(tmp_path):
    write(tmp_path, 7)
    write(tmp_path, 7)
    captures = sorted(tmp_path.rglob("*.pcap"))
    assert len(captures) == 7
    assert len({path.stat().st_size for path in captures}) == 3
    assert all(path.with_suffix(".keys.toml").stat().st_mode & 0o777 == 0o600 for path in captures)
    assert all(len(capture) < 20_000 for capture, _ in stories())


def test_they_are_judged_and_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(many, "FORMS", ("text",))
    assert many.main([str(tmp_path), "40"]) in (0, 1)
    run = measured(tmp_path, 2, "json")
    assert run.cpu > run.gathering > 0
    assert run.wall > 0
    assert run.memory > 10_000_000


def test_what_two_jobs_allow_is_reckoned_from_what_one_process_does_alone():
    assert Run(6.0, 11.0, 1.0, 0).allows(FAST, 2) == 10 / 6
    rows = list(table({("text", 1): FAST, ("text", 2): Run(6.0, 11.0, 1.0, 80_000_000)}, 2000))
    assert rows[2:] == [
        "| text, 1 | 10.0 | 10.0 | 200 |  |  |  | 50 |",
        "| text, 2 | 6.0 | 11.0 | 182 | 1.0 | 1.67 | 1.67 | 80 |",
    ]


def test_what_is_too_slow_is_said():
    assert too_slow({("text", 1): FAST, ("text", 2): Run(6.0, 10.0, 0.5, 0)}, 2000) == []
    assert too_slow({("text", 1): FAST, ("text", 2): Run(6.0, 11.0, 1.0, 0)}, 1000) == [
        "text: 91 captures a CPU s",
        "text: 1.67 times as fast with 2 jobs",
    ]

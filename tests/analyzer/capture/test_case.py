import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture import reader
from analyzer.capture.case import CaseConfig, CaseFiles, ConfigError, find_cases, left_over, load_case_config
from analyzer.capture.reader import CaptureError, open_capture
from sample_pcaps import forge

CAPTURE = forge.pcap([(10**9, b"packet")])


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if name.endswith((".toml", ".txt")) else CAPTURE)


def test_a_file_is_a_case_of_its_own_with_its_keyring(tmp_path: Path) -> None:
    write(tmp_path, "a.pcap", "b.pcap", "a.keys.toml", "keyring.toml")
    assert find_cases([str(tmp_path / "a.pcap"), str(tmp_path / "b.pcap")]) == [
        CaseFiles("a", (str(tmp_path / "a.pcap"),), (str(tmp_path / "a.keys.toml"),)),
        CaseFiles("b", (str(tmp_path / "b.pcap"),), (str(tmp_path / "keyring.toml"),)),
    ]


def test_files_that_nobody_reads_are_those_of_folders_that_belong_to_no_case(tmp_path: Path) -> None:
    write(tmp_path, "a.pcap", "a.keys.toml", "notes.txt", "b/c.pcap", "b/case.toml", "b/keyring.toml", "b/old.txt")
    write(tmp_path, "b/.hidden.txt", "d/keyring.toml")
    found = find_cases([str(tmp_path)])
    others = [str(tmp_path / name) for name in ("notes.txt", "b/old.txt", "d/keyring.toml")]
    assert list(left_over([str(tmp_path), str(tmp_path)], found)) == others
    assert list(left_over([str(tmp_path / "a.pcap"), "http://host/a.pcap"], found)) == []


@pytest.mark.parametrize("name", ["a.pcap.gz", "a.pcapng.XZ", "a.pcap", "a"])
@pytest.mark.parametrize("keys", ["a.keys.toml", "{}.keys.toml"])
def test_compression_is_no_part_of_the_name(tmp_path: Path, name: str, keys: str) -> None:
    keyring = keys.format(name)
    write(tmp_path, name, keyring)
    (case,) = find_cases([str(tmp_path / name)])
    assert (case.name, case.keyrings) == ("a", (str(tmp_path / keyring),))


def test_addresses_of_nodes_are_told_in_one_spelling_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_text('[nodes]\nscf = ["2001:0DB8::0:1", "10.0.0.5", "fe80::1%eth0"]\n')
    assert load_case_config(str(path)).nodes == {"scf": ("2001:db8::1", "10.0.0.5", "fe80::1")}
    path.write_text('[nodes]\nscf = ["scf1.home1.net"]\n')
    with pytest.raises(ConfigError, match=r"\[nodes\] scf: 'scf1.home1.net' is no IP address"):
        load_case_config(str(path))


@pytest.mark.parametrize("marker", ["keyring.toml", "case.toml"])
def test_a_folder_with_a_keyring_or_settings_is_one_case(tmp_path: Path, marker: str) -> None:
    write(tmp_path, "two.pcap", "one.pcap", "notes.txt", marker)
    (case,) = find_cases([str(tmp_path)])
    assert case.name == tmp_path.name
    assert case.captures == (str(tmp_path / "one.pcap"), str(tmp_path / "two.pcap"))
    assert case.keyrings == ((str(tmp_path / marker),) if marker == "keyring.toml" else ())
    assert case.config == (str(tmp_path / marker) if marker == "case.toml" else None)


def test_folders_below_a_case_hold_cases_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, "one.pcap", "keyring.toml", "below/x.pcap", "below/deeper/y.pcap", "below/deeper/case.toml")
    cases = find_cases([str(tmp_path)])
    assert [(case.name, len(case.captures), len(case.keyrings)) for case in cases] == [
        (tmp_path.name, 1, 1), ("x", 1, 0), ("deeper", 1, 0),
    ]  # fmt: skip


def test_rolling_files_of_one_probe_are_one_case(tmp_path: Path) -> None:
    names = [f"gm_0000{number}_2026112410150{number}.pcap" for number in (1, 2, 3)]
    write(tmp_path, *names, "gm.keys.toml", "other.pcap", f"{names[1][:-5]}.keys.toml")
    gm, other = find_cases([str(tmp_path)])
    assert other.name == "other"
    assert gm == CaseFiles(
        "gm",
        tuple(str(tmp_path / name) for name in names),
        (str(tmp_path / "gm.keys.toml"), str(tmp_path / f"{names[1][:-5]}.keys.toml")),
        points=(0, 0, 0),
    )
    assert gm.by_point == [[0, 1, 2]]
    assert other.by_point == [[0]]


def test_named_alone_a_rolling_file_is_a_case_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "x.pcap", "x.pcap1")
    paths = [str(tmp_path / name) for name in ("x.pcap", "x.pcap1")]
    assert [case.captures for case in find_cases(paths)] == [(path,) for path in paths]
    (merged,) = find_cases(paths, merge=True)
    assert (merged.captures, merged.points) == (tuple(paths), (0, 0))


def test_rolling_files_in_a_case_come_in_their_order(tmp_path: Path) -> None:
    write(tmp_path, "a.pcap", *(f"x.pcap{number}" for number in range(1, 11)), "x.pcap", "keyring.toml")
    (case,) = find_cases([str(tmp_path)])
    names = [Path(path).name for path in case.captures]
    assert names == ["a.pcap", "x.pcap", *(f"x.pcap{number}" for number in range(1, 11))]
    assert case.points == (0, *[1] * 11)
    assert case.by_point == [[0], list(range(1, 12))]


def test_any_other_folder_is_searched(tmp_path: Path) -> None:
    write(tmp_path, "b/x.pcap", "b/keyring.toml", "a/y.pcap", "z.pcap", ".hidden/h.pcap", "c/notes.txt")
    assert [case.name for case in find_cases([str(tmp_path)])] == ["z", "y", "b"]


def test_merge_makes_one_case_of_all(tmp_path: Path) -> None:
    write(tmp_path, "a/x.pcap", "a/keyring.toml", "b/y.pcap", "b/case.toml")
    (case,) = find_cases([str(tmp_path)], merge=True)
    assert case == CaseFiles(
        "merged",
        (str(tmp_path / "a/x.pcap"), str(tmp_path / "b/y.pcap")),
        (str(tmp_path / "a/keyring.toml"),),
        str(tmp_path / "b/case.toml"),
    )


def test_a_path_given_twice_counts_once_and_none_is_none(tmp_path: Path) -> None:
    write(tmp_path, "a.pcap")
    assert len(find_cases([str(tmp_path / "a.pcap")] * 2)) == 1
    assert find_cases([]) == find_cases([], merge=True) == []
    assert find_cases(["-"]) == [CaseFiles("stdin", ("-",))]


def test_a_missing_file_is_a_case_that_cannot_be_read(tmp_path: Path) -> None:
    (case,) = find_cases([str(tmp_path / "missing.pcap")])
    assert case.captures == (str(tmp_path / "missing.pcap"),)


def load(tmp_path: Path, text: str | bytes) -> CaseConfig:
    path = tmp_path / "case.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_case_config(str(path))


def test_settings(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        '[nodes]\nbm-sc = ["10.0.0.5"]\nbsf-zn = []\n[capture."gm.pcapng"]\nclock_offset = -0.250\n[ports]\nhttp = [1234]\n'
        "[tolerances]\nclock = 1\n",
    )
    nodes: dict[str, tuple[str, ...]] = {"bm-sc": ("10.0.0.5",), "bsf-zn": ()}
    assert config == CaseConfig(nodes, {"gm.pcapng": -0.25}, {"http": (1234,)}, tolerances={"clock": 10**9})
    assert load(tmp_path, 'profile = "rel8"').profile == "rel8"
    assert load(tmp_path, "") == CaseConfig()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[node]", "[node]: unknown"),
        ("nodes = 1", "[nodes]: is not a table"),
        ("[nodes]\nbmsc = []", "[nodes] bmsc: unknown"),
        ("[nodes]\nue = 1", "[nodes] ue: is not a list"),
        ("[nodes]\nue = [1]", "[nodes] ue: is not a list of addresses"),
        ("[ports]\nhttp = [0]", "[ports] http: is not a list of port numbers"),
        ("[ports]\nhttp = [true]", "[ports] http: is not a list of port numbers"),
        ("[ports]\nrtp = [1]", "[ports] rtp: unknown"),
        ('[capture."a"]\nclock_offset = "1"', "clock_offset: is not a number"),
        ('[capture."a"]\nclock_offset = inf', "clock_offset: is not a number"),
        ('[capture."a"]\nclock_offset = nan', "clock_offset: is not a number"),
        ('[capture."a"]\nclock_offset = 1' + "0" * 400, "clock_offset: is not a number"),
        ("profiles = 1", "[profiles]: unknown; known are nodes, capture, ports, profile, tolerances, waive"),
        ("profile = 1", "profile: 1 is none of rel8"),
        ("[tolerances]\nclock = -1", "[tolerances] clock: is not between 0"),
        ('[capture."a"]\nclock = 1', "clock: unknown"),
        ("[nodes", "is not TOML"),
        (b"\xff\xfe", "is not TOML"),
        ("a = " + "[" * 100_000, "is not TOML"),
        ("#" * (1024 * 1024 + 1), "is longer than"),
    ],
)
def test_wrong_settings_name_file_table_and_key(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(tmp_path, text)
    assert told in str(error.value)
    assert str(error.value).startswith(str(tmp_path / "case.toml"))


def test_settings_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_case_config(str(tmp_path))


@given(st.binary(max_size=60))
def test_no_octets_raise_anything_else(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    with suppress(ConfigError):
        assert isinstance(load(tmp_path_factory.getbasetemp(), data), CaseConfig)


def test_a_pattern_names_what_it_matches_in_order(tmp_path):
    for name in ("b/x.pcap", "a/x.pcap", "a/deep/y.pcap", "a/notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CAPTURE)
    names = [case.captures[0] for case in find_cases([f"{tmp_path}/**/*.pcap"])]
    assert names == [str(tmp_path / name) for name in ("a/deep/y.pcap", "a/x.pcap", "b/x.pcap")]
    assert [case.name for case in find_cases([f"{tmp_path}/[ab]"])] == ["notes", "x", "y", "x"]


def test_a_pattern_that_is_a_name_or_matches_nothing_is_a_name(tmp_path):
    odd = tmp_path / "a[1].pcap"
    odd.write_bytes(CAPTURE)
    assert [case.captures for case in find_cases([str(odd), f"{tmp_path}/no*"])] == [
        (str(odd),),
        (f"{tmp_path}/no*",),
    ]


def test_a_folder_that_cannot_be_looked_into_is_a_case_that_cannot_be_read(tmp_path, monkeypatch):
    for name in ("closed", "open"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.pcap").write_bytes(CAPTURE)
    scandir = os.scandir

    def refuse(path):
        if os.fspath(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    opened, closed = find_cases([str(tmp_path)])
    assert opened.captures == (str(tmp_path / "open" / "x.pcap"),)
    assert closed == CaseFiles("closed", (str(tmp_path / "closed"),))


def test_a_file_that_cannot_be_opened_is_a_case_that_cannot_be_read(tmp_path, monkeypatch):
    for name in ("closed.pcap", "notes.txt", "open.pcap"):
        (tmp_path / name).write_bytes(CAPTURE)
    _refused(monkeypatch, "closed.pcap", "notes.txt")
    assert [case.captures for case in find_cases([str(tmp_path)])] == [
        (str(tmp_path / "closed.pcap"),),
        (str(tmp_path / "open.pcap"),),
    ]
    with pytest.raises(CaptureError, match="cannot be opened: Permission denied"):
        open_capture(str(tmp_path / "closed.pcap"))


def test_a_file_in_a_folder_that_cannot_be_entered_is_a_case_that_cannot_be_read(tmp_path, monkeypatch):
    inside = str(tmp_path / "closed" / "x.pcap")
    real = os.stat

    def refuse(path, *others, **more):
        if "closed" in os.fspath(path):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return real(path, *others, **more)

    monkeypatch.setattr(os, "stat", refuse)
    assert find_cases([inside]) == [CaseFiles("x", (inside,))]


@pytest.mark.parametrize(("target", "reason"), [
    ("nowhere.pcap", "there is no such file: it is a link to nowhere.pcap"),
    ("latest.pcap", "cannot be opened: Too many levels of symbolic links"),
])  # fmt: skip
def test_a_link_to_nothing_is_a_case_that_cannot_be_read(tmp_path, target, reason):
    (tmp_path / "latest.pcap").symlink_to(target)
    (tmp_path / "notes").symlink_to("nowhere")
    (case,) = find_cases([str(tmp_path)])
    assert case.captures == (str(tmp_path / "latest.pcap"),)
    with pytest.raises(CaptureError) as told:
        open_capture(case.captures[0])
    assert told.value.reason == reason


def test_a_pipe_among_captures_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.pcap")
    assert find_cases([str(tmp_path)]) == []


def _refused(monkeypatch, *names):
    """Let files refuse to be opened, as they do for all but root."""
    real = reader.FileIO

    def refuse(path, *others, **more):
        if not isinstance(path, int) and os.path.basename(path) in names:
            raise PermissionError(13, "Permission denied", path)
        return real(path, *others, **more)

    monkeypatch.setattr(reader, "FileIO", refuse)

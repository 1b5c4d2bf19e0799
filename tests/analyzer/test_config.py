import pytest

from analyzer import config
from analyzer.config import TEMPLATE, Colour, Config, SettingsError, load
from analyzer.tolerances import AS_MEANT, Tolerances


def written(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def test_without_a_file_nothing_is_wished(tmp_path):
    assert load(tmp_path / "nothing.toml") == Config()


def test_the_template_wishes_nothing_and_every_line_of_it_can_be_used(tmp_path):
    assert load(written(tmp_path, TEMPLATE)) == Config()
    used = "\n".join(
        line.removeprefix("# ") if " = " in line or "[[" in line else line for line in TEMPLATE.splitlines()
    )
    wished = load(written(tmp_path, used))
    assert (wished.theme, wished.time, wished.mouse, wished.columns) == (
        "textual-dark", "relative", True, config.DEFAULT_COLUMNS,
    )  # fmt: skip
    assert wished.filters == {"failing": "mikey.type == 2"}
    assert wished.colours == (Colour('keyshark.verdict == "fail"', "bad", "#400000"),)
    assert wished.keys == {"ladder": "x,ctrl+l"}
    assert wished.tolerances == AS_MEANT  # shown with the value that it has


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = 1", "a: unknown; known are theme, time, mouse, columns, filters, keys, colour, tolerances"),
        ("theme = 1", "theme: is not a text in quotes"),
        ('time = "noon"', "time: 'noon' is none of relative, UTC, delta"),
        ('mouse = "no"', "mouse: is not true or false"),
        ("columns = []", "columns: is not a list of names in quotes"),
        ("columns = [1]", "columns: is not a text in quotes"),
        ("keys = 1", "[keys]: is not a table"),
        ("[keys]\nladder = 1", "[keys] ladder: is not a text in quotes"),
        ("[filters]\na = ''", "[filters] a: is not a text in quotes"),
        ("colour = 1", "[colour]: is not a list of tables: write [[colour]] above each"),
        ("[[colour]]\nfilter = 'sip'", "[colour] colour: is missing"),
        ("[[colour]]\nfilter = 'sip'\ncolor = 'red'", "[colour] color: unknown; known are filter, colour, background"),
        ("[[colour]]\nfilter = 1\ncolour = 'red'", "[colour] filter: is not a text in quotes"),
        ("a =", "is not TOML: "),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path, text, told):
    path = written(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: {told}")


def test_a_file_that_cannot_be_read_says_so(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_files_lie_where_xdg_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    assert config.config_path() == tmp_path / "c" / "keyshark" / "config.toml"
    assert config.state_path() == tmp_path / "s" / "keyshark" / "captures.json"


def test_times_of_rules_are_set_in_seconds(tmp_path):
    assert load(written(tmp_path, "[tolerances]\nmsk-after-grant = 30")).tolerances == Tolerances(
        msk_after_grant=30 * 10**9
    )

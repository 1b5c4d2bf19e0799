"""Keys that are typed in: what they open is seen, what is wrong is said, and no value is seen unasked."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from textual import constants
from textual.widgets import Static

from analyzer.analysis import Options, analyse
from analyzer.capture.case import find_cases
from analyzer.keys.keyring import load_keyring
from analyzer.tui.keysdialog import KINDS, KeyInput, KeysDialog, home
from analyzer.tui.model import index
from analyzer.tui.page import Page
from analyzer.tui.prompt import Prompt
from analyzer.tui.screen import CaseScreen
from tests.analyzer.tui.conftest import ROOT


@pytest.fixture(scope="module")
def shut():
    """A sample without its keyring."""
    (case,) = find_cases(["sample_pcaps/http_good"])
    return index(analyse(replace(case, keyrings=())))


@pytest.fixture
def ring():
    return load_keyring("sample_pcaps/http_good/keyring.toml").ues[0]


def fields(pilot):
    shown = [entry for entry in pilot.app.screen.query(KeyInput) if entry.parent.display]
    return dict(zip([place.name for place in KINDS[pilot.app.screen.kind].places], shown, strict=True))


async def fill(pilot, press, **values):
    for name, value in values.items():
        fields(pilot)[name].value = value
    await press(pilot, "enter")


def wrong(pilot):
    return str(pilot.app.screen.query_one("#wrong", Static).content)


def said(pilot, lines):
    return lines(pilot.app.screen.query_one(Page))


async def test_a_key_is_tried_at_once_and_taken_to_the_case(ready, shut, ring, press, lines):
    async with (app := ready(shut)).run_test(size=(80, 24)) as pilot:
        await press(pilot, "i")
        assert isinstance(app.screen, KeysDialog)
        assert fields(pilot)["impi"].value == ring.impi
        await fill(pilot, press, k=ring.k.hex(), opc=ring.opc.hex())
        assert "✓ digests verified: 6 → 8" in said(pilot, lines)
        assert not any(ring.k.hex() in line for line in said(pilot, lines))
        await press(pilot, "escape")
        assert isinstance(app.screen, CaseScreen)
        assert any(key.kind == "K" for key in app.screen.found.analysis.story.chain.keys)
        assert app.screen.options.typed.ues[0].k == ring.k
        await press(pilot, "i escape")  # nothing typed: nothing changes
        assert app.screen.options.typed.ues[0].k == ring.k


async def test_a_reload_knows_the_keys(ready, shut, ring, press):
    async with (app := ready(shut)).run_test() as pilot:
        await press(pilot, "i")
        await fill(pilot, press, k=ring.k.hex(), opc=ring.opc.hex())
        await press(pilot, "escape R")
        assert app.options_of(0).typed.ues[0].k == ring.k
        assert app.options_of(1).typed.ues == ()


async def test_values_are_hidden_until_asked_for(ready, shut, ring, press):
    async with (app := ready(shut)).run_test(size=(80, 24)) as pilot:
        await press(pilot, "i")
        value = ring.k.hex()
        fields(pilot)["k"].value = value
        await pilot.pause()
        assert value not in app.export_screenshot()
        assert value not in repr(fields(pilot)["k"])
        await press(pilot, "ctrl+r")
        assert value in app.export_screenshot()
        await press(pilot, "ctrl+r")
        assert value not in app.export_screenshot()
        await press(pilot, "pagedown pageup")  # what was typed is gone with its kind
        assert fields(pilot)["k"].value == ""


async def test_what_is_typed_is_in_no_log(ready, shut, press, tmp_path, monkeypatch):
    log = tmp_path / "log"
    monkeypatch.setattr(constants, "LOG_FILE", str(log))
    async with ready(shut).run_test() as pilot:
        await press(pilot, "i 0 1 2 3")
    assert not log.exists() or "0123" not in log.read_text()


async def test_wrong_input_says_field_and_reason(ready, shut, ring, press, lines):
    async with (app := ready(shut)).run_test() as pilot:
        await press(pilot, "i 0 g")
        assert wrong(pilot) == "✗ k: holds what is not a hex digit"
        await fill(pilot, press, k=ring.k.hex())
        assert wrong(pilot) == "✗ k: needs opc or op too"
        assert app.focused is fields(pilot)["k"]
        await fill(pilot, press, k="0011", opc=ring.opc.hex())
        assert wrong(pilot) == "✗ k: has 2 octets, must have 16 or 32"
        await fill(pilot, press, k="", opc="")
        assert wrong(pilot) == "✗ k: is missing"
        await press(pilot, "ctrl+s")
        assert wrong(pilot).startswith("✗ nothing to save yet")
        assert app.screen.entries == []


async def test_a_key_of_somebody_else_opens_nothing(ready, shut, press, lines):
    async with ready(shut).run_test() as pilot:
        await press(pilot, "i" + " pagedown" * 7)
        assert KINDS[pilot.app.screen.kind].name == "MSK"
        await fill(pilot, press, key_domain="26f210", msk_id="00ff00ff", value="00" * 16)
        assert any("keys known" in line or "opens nothing" in line for line in said(pilot, lines))
        await press(pilot, "ctrl+t")
        assert said(pilot, lines)[0] == "All that was typed in is forgotten."
        assert pilot.app.screen.entries == []


async def test_keys_are_saved_where_nobody_else_reads_them(ready, shut, ring, press, tmp_path):
    async with (app := ready(shut)).run_test() as pilot:
        await press(pilot, "i")
        await fill(pilot, press, k=ring.k.hex(), opc=ring.opc.hex())
        await press(pilot, "ctrl+s")
        assert isinstance(app.screen, Prompt)
        app.screen.query_one("Input").value = str(tmp_path / "no" / "keyring.toml")
        await press(pilot, "enter")
        assert isinstance(app.screen, Prompt)
        path = tmp_path / "keyring.toml"
        app.screen.query_one("Input").value = str(path)
        await press(pilot, "enter")
        assert isinstance(app.screen, KeysDialog)
        assert path.stat().st_mode & 0o777 == 0o600
        assert load_keyring(path).ues[0].k == ring.k
        path.write_text("no toml")
        await press(pilot, "ctrl+s")
        app.screen.query_one("Input").value = str(path)
        await press(pilot, "enter")
        assert "is not TOML" in wrong(pilot)
        assert path.read_text() == "no toml"


async def test_esp_is_read_again(ready, shut, press, monkeypatch):
    asked = []

    def again(case, options):
        asked.append(options.typed.esp)
        return shut.analysis

    monkeypatch.setattr("analyzer.tui.keysdialog.analyse", again)
    async with ready(shut).run_test() as pilot:
        await press(pilot, "i pageup pageup")
        assert KINDS[pilot.app.screen.kind].name == "ESP"
        await fill(pilot, press, spi="0x00010001", encryption="aes-cbc", encryption_key="00" * 16)
    assert [sa.spi for (sa,) in asked] == [0x10001]


async def test_a_mistake_of_ours_costs_the_key_and_no_more(ready, shut, ring, press, lines, monkeypatch):
    def crash(before, after):
        raise ZeroDivisionError(ring.k.hex())

    monkeypatch.setattr("analyzer.tui.keysdialog.effect", crash)
    async with ready(shut).run_test() as pilot:
        await press(pilot, "i")
        await fill(pilot, press, k=ring.k.hex(), opc=ring.opc.hex())
        assert said(pilot, lines) == ["✗ keyshark failed: ZeroDivisionError; the case is shown as it was"]
        assert pilot.app.screen.entries == []


async def test_while_a_capture_grows_no_key_is_typed(ready, shut, press):
    growing = index(replace(shut.analysis, with_keys=None))
    async with (app := ready(growing)).run_test() as pilot:
        await press(pilot, "i")
        assert isinstance(app.screen, CaseScreen)


def test_keys_go_beside_their_capture():
    (case,) = find_cases(["sample_pcaps/http_good"])
    assert home(case) == Path("sample_pcaps/http_good/keyring.toml")
    assert home(replace(case, keyrings=(), captures=("a/b.pcap.gz",))) == Path("a/b.keys.toml")


def test_the_options_of_an_analysis_hide_what_was_typed(ring):
    assert ring.k.hex() not in repr(Options(typed=load_keyring("sample_pcaps/http_good/keyring.toml")))


@pytest.fixture
def sealed(tmp_path, monkeypatch):
    """A sample in TLS without its key log, and where that lies."""
    monkeypatch.undo()  # analyses anew: the sample is another one with the key log
    monkeypatch.chdir(ROOT)
    (case,) = find_cases(["sample_pcaps/http_over_tls"])
    return index(analyse(replace(case, keyrings=()))), Path("sample_pcaps/http_over_tls/sslkeys.log")


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
async def test_a_key_log_opens_tls_and_goes_with_the_case(ready, sealed, press, lines, tmp_path):
    found, log = sealed
    async with (app := ready(found)).run_test(size=(80, 24)) as pilot:
        await press(pilot, "i pageup")
        assert KINDS[app.screen.kind].name == "TLS"
        await fill(pilot, press, keylog=str(log.with_name("none.log")))
        assert wrong(pilot) == "✗ keylog: there is no such file"
        await fill(pilot, press, keylog=str(log))
        told = said(pilot, lines)
        assert told[0] == "TLS sslkeys.log"
        assert any(line.startswith("✓ messages: ") for line in told)
        await press(pilot, "ctrl+s")
        app.screen.dismiss(str(tmp_path / "keys.toml"))
        await press(pilot, "")
        assert load_keyring(tmp_path / "keys.toml").keylog == log.absolute()
        await press(pilot, "escape")
        assert app.screen.options.engine == "tshark"
        assert any(message.protocol == "http" for message in app.screen.found.messages)


async def test_a_key_log_without_tshark_says_what_is_missing(ready, sealed, press, lines, monkeypatch):
    found, log = sealed
    monkeypatch.setattr(shutil, "which", lambda name: None)
    async with (app := ready(found)).run_test(size=(80, 24)) as pilot:
        await press(pilot, "i pageup")
        await fill(pilot, press, keylog=str(log))
        assert said(pilot, lines)[0].startswith("✗ tshark is not installed: install it")
        await press(pilot, "escape")
        assert app.screen.found is found
        assert app.screen.options.typed.keylog is None

"""Times of rules: what can be set, where, and that the rules heed it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import config
from analyzer.analysis import Options
from analyzer.capture.case import ConfigError, load_case_config
from analyzer.cli import run
from analyzer.codes import USAGE
from analyzer.config import SettingsError
from analyzer.procedures import CATALOGUE
from analyzer.tolerances import AS_MEANT, LONGEST, OURS, SECOND, TOLERANCES, ToleranceError, Tolerances, read, seconds
from sample_pcaps.casebook import cases
from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import KEY_DOMAIN
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import SECOND_MSK

CASES = cases()
CODES = {rule.code for rule in CATALOGUE}


def judged(tell, story, rule, name="", value=0.0):
    """Return the verdicts of a rule with a tolerance set to so many seconds, or with all as they are meant."""
    options = Options(tolerances=Tolerances(**read({name: value} if name else {})))
    return [str(j.verdict) for j in tell(story, options=options).report.judgements if j.rule == rule]


def silent_zn():
    story = Story.begun_by_http()
    story.register(zn={"edits": {"bia": Edit(drop=True)}}, status="504 Gateway Time-out")
    story.linger(40)
    return story


def silent_scf():
    """The BSF does not know the B-TID, and the SCF says nothing to the UE."""
    story = Story("sip", by_sip=True)
    story.bootstrap()
    lost = {name: Edit(drop=True) for name in ("isc-ok", "gm-ok", "gm-ack", "isc-ack")}
    story.sip("register", zn={"result": 5403}, post="never", status="403 Forbidden", edits=lost)
    story.linger(50)
    return story


def of_sample(name):
    return CASES[name].tell


# What fails for silence as times are meant, and no more once one is longer: rule, story, tolerance.
SILENT = {
    "SB-05": (silent_scf, "sip-answer"),
    "SI-13": (of_sample("authorization_missing"), "http-answer"),
    "EX-09": (of_sample("storm_without_answers"), "http-answer"),
    "ZN-11": (silent_zn, "diameter-answer"),
    "DG-11": (of_sample("challenge_unanswered"), "digest-retry"),
    "RG-04": (of_sample("registration_without_an_msk"), "msk-after-grant"),
    "RG-10": (of_sample("msk_request_not_served"), "msk-after-grant"),
    "MS-19": (of_sample("verification_missing"), "verification"),
    "MS-28": (of_sample("pull_unanswered"), "pull-answer"),
    "SR-11": (of_sample("unknown_mki_never_asked_for"), "unknown-msk"),
    "MS-23": (of_sample("msk_not_sent_again"), "msk-repeat"),
}
# What fails for what came too late or too early, and no more once a time is so many seconds.
EASED = {
    "RG-07": (of_sample("msk_after_deregistration"), "msk-after-deregistration", 100),
    "SI-17": (of_sample("keys_after_the_session"), "msk-after-bye", 600),
    "EX-03": (of_sample("last_mtk_of_the_msk"), "msk-refresh", 100),
    "RG-13": (of_sample("missed_msk_asked_for_at_once"), "back-off", 100),
    "MT-12": (of_sample("mtk_after_its_packets"), "mtk-after-media", 100),
    "MT-13": (of_sample("mtk_never_repeated"), "mtk-repeat", 600),
    "SR-10": (of_sample("media_under_a_retired_msk"), "media-after-msk", 100),
    "UB-15": (of_sample("bootstrapping_for_each_use"), "bootstrapping-again", 0),
    "EX-02": (of_sample("msk_under_an_expired_muk"), "clock", 3600),
    "MS-18": (of_sample("third_msk_while_the_first_is_in_use"), "clock", 3600),
    "MS-25": (of_sample("verification_under_an_expired_muk"), "clock", 3600),
    "ZN-05": (of_sample("naf_key_that_outlives_ks"), "clock", LONGEST),
}


@pytest.mark.parametrize("rule", SILENT)
class TestSilence:
    def test_is_no_fault_yet_where_a_longer_time_is_set(self, tell, rule):
        story, name = SILENT[rule]
        assert "fail" in judged(tell, story(), rule)
        assert "fail" not in judged(tell, story(), rule, name, 1000)

    def test_is_a_fault_earlier_where_a_shorter_time_is_set(self, tell, rule):
        make, name = SILENT[rule]
        known = next(one for one in TOLERANCES if one.name == name)
        story = make()
        found = tell(story).report.judgements
        (frame, *_) = sorted(j.evidence[-1].frame for j in found if j.rule == rule and str(j.verdict) == "fail")
        since = sorted(time for time, _ in story.tape.packets)[frame - 1]
        story.tape.packets = [(time, packet) for time, packet in story.tape.packets if time < since + known.default / 2]
        story.now = since
        story.linger(known.default / 2 / SECOND)
        assert "fail" not in judged(tell, story, rule)
        assert "fail" in judged(tell, story, rule, name, known.default / 4 / SECOND)


@pytest.mark.parametrize("rule", EASED)
def test_what_comes_late_is_no_fault_where_a_longer_time_is_set(tell, rule):
    story, name, value = EASED[rule]
    assert "fail" in judged(tell, story(), rule)
    assert "fail" not in judged(tell, story(), rule, name, value)


def left_with_an_msk_on_its_way():
    story = Story.registered_by_http()
    story.msk()
    story.wait(1)
    story.deregister()
    story.wait(0.5)
    story.msk()
    return story


def keys_half_a_minute_after_the_session():
    story = Story.registered_by_http()
    story.msk()
    story.wait(1)
    story.bye()
    story.wait(30)
    story.msk(v=False)
    return story


def asked_a_little_early():
    story = Story("early", by_sip=False)
    story.announce(wait=2, back_off=10)
    story.bootstrap()
    story.invite()
    story.register()
    story.keys_and_media()
    story.wait(2)
    story.media(SECOND_MSK, 1, packets=2, report=False)
    story.wait(1.9)
    story.msk_request(pairs=((KEY_DOMAIN, SECOND_MSK),))
    return story


def mtk_behind_its_packets():
    key, salt = made_up("media 00010001 2 key", 16), made_up("media 00010001 2 salt", 14)
    story = Story.registered_by_http()
    story.keys_and_media()
    story.media(mtk_id=2, packets=4, interval=0.01, report=False)
    story.mtk(mtk_id=2, key=key, salt=salt)
    story.media(mtk_id=2, packets=4)
    return story


def media_for_five_seconds_more():
    story = Story.registered_by_http(ues=2)
    story.keys_and_media()
    for ue in story.ues:
        story.deregister(ue)
        story.msk(ue, seq=(2, 1), sp=None)
    story.wait(5)
    story.media(packets=5, report=False)
    return story


def msk_a_second_after_ks():
    story = Story.registered_by_http(lifetime=60)
    story.msk()
    story.at(61)
    story.msk(msk_id=SECOND_MSK, verify=False)
    return story


def renewed_four_minutes_before_the_end():
    story = Story.begun_by_http(lifetime=260)
    story.register()
    story.wait(1)
    story.msk_request(challenge=True, preauthorize=True, stale=True, retry=False)
    story.bootstrap()
    story.msk_request()
    return story


def the_impi_after_a_silence():
    story = Story.begun_by_http()
    story.wait(100)
    story.bootstrap(username=story.ue.impi)
    return story


def bootstrapped_twice():
    story = Story.begun_by_http()
    story.wait(60)
    story.bootstrap()
    story.register()
    return story


# What does not fail as times are meant, and does once one is set to so many seconds.
TIGHTENED = [
    ("RG-04", of_sample("http_good"), "msk-after-grant", 0),
    ("RG-07", left_with_an_msk_on_its_way, "msk-after-deregistration", 0.1),
    ("SI-17", keys_half_a_minute_after_the_session, "msk-after-bye", 10),
    ("EX-03", of_sample("mtk_outside_window"), "msk-refresh", 0),
    ("RG-13", asked_a_little_early, "back-off", 0),
    ("MT-12", mtk_behind_its_packets, "mtk-after-media", 0),
    ("MT-13", of_sample("http_good"), "mtk-repeat", 0),
    ("SR-10", media_for_five_seconds_more, "media-after-msk", 1),
    ("EX-02", msk_a_second_after_ks, "clock", 0),
    ("DG-10", renewed_four_minutes_before_the_end, "early-renewal", 60),
    ("UB-17", the_impi_after_a_silence, "switched-off", 200),
    ("UB-15", bootstrapped_twice, "bootstrapping-again", 200),
]


@pytest.mark.parametrize(("rule", "story", "name", "value"), TIGHTENED, ids=[row[0] for row in TIGHTENED])
def test_what_is_in_time_is_a_fault_where_the_time_is_set_so(tell, rule, story, name, value):
    assert "fail" not in judged(tell, story(), rule)
    assert "fail" in judged(tell, story(), rule, name, value)


def test_every_tolerance_is_tried_both_ways():
    eased = {row[1] for row in (*SILENT.values(), *EASED.values())}
    tight = {row[1] for row in SILENT.values()} | {row[2] for row in TIGHTENED}
    assert {known.name for known in TOLERANCES} == tight
    # what makes a rule stricter the longer it is, is tried one way
    assert tight - eased == {"early-renewal", "switched-off"}


@pytest.mark.parametrize("known", TOLERANCES, ids=[known.name for known in TOLERANCES])
def test_every_tolerance_is_well_described(known):
    assert known.default > 0
    assert known.rules
    assert set(known.rules) <= CODES
    assert known.source == OURS or known.source.startswith(("RFC ", "TS "))
    assert known.told


def test_a_table_is_read_in_seconds():
    assert read({"msk-after-grant": 30, "clock": 0.5}) == {"msk_after_grant": 30 * SECOND, "clock": SECOND // 2}
    assert read({}) == {}
    assert Tolerances(**read({"clock": 3})).changed() == ((TOLERANCES[-1], 3 * SECOND),)
    assert AS_MEANT.changed() == ()
    assert (seconds(10 * SECOND), seconds(SECOND // 5)) == ("10", "0.2")


@given(
    st.dictionaries(
        st.sampled_from([known.name for known in TOLERANCES]) | st.text(),
        st.floats() | st.integers() | st.booleans() | st.text() | st.lists(st.integers()),
        max_size=4,
    )
    | st.integers()
)
def test_any_table_is_read_or_refused(table):
    try:
        times = read(table)
    except ToleranceError:
        return
    assert all(isinstance(time, int) and 0 <= time <= LONGEST * SECOND for time in times.values())
    assert isinstance(Tolerances(**times), Tolerances)


WRONG = [
    ("tolerances = 1", "[tolerances]: is not a table"),
    ("[tolerances]\nmsk = 1", "[tolerances] msk: unknown; known are sip-answer, http-answer"),
    ("[tolerances]\nmsk_refresh = 1", "[tolerances] msk_refresh: unknown; known are sip-answer"),
    ('[tolerances]\nclock = "2 s"', "[tolerances] clock: is not a number of seconds"),
    ("[tolerances]\nclock = true", "[tolerances] clock: is not a number of seconds"),
    ("[tolerances]\nclock = -1", f"[tolerances] clock: is not between 0 and {LONGEST} seconds"),
    ("[tolerances]\nclock = inf", f"[tolerances] clock: is not between 0 and {LONGEST} seconds"),
    ("[tolerances]\nclock = nan", f"[tolerances] clock: is not between 0 and {LONGEST} seconds"),
    (f"[tolerances]\nclock = 1{400 * '0'}", f"[tolerances] clock: is not between 0 and {LONGEST} seconds"),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_what_is_wrong_is_told_with_its_place(tmp_path, text, told):
    path = tmp_path / "case.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_case_config(str(path))
    assert str(caught.value).startswith(f"{path}: {told}")
    with pytest.raises(SettingsError) as refused:
        config.load(path)
    assert str(refused.value).startswith(f"{path}: {told}")


class TestWhere:
    @pytest.fixture
    def folder(self, tmp_path):
        """A case without the MSK that its registration should get."""
        folder = tmp_path / "case"
        folder.mkdir()
        (folder / "capture.pcapng").write_bytes(CASES["registration_without_an_msk"].tell().capture())
        return folder

    def run(self, folder, capsys):
        run(["validate", str(folder), "--select", "RG-04", "--format", "json"])
        (case,) = json.loads(capsys.readouterr().out)["cases"]
        return case

    def test_case_toml_sets_them_and_the_report_says_so(self, folder, capsys):
        assert self.run(folder, capsys)["tolerances"] == []
        (folder / "case.toml").write_text("[tolerances]\nmsk-after-grant = 300")
        case = self.run(folder, capsys)
        assert case["tolerances"] == [{"name": "msk-after-grant", "seconds": 300.0, "default": 10.0}]
        assert {j["verdict"] for j in case["judgements"]} == {"pass", "inconc"}

    def test_the_config_file_sets_them_for_cases_that_do_not(self, folder, capsys, monkeypatch, tmp_path):
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
        file = config.config_path()
        file.parent.mkdir(parents=True)
        file.write_text("[tolerances]\nmsk-after-grant = 300\nclock = 3")
        assert {t["name"]: t["seconds"] for t in self.run(folder, capsys)["tolerances"]} == {
            "msk-after-grant": 300.0, "clock": 3.0,
        }  # fmt: skip
        (folder / "case.toml").write_text("[tolerances]\nmsk-after-grant = 20")
        assert {t["name"]: t["seconds"] for t in self.run(folder, capsys)["tolerances"]} == {
            "msk-after-grant": 20.0, "clock": 3.0,
        }  # fmt: skip

    def test_text_says_what_was_set(self, folder, capsys):
        (folder / "case.toml").write_text("[tolerances]\nmsk-after-grant = 300")
        run(["validate", str(folder)])
        assert "i tolerances set: msk-after-grant 300 s (usually 10 s)" in capsys.readouterr().out

    def test_a_config_file_that_is_wrong_ends_in_usage(self, folder, capsys, monkeypatch, tmp_path):
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
        file = config.config_path()
        file.parent.mkdir(parents=True)
        file.write_text("[tolerances]\nclock = -1")
        assert run(["validate", str(folder)]) == USAGE
        assert "[tolerances] clock: is not between 0" in capsys.readouterr().err

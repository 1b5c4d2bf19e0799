"""Profiles: what older texts do not demand is not judged, and what they demand is."""

import json

import pytest

from analyzer.analysis import Options, analyse
from analyzer.capture.case import ConfigError, find_cases, load_case_config
from analyzer.cli import run
from analyzer.procedures import CATALOGUE, PROCEDURES
from analyzer.profiles import (
    CR_2009,
    DEFAULT,
    DIFFERENCES,
    OURS,
    PROFILES,
    REL8,
    REL11,
    REL16,
    TEXT,
    TMPI,
    of_rule,
    with_rule,
)
from sample_pcaps.casebook import cases
from sample_pcaps.forge_text import Edit
from sample_pcaps.good_profiles import BSF, UE
from sample_pcaps.stage import KEY_DOMAIN
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK
from sample_pcaps.story_sip import B_TID_TYPE

CASES = cases()
CODES = {rule.code for rule in CATALOGUE}
OF_PROFILES = [name for name, case in CASES.items() if case.profile]
# What the good samples of older texts break by those of today.
TODAY = {
    "rel8_http": {"UB-12"},
    "rel8_sip": {"UB-12"},
    "cr_2009_http": {"UB-12"},
    "cr_2009_sip": {"UB-12", "SB-04", "SB-07", "SB-08", "SB-12", "SB-16", "SB-17"},
}


def broken(name, **options):
    (case,) = find_cases([f"sample_pcaps/{name}"])
    return {j.rule for j in analyse(case, Options(**options)).report.judgements if str(j.verdict) == "fail"}


def judged(analysis, code):
    return [str(j.verdict) for j in analysis.report.judgements if j.rule == code]


class TestTable:
    def test_the_latest_texts_demand_everything(self):
        assert DEFAULT is REL16
        assert REL16.lacks(DIFFERENCES) == ()
        assert all(REL16.applies(code) for code in CODES)

    @pytest.mark.parametrize("found", DIFFERENCES, ids=[found.demand for found in DIFFERENCES])
    def test_a_difference_is_well_described(self, found):
        assert found.rules
        assert set(found.rules) <= CODES
        assert found.missing
        assert set(found.missing) < set(PROFILES)
        assert found.clause.startswith(("TS ", "RFC "))
        assert found.source in (TEXT, OURS)
        assert found.why.endswith(".")
        assert set(found.procedures) <= {procedure.kind for procedure in PROCEDURES}

    def test_what_comes_with_a_release_stays(self):
        order = (REL8, REL11, REL16)
        for found in DIFFERENCES:
            has = [profile.has(found) for profile in order]
            assert has == sorted(has)

    def test_release_11_is_judged_as_release_16(self):
        """Our texts are of Release 16; all that they say to be younger than Release 11 is in no rule (docs/report.md)."""
        assert REL11.lacks(DIFFERENCES) == REL16.lacks(DIFFERENCES) == ()
        assert REL8.lacks(DIFFERENCES) == (TMPI,)

    def test_which_profiles_apply_a_rule(self):
        assert with_rule("UB-12") == ("rel11", "rel16")
        assert with_rule("SB-21") == ("rel8", "rel11", "rel16")
        assert with_rule("SB-16") == tuple(PROFILES)
        assert of_rule("MS-16") == ()
        assert not CR_2009.knows("sip-deauthorization")
        assert REL8.knows("sip-deauthorization")


class TestSamples:
    def test_there_are_some_for_each_profile_but_the_default(self):
        assert {CASES[name].profile for name in OF_PROFILES} == {"rel8", "cr-2009"}
        assert set(TODAY) == set(OF_PROFILES)

    @pytest.mark.parametrize("name", OF_PROFILES)
    def test_nothing_is_broken_by_their_own_profile(self, name):
        assert broken(name) == set()

    @pytest.mark.parametrize("name", OF_PROFILES)
    def test_what_is_broken_by_the_texts_of_today(self, name):
        assert broken(name, profile="rel16") == TODAY[name]

    @pytest.mark.parametrize("profile", PROFILES)
    @pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues"])
    def test_who_does_as_the_texts_of_today_want_breaks_no_older_one(self, name, profile):
        assert broken(name, profile=profile) == set()


class TestParts:
    """What a profile does demand is demanded in it: a part is left out, not the rule."""

    def begun(self, **more):
        story = Story("2009", by_sip=True)
        story.bootstrap(user_agent=UE, server=BSF)
        story.wait(0.2)
        story.sip("register", **more)
        story.keys_and_media()
        return story

    def told(self, tell, story):
        return tell(story, options=Options(profile="cr-2009"))

    def test_the_post_has_the_key_and_the_address(self, tell):
        story = self.begun(key_info={"lifetime": None, "b_tid": None, "naf_fqdn": None, "ue_ip": None})
        assert judged(self.told(tell, story), "SB-08") == ["fail"]

    def test_the_post_names_the_identity(self, tell):
        story = self.begun(edits={"post": Edit(headers={"X-3GPP-Asserted-Identity": None})})
        assert judged(self.told(tell, story), "SB-07") == ["fail"]

    def test_the_key_is_the_naf_key(self, tell):
        story = self.begun(key_info={"muk": bytes(range(32)), "lifetime": None, "b_tid": None, "naf_fqdn": None})
        assert judged(self.told(tell, story), "SB-09") == ["fail"]

    def test_zn_is_asked_for_the_fqdn_of_the_post(self, tell):
        story = self.begun(zn={"naf_fqdn": "scf2.home1.net"})
        assert judged(self.told(tell, story), "SB-04") == ["fail"]

    def test_success_is_indicated_last(self, tell):
        story = self.begun(post="after")
        assert judged(self.told(tell, story), "SB-13") == ["fail"]

    def test_the_re_invite_is_one(self, tell):
        story = self.begun()
        story.sip("msk-request", in_dialog=False)
        assert judged(self.told(tell, story), "SB-16") == ["fail"]

    def test_the_pairs_are_handed_on(self, tell):
        story = self.begun()
        story.sip("msk-request", posted_pairs=((KEY_DOMAIN, FIRST_MSK),))
        assert judged(self.told(tell, story), "SB-17") == ["fail"]

    def test_an_msk_may_be_taken_back_after_what_nobody_knows_the_form_of(self, tell):
        story = self.begun()
        story.wait(1)
        story.msk(seq=(2, 1), sp=None)
        assert judged(tell(story), "MS-11") == ["pass", "fail"]
        assert judged(self.told(tell, story), "MS-11") == ["pass", "inconc"]

    def test_a_deregistration_is_no_procedure_of_it(self, tell):
        story = self.begun()
        story.wait(1)
        story.sip("deregister", ue_parts=lambda parts: [part for part in parts if part[0] != B_TID_TYPE])
        assert judged(tell(story), "SB-14") == ["fail"]
        found = self.told(tell, story).report
        assert "sip-deauthorization" in {p.kind for ue in found.ues for p in ue.procedures}
        kinds = {p.id: p.kind for ue in found.ues for p in ue.procedures}
        assert all(kinds.get(j.procedure) != "sip-deauthorization" for j in found.judgements)


class TestWhere:
    def test_case_toml_names_it_and_the_option_goes_before(self, capsys):
        def told(*options):
            run(["validate", "sample_pcaps/rel8_http", "--format", "json", *options])
            (case,) = json.loads(capsys.readouterr().out)["cases"]
            return case

        assert told()["profile"] == "rel8"
        assert all(j["rule"] != "UB-12" for j in told()["judgements"])
        assert told("--profile", "rel16")["profile"] == "rel16"

    def test_text_and_diagnosis_go_by_it(self, capsys):
        assert run(["validate", "sample_pcaps/rel8_http"]) == 0
        assert "judged by profile rel8, without UB-12, UB-17" in capsys.readouterr().out
        assert run(["validate", "sample_pcaps/cr_2009_sip", "--profile", "rel16"]) == 1
        assert run(["diagnose", "sample_pcaps/cr_2009_sip"]) == 0
        assert run(["diagnose", "sample_pcaps/cr_2009_sip", "--profile", "rel16"]) == 1

    def test_what_is_not_demanded_is_not_said_to_be_kept(self):
        (case,) = find_cases(["sample_pcaps/cr_2009_sip"])
        (found,) = [j for j in analyse(case).report.judgements if j.rule == "SB-13"]
        assert "Not demanded by cr-2009: statuses in the SIP 200" in found.message

    @pytest.mark.parametrize("value", ['"rel7"', '""', "8", '["rel8"]', "{}"])
    def test_what_is_wrong_is_told_with_its_place(self, tmp_path, value):
        path = tmp_path / "case.toml"
        path.write_text(f"profile = {value}")
        with pytest.raises(ConfigError, match=r"profile: .* is none of rel8, rel11, rel16, cr-2009"):
            load_case_config(str(path))

    def test_an_unknown_one_is_refused(self, capsys):
        assert run(["validate", "sample_pcaps/rel8_http", "--profile", "rel7"]) == 2

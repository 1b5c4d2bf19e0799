"""From a story to its report: what is told of UEs, procedures, keys and media."""

import hashlib
from pathlib import Path

import pytest

from analyzer.accounts import handshake_steps, handshakes_of, key_report
from analyzer.analysis import Options, analyse
from analyzer.capture.case import find_cases
from analyzer.keys.key import Key
from analyzer.procedures import PROCEDURES
from analyzer.report import Verdict
from sample_pcaps.story import Story

SAMPLES = Path(__file__).parents[2] / "sample_pcaps"
KEY = Key(
    "MSK", b"k" * 16, "keyring", "supplied", b_tid="b@bsf", naf="bmsc", key_domain=b"\x26\xf2\x10",
    msk_id=b"\0\1\0\2", valid_from=1, valid_to=9, capture=0, frame=31, parents=(Key("MUK", b"m" * 32, "", "seen"),),
    variant="as the specification says",
)  # fmt: skip


def analysed(name, **options):
    (case,) = find_cases([str(SAMPLES / name)])
    return analyse(case, Options(**options))


def test_a_key_is_told_by_its_fingerprint():
    told = key_report(KEY, show=False)
    assert told.fingerprint == hashlib.sha256(b"k" * 16).hexdigest()[:8]
    assert told.value is None
    assert told.id == {"key_domain": "26f210", "msk_id": "00010002", "mtk_id": None, "b_tid": "b@bsf", "naf": "bmsc"}
    assert told.valid == {"mtk_from": 1, "mtk_to": 9}
    assert told.origin == "keyring (as the specification says)"
    assert told.parents == (hashlib.sha256(b"m" * 32).hexdigest()[:8],)
    assert (told.capture, told.frame, told.status) == (0, 31, "supplied")
    assert key_report(KEY, show=True).value == (b"k" * 16).hex()


@pytest.mark.parametrize(("expires", "valid"), [(None, {}), (1_767_225_600_500_000_000, {"expires": 1767225600.5})])
def test_other_keys_are_valid_until_they_expire(expires, valid):
    assert key_report(Key("Ks", b"k" * 32, "", "derived", expires=expires), show=False).valid == valid


@pytest.fixture(scope="module", params=["http_good", "sip_good"])
def good(request):
    return analysed(request.param)


def test_a_good_case_is_told_whole(good):
    case = good.report
    assert case.verdict is Verdict.PASS
    assert case.malformed == ()
    (capture,) = case.captures
    assert capture.packets == good.captures[0].facts.packets
    assert capture.problems == ()
    (ue,) = case.ues
    assert all((ue.impi, ue.impu, ue.b_tid, ue.addresses, ue.services))
    for names in (ue.impi, ue.impu, ue.b_tid, ue.addresses, ue.services):
        assert list(names) == sorted(set(names))


def test_procedures_are_numbered_in_the_order_of_time(good):
    (ue,) = good.report.ues
    assert [procedure.id for procedure in ue.procedures] == [f"ue1.p{n}" for n in range(1, len(ue.procedures) + 1)]
    starts = [procedure.start for procedure in ue.procedures]
    assert starts == sorted(starts)
    kinds = {procedure.kind for procedure in PROCEDURES}
    for procedure in ue.procedures:
        assert procedure.kind in kinds
        assert procedure.steps
        assert procedure.start <= procedure.steps[0].time <= procedure.steps[-1].time <= procedure.end
        assert [s.time for s in procedure.steps] == sorted(s.time for s in procedure.steps)


def test_judgements_name_the_procedures_of_the_report(good):
    known = {procedure.id for ue in good.report.ues for procedure in ue.procedures}
    assert {judgement.procedure for judgement in good.report.judgements} <= known
    assert {judgement.ue for judgement in good.report.judgements} <= {"ue1", None}


def test_the_ends_of_a_step_are_nodes(good):
    ends = {end for ue in good.report.ues for p in ue.procedures for s in p.steps for end in (s.from_, s.to)}
    assert ends == {"ue", "im-cn", "scf", "bm-sc", "bsf", "multicast"}


def test_all_media_of_a_good_case_is_authenticated(good):
    assert good.report.media
    for media in good.report.media:
        assert media.authenticated == media.packets > 0
        assert (media.failed, media.no_key, media.not_checked) == (0, 0, 0)
        assert media.first <= media.last


@pytest.mark.parametrize(
    ("name", "kind", "status", "words"),
    [
        ("mtk_under_unknown_msk", "MTK", "no-key", "no MSK at hand"),
        ("msk_under_another_muk", "MSK", "mac-failed", "tried as its MUK fits"),
    ],
)
def test_keys_that_nothing_opened_are_told_too(name, kind, status, words):
    (ue,) = analysed(name, show_keys=True).report.ues
    (shut,) = [key for key in ue.keys if key.fingerprint is None]
    assert (shut.kind, shut.status, shut.value) == (kind, status, None)
    assert words in shut.origin
    assert shut.frame is not None
    assert shut.id["msk_id"]
    assert shut.parents == ()


def test_values_are_there_when_asked_for():
    keys = [key for ue in analysed("http_good", show_keys=True).report.ues for key in ue.keys]
    for key in keys:
        assert hashlib.sha256(bytes.fromhex(key.value)).hexdigest()[:8] == key.fingerprint
    assert {"K", "Ks", "MUK", "MSK", "MTK"} <= {key.kind for key in keys}


def test_parents_are_keys_of_the_same_ue(good):
    for ue in good.report.ues:
        known = {key.fingerprint for key in ue.keys}
        assert all(parent in known for key in ue.keys for parent in key.parents)


def test_which_key_would_open_what_gba_digest_protects(tell):
    # TS 33.220 Annex M: its Ks comes from SIP Digest credentials and TLS, and neither is in a capture
    story = Story("gba_digest", by_sip=False)
    story.bootstrap(user_agent="ue 3gpp-gba-digest", challenge={"algorithm": "MD5"}, realm="ims.home1.net")
    story.keys_and_media()
    analysis = tell(story, keyring="")
    (ue,) = analysis.report.ues
    origins = {key.origin for key in ue.keys if (key.kind, key.status) == ("MSK", "no-key")}
    assert len(origins) == 1
    assert origins.pop().endswith(
        "its bootstrapping was GBA_Digest, so that MUK or Ks_NAF of this B-TID has to be given"
    )
    ub = [told for told in analysis.report.judgements if told.rule.startswith("UB-") and told.level != "info"]
    assert {told.rule for told in ub if str(told.verdict) == "fail"} == set()
    assert ub


def test_handshakes_of_a_ue_are_steps_between_roles():
    story = analysed("http_over_tls").story
    (session,) = story.traffic.sessions
    found = handshakes_of(session, story)
    assert [each.first.frame for each in found] == [30, 131, 190]
    assert [(step.from_, step.to, step.frame) for step in handshake_steps(story)] == [
        ("ue", "bm-sc", 30), ("ue", "bm-sc", 131), ("ue", "bm-sc", 190)
    ]  # fmt: skip
    assert handshake_steps(analysed("http_good").story) == ()

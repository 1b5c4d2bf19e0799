"""Requests on Ua: a request, its 401s and its retries are one run."""

from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import NEWS
from sample_pcaps.story import Story

SPORT = "urn:home1.net:mbms:sport"


def runs(analysis, kind="http-registration"):
    return [run for _, run in analysis.runs if run.procedure.kind == kind]


def shape(run):
    return {name: len(found) for name, found in run.steps.items()}


def test_a_challenge_and_its_retry_are_one_run(tell):
    (run,) = runs(tell(Story.registered_by_http()))
    assert shape(run) == {"request": 1, "challenge": 1, "authorized": 1, "answer": 1}
    assert run.outcome == "success"
    assert run.ue.impu == ("sip:user1@home1.net",)


def test_an_interim_answer_is_no_step(tell):
    # RFC 9110 15.2.1: a server that waits for the body says so first
    begun = Edit(mutate=lambda octets: b"HTTP/1.1 100 Continue\r\n\r\n" + octets)
    story = Story("interim", by_sip=False)
    story.bootstrap()
    story.register(edits={"challenge": begun, "answer": begun})
    (run,) = runs(tell(story))
    assert shape(run) == {"request": 1, "challenge": 1, "authorized": 1, "answer": 1}
    assert run.outcome == "success"


def test_without_a_challenge_there_is_one_request(tell):
    story = Story.registered_by_http()
    story.register()
    assert shape(runs(tell(story))[1]) == {"authorized": 1, "answer": 1}


def test_a_refusal_ends_a_run(tell):
    story = Story.begun_by_http()
    story.register(status="503 Service Unavailable")
    story.register()
    assert [run.outcome for run in runs(tell(story))] == ["failure", "success"]


def test_a_renewed_b_tid_goes_on_with_the_run(tell):
    story = Story.begun_by_http()
    story.register(retry=False)
    story.register(challenge=True, preauthorize=True, retry=False, zn={"result": 5403})
    story.bootstrap()
    story.register()
    (run,) = runs(tell(story))
    assert len(run.all("challenge")) == 3
    assert run.outcome == "success"


def test_a_request_long_after_a_challenge_is_a_new_run(tell):
    story = Story.begun_by_http()
    story.register(retry=False)
    story.wait(90)
    story.register()
    assert [run.outcome for run in runs(tell(story))] == ["failure", "success"]


def test_other_services_are_another_run(tell):
    story = Story.begun_by_http()
    story.register(services=(NEWS,), retry=False)
    story.register(services=(SPORT,))
    assert [(run.outcome, len(run.all("challenge"))) for run in runs(tell(story))] == [("failure", 1), ("success", 0)]


def test_ues_behind_one_address_are_kept_apart(tell):
    """Both ask for the same service at the same time, through one NAT."""
    story = Story("nat", by_sip=False, ues=2)
    one, other = story.ues
    for ue in story.ues:
        story.bootstrap(ue)
        story.invite(ue)
    at = story.now
    story.register(one, ip="192.0.2.1")
    story.now = at + 3_000_000
    story.register(other, ip="192.0.2.1")
    found = runs(tell(story))
    assert [shape(run) for run in found] == [{"request": 1, "challenge": 1, "authorized": 1, "answer": 1}] * 2
    assert sorted(run.ue.impu for run in found) == [("sip:user1@home1.net",), ("sip:user2@home1.net",)]


def test_an_answer_that_is_missing_leaves_a_run_incomplete(tell):
    story = Story.begun_by_http()
    story.register(edits={"answer": Edit(drop=True)})
    assert [run.outcome for run in runs(tell(story))] == ["incomplete"]


def test_each_kind_is_found(sample):
    analysis = sample("http_good")
    for kind in ("http-registration", "http-msk-request", "http-deregistration"):
        assert [run.outcome for run in runs(analysis, kind)] == ["success"]

"""HTTP digests held against the keys: AKA on Ub, MRK on Ua."""

import pytest

from analyzer.correlate import bodies
from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story


def checks(analysis, step):
    """The outcome for each request or answer of Ua, in the order of time."""
    chain = analysis.story.chain
    found = []
    for message in analysis.story.traffic.messages:
        body = bodies.http(message)
        if body is not None and body.is_request is (step == "request") and id(message) in chain.digests:
            found.append(chain.digest(message))
    return found


def test_ub_and_ua_hold(tell):
    analysis = tell(Story.registered_by_http())
    assert [check.ok for check in checks(analysis, "request")] == [True, True]
    assert [check.ok for check in checks(analysis, "answer")] == [True, True]
    ub, ua = checks(analysis, "request")
    assert ub.key.kind == "K"
    assert ua.key.kind == "MRK"


def test_without_keys_nothing_is_said(tell):
    story = Story.begun_by_http()
    story.register()
    story.tape.packets = [(t, p) for t, p in story.tape.packets if b"\x0f\x1c" not in p[34:38]]  # Diameter's port 3868
    assert [check.ok for check in checks(tell(story, ""), "request")] == [None, None]


def test_a_wrong_response_is_told(tell):
    story = Story.begun_by_http()
    story.register(edits={"authorized": Edit(claim={"response": "0" * 32})})
    assert [check.ok for check in checks(tell(story), "request")] == [True, False]


def test_a_body_changed_on_the_way_breaks_auth_int(tell):
    story = Story.begun_by_http()
    story.register(edits={"authorized": Edit(mutate=lambda octets: octets.replace(b":news<", b":nows<"))})
    assert [check.ok for check in checks(tell(story), "request")] == [True, False]


def test_a_wrong_rspauth_is_told(tell):
    story = Story.begun_by_http()
    story.register(edits={"answer": Edit(claim={"rspauth": "0" * 32})})
    assert [check.ok for check in checks(tell(story), "answer")] == [True, False]


@pytest.mark.parametrize("encoding", ["raw", "hex"])
def test_other_encodings_of_the_password_are_named(tell, encoding):
    """Spec contradiction 8."""
    story = Story.begun_by_http()
    run = story.ue.last
    mrk = run.mrk(story.naf_fqdn, story.ua_id)
    password = mrk if encoding == "raw" else mrk.hex().encode()
    story.register(password=password)
    check = checks(tell(story), "request")[1]
    assert check.ok
    assert check.variant == {"raw": "MRK as raw octets", "hex": "MRK in hex"}[encoding]

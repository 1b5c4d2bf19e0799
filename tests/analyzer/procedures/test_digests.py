"""What a digest that fits no key proves about its body."""

import pytest

from analyzer.correlate import bodies, gba
from analyzer.procedures.digests import without_body
from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story

CHANGED = Edit(mutate=lambda octets: octets.replace(b"<MSK>", b"<Msk>").replace(b"</MSK>", b"</Msk>"))


def reasons(analysis):
    found = []
    for exchange in analysis.story.traffic.exchanges:
        for message in exchange.requests if exchange.protocol == "http" else ():
            body = bodies.http(message)
            given = gba.authorization(body)
            if given is not None and bodies.request_type(body):
                found.append(without_body(analysis.story, message, body, given))
    return found


def test_one_that_fits_says_nothing(tell):
    assert reasons(tell(Story.registered_by_http())) == [None]


def test_one_whose_key_fits_elsewhere_blames_the_body(tell):
    story = Story.registered_by_http()
    story.msk_request(edits={"authorized": CHANGED})
    first, second = reasons(tell(story))
    assert first is None
    assert "does not fit this body" in second


def test_one_that_never_covers_the_body_says_so(tell):
    story = Story.begun_by_http()
    story.register(qop="auth", edits={"authorized": Edit(claim={"qop": "auth-int"})})
    (reason,) = reasons(tell(story))
    assert "does not cover the body" in reason


@pytest.mark.parametrize("keyring", [None, ""], ids=["with a key", "without one"])
def test_one_of_another_key_leaves_it_open(tell, keep, keyring):
    story = Story.begun_by_http()
    story.register(password=made_up("wrong", 16))
    if keyring == "":
        keep(story, ("ue", "bm_sc"))
    assert reasons(tell(story, keyring=keyring)) == [None]


def test_one_of_qop_auth_says_nothing_of_the_body(tell):
    story = Story.registered_by_http()
    story.msk_request(qop="auth", edits={"authorized": CHANGED})
    assert reasons(tell(story)) == [None, None]

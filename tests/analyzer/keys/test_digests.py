"""HTTP digests held against the keys: AKA on Ub, MRK on Ua."""

import base64
import hashlib

import pytest

from analyzer.correlate import bodies
from sample_pcaps.forge_text import Edit, register_xml
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


# ------------------------------------------------------------------------------------------------ algorithms, sessions


def hashed(algorithm, text):
    name = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}[algorithm.removesuffix("-sess")]
    return hashlib.new(name, text.encode()).hexdigest()


def answered(story, algorithm, qop, nonce, cnonce, nc, begun=None):
    """Register with a digest made here, by hand; `begun` is the nonce and cnonce that a session began with."""
    run = story.ue.last
    realm, uri = "3GPP-bootstrapping@bmsc.home1.net", "/keymanagement?requesttype=register"
    password = base64.b64encode(run.mrk(story.naf_fqdn, story.ua_id)).decode()
    ha1 = hashed(algorithm, f"{run.b_tid}:{realm}:{password}")
    if algorithm.endswith("-sess"):
        ha1 = hashed(algorithm, ":".join((ha1, *(begun or (nonce, cnonce)))))
    body = register_xml(story.services).decode()
    ha2 = hashed(algorithm, f"POST:{uri}" + (f":{hashed(algorithm, body)}" if qop == "auth-int" else ""))
    middle = f"{nonce}:{nc}:{cnonce}:{qop}" if qop else nonce
    given = {"algorithm": algorithm, "qop": qop or None, "nonce": nonce, "cnonce": cnonce, "nc": nc}
    given["response"] = hashed(algorithm, f"{ha1}:{middle}:{ha2}")
    story.register(challenge=False, edits={"authorized": Edit(digest=given)})


@pytest.mark.parametrize("qop", ["auth", "auth-int", ""])
@pytest.mark.parametrize("algorithm", ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256"])
def test_every_algorithm_and_qop(tell, algorithm, qop):
    story = Story.begun_by_http()
    answered(story, algorithm, qop, "n1", "c1", "00000001")
    check = checks(tell(story), "request")[1]
    assert (check.ok, check.variant) == (True, "")


@pytest.mark.parametrize("begun", [None, ("n1", "c1")], ids=["each by itself", "one session"])
def test_a_session_goes_on_with_what_it_began_with(tell, begun):
    """RFC 2617 3.2.2.2: HA1 is of the first nonce and cnonce, also when the server has told a next nonce."""
    story = Story.begun_by_http()
    answered(story, "MD5-sess", "auth-int", "n1", "c1", "00000001")
    answered(story, "MD5-sess", "auth-int", "n1", "c2", "00000002", begun)
    answered(story, "MD5-sess", "auth-int", "n2", "c3", "00000001", begun)
    assert [check.ok for check in checks(tell(story), "request")] == [True] * 4


def test_a_session_of_another_beginning_does_not_fit(tell):
    story = Story.begun_by_http()
    answered(story, "MD5-sess", "auth-int", "n1", "c1", "00000001")
    answered(story, "MD5-sess", "auth-int", "n1", "c2", "00000002", ("n0", "c0"))
    assert [check.ok for check in checks(tell(story), "request")] == [True, True, False]

"""What a digest on Ua proves when it fits no key: that its body is not the one it was made over."""

from __future__ import annotations

from analyzer.correlate import bodies, gba
from analyzer.judging import Story
from analyzer.keys import digest
from dissectors import Message
from dissectors.digest import Auth
from dissectors.http import Http


def without_body(story: Story, message: Message, body: Http, given: Auth) -> str | None:
    """Say why it is the body, and not the key, that makes a digest with auth-int wrong; None where nothing tells."""
    if given.get("qop") != "auth-int" or story.chain.digest(message).ok is not False:
        return None
    if _fits_without_body(story, body, given):
        return "the digest says auth-int and does not cover the body"
    # All else that enters the digest stands in the header, and is taken from there.
    if _is_proven(story, message, given.get("username") or ""):
        return "the digest does not fit this body, though its key has fitted others"
    return None


def _fits_without_body(story: Story, body: Http, given: Auth) -> bool:
    """Whether a digest fits as one of qop auth, or over an empty body, with any MRK of its B-TID."""
    nonce, cnonce, algorithm = given.get("nonce") or "", given.get("cnonce") or "", given.get("algorithm") or "MD5"
    for key in story.chain.mrks.get(given.get("username") or "", ()):
        ha1 = digest.ha1(
            username=given.get("username") or "", realm=given.get("realm") or "", algorithm=algorithm,
            password=digest.mrk_password(mrk=key.value), nonce=nonce, cnonce=cnonce,
        )  # fmt: skip
        for qop in ("auth", "auth-int"):
            made = digest.response(
                ha1=ha1, method=body.method or "", uri=given.get("uri") or "", nonce=nonce, qop=qop,
                nc=given.get("nc") or "", cnonce=cnonce, algorithm=algorithm,
            )  # fmt: skip
            if made == given.get("response"):
                return True
    return False


def _is_proven(story: Story, message: Message, b_tid: str) -> bool:
    """Whether an MRK of a B-TID has fitted another request."""
    session = story.traffic.session_of(message)
    for exchange in () if session is None else session.exchanges:
        for asked in exchange.requests if exchange.protocol == "http" else ():
            body = bodies.http(asked)
            given = None if body is None or asked is message else gba.authorization(body)
            if given is not None and given.get("username") == b_tid and story.chain.digest(asked).ok:
                return True
    return False

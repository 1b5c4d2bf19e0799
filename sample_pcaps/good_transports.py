"""Cases in which the messages go over other transports, all as the specifications want it."""

from __future__ import annotations

from sample_pcaps.casebook import case
from sample_pcaps.good import keyed_by_http
from sample_pcaps.stage import KEY_DOMAIN
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import SECOND_MSK


@case()
def over_http2() -> Story:
    """The HTTP variant, all of it right, the UE on HTTP/2 in the clear (RFC 9113, prior knowledge).

    Bootstrapping, registration and MSK request are streams of HTTP/2, their header fields compressed; what the SCF
    sends stays HTTP/1.1, as TS 26.237 has it.
    """
    story = Story("over HTTP/2", by_sip=False)
    story.http2 = True
    story.bootstrap()
    story.wait(0.2)
    story.invite()
    story.wait(0.1)
    story.register()
    story.keys_and_media()
    story.wait(1)
    story.msk_request()
    story.msk(msk_id=SECOND_MSK)
    story.wait(1)
    story.deregister()
    return story


@case()
def http_over_tls() -> Story:
    """The story of http_good, the UE on TLS to the BM-SC (TS 33.246 6.2.1.0).

    Registration, MSK request and deregistration are inside TLS 1.2 on port 443, which the key log of the keyring opens.
    """
    story = Story.begun_by_http()
    story.tls = True
    story.register()
    story.wait(0.1)
    return keyed_by_http(story)


@case()
def sip_over_websocket() -> Story:
    """The SIP variant, all of it right, the UE on SIP over WebSocket (RFC 7118).

    The connection begins as HTTP; requests of the UE come masked and in two frames, with a pong between them.
    """
    story = Story("SIP over WebSocket", by_sip=True)
    story.websocket = True
    story.bootstrap()
    story.wait(0.2)
    story.sip("register")
    story.keys_and_media()
    story.wait(1)
    story.sip("msk-request", pairs=((KEY_DOMAIN, SECOND_MSK),))
    story.msk(msk_id=SECOND_MSK)
    story.wait(1)
    story.sip("deregister")
    story.bye()
    return story

"""MIKEY messages open under the new keys in the same reading, and hold other keys."""

from types import SimpleNamespace

import pytest

from analyzer.anonymous.mikey_messages import MikeyMessages
from analyzer.anonymous.pseudonyms import Pseudonyms
from analyzer.anonymous.texts import Texts
from dissectors import Payload, dissect
from dissectors.mikey import Mikey


@pytest.mark.parametrize("name", ["http_good", "msk_with_ids_of_type_uri", "mtk_with_a_wrong_mac"])
def test_messages_open_as_before(anonymised, name):
    both = anonymised(name)
    old, new = (_opened(each) for each in (both.before, both.after))
    assert len(old) == len(new) > 0
    for before, after in zip(old, new, strict=True):
        assert (before.variant, before.key.kind) == (after.variant, after.key.kind)
        assert before.auth_key != after.auth_key
        for one, other in zip(before.keys, after.keys, strict=True):
            assert (one.kind, one.msk_id, one.mtk_id, one.valid_to) == (
                other.kind,
                other.msk_id,
                other.mtk_id,
                other.valid_to,
            )
            assert one.value != other.value
            assert len(one.salt) == len(other.salt)
    assert [_shape(m) for m in both.before.story.traffic.mikey] == [_shape(m) for m in both.after.story.traffic.mikey]


def test_verifications_hold_as_before(anonymised):
    for name, expected in (("http_good", True), ("verification_with_a_wrong_mac", False)):
        both = anonymised(name)
        old, new = (
            [(each.ok, each.variant) for each in analysis.story.chain.verifications.values()]
            for analysis in (both.before, both.after)
        )
        assert old == new
        assert expected in [ok for ok, _ in new]


def test_keys_in_the_clear_are_replaced_too(anonymised):
    both = anonymised("msk_in_the_clear")
    bare = [m for m in both.before.story.traffic.mikey if m.inner]
    assert bare
    for message in bare:
        for key in message.inner[0].body.keys:
            assert key.key not in both.written


def _opened(analysis):
    chain = analysis.story.chain
    return [chain.opening(m) for m in analysis.story.traffic.mikey if chain.opening(m) is not None]


def _shape(message):
    return message.frame, len(message.payload.data), message.body.payloads, message.body.csb_id, message.body.rand


SECRET = b"what nobody may know"
CERT, SIGN, PKE, CHASH, ERR, EXT, SAKKE = 7, 4, 2, 8, 12, 21, 26


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (CERT, b"\x00\x01\x00\x14" + SECRET),
        (SIGN, b"\x00\x14" + SECRET),
        (PKE, b"\x00\x00\x14" + SECRET),
        (CHASH, b"\x00\x01" + SECRET),
        (EXT, b"\x00\x00\x00\x14" + SECRET),  # a vendor's own
        (EXT, b"\x00\x01\x00\x14" + SECRET),  # of SDP
        (EXT, b"\x00\xc8\x00\x14" + SECRET),
        (EXT, b"\x00\x00\x00\x14" + SECRET + b"\x99" + SECRET),  # octets behind the last payload
        (99, SECRET),
    ],
)
def test_payloads_that_nobody_opens_say_nothing(kind, payload):
    octets = b"\x01\x00" + bytes((kind, 0)) + b"\0\0\0\1\0\0" + payload
    message = dissect(Payload(octets, "udp", "10.0.0.1", 2269, "10.0.0.2", 2269, 0, 1, 0), "mikey")
    story = SimpleNamespace(traffic=SimpleNamespace(mikey=[], folded=SimpleNamespace(again={})))
    names = Pseudonyms(b"secret")
    made = MikeyMessages(SimpleNamespace(story=story), SimpleNamespace(names=names), Texts(names)).octets(message)
    assert len(made) == len(octets)
    assert SECRET in octets
    assert isinstance(message.body, Mikey)
    assert made[:10] == octets[:10]
    for at in range(len(SECRET) - 3):
        assert SECRET[at : at + 4] not in made

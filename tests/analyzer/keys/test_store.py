"""The MSK store of a UE: replacement, invalidation, two of a key group, replays."""

import pytest

from analyzer.keys import store
from analyzer.keys.chain import Opened
from analyzer.keys.key import Key
from dissectors import Message
from dissectors.base import Payload
from dissectors.mikey import Mikey, Timestamp

MUK, OTHER_MUK = (Key("MUK", octet * 32, "", "seen") for octet in (b"m", b"n"))
DOMAIN = bytes.fromhex("00f110")


@pytest.fixture
def msk(value):
    """An opened MSK message: what it delivers, its counter, under which MUK; made from the message of the chain."""
    from dissectors import dissect

    octets = value("MSK msg: complete UDP payload (217 octets)")

    def make(frame, msk_id, counter, window=(0, 100), muk=MUK):
        message = dissect(Payload(octets, "udp", "10.4.0.1", 2269, "10.1.0.11", 2269, 0, frame, frame))
        assert isinstance(message, Message)
        assert isinstance(message.body, Mikey)
        t = Timestamp(2, counter, counter.to_bytes(4, "big"))
        message = message._replace(body=message.body._replace(t=t))
        low, high = window
        key = Key(
            "MSK", frame.to_bytes(16, "big"), "", "decrypted", key_domain=DOMAIN, msk_id=bytes.fromhex(msk_id),
            valid_from=low, valid_to=high, rand=b"r" * 16,
        )  # fmt: skip
        return Opened(message, muk, b"", "", None, (key,))

    return make


def told(held):
    return [(h.key.msk_id.hex(), h.state, h.ended.frame if h.ended else None) for h in held]


def test_two_of_a_group_are_kept(msk):
    held = store.replay([msk(1, "00010001", 1), msk(2, "00010002", 2), msk(3, "00020001", 3)])
    assert told(held) == [("00010001", "held", None), ("00010002", "held", None), ("00020001", "held", None)]


def test_a_third_drops_the_older(msk):
    held = store.replay([msk(1, "00010001", 1), msk(2, "00010002", 2), msk(3, "00010003", 3)])
    assert told(held) == [("00010001", "dropped", 3), ("00010002", "held", None), ("00010003", "held", None)]


def test_the_same_again_renews_window_and_place(msk):
    held = store.replay(
        [msk(1, "00010001", 1), msk(2, "00010002", 2), msk(3, "00010001", 3, (100, 200)), msk(4, "00010003", 4)]
    )
    assert told(held) == [("00010002", "dropped", 4), ("00010001", "held", None), ("00010003", "held", None)]
    assert held[1].key.valid_to == 200


def test_seql_above_sequ_invalidates(msk):
    held = store.replay([msk(1, "00010001", 1), msk(2, "00010001", 2, (2, 1)), msk(3, "00010002", 3)])
    assert told(held) == [("00010001", "invalidated", 2), ("00010002", "held", None)]


def test_an_invalidated_one_takes_no_place(msk):
    held = store.replay([msk(1, "00010001", 1, (2, 1)), msk(2, "00010002", 2), msk(3, "00010003", 3)])
    assert [state for _, state, _ in told(held)] == ["invalidated", "held", "held"]


@pytest.mark.parametrize(
    ("counters", "frame"), [((1, 2), 2), ((1, 1), 1), ((2, 1), 1), ((0xFFFFFFFF, 0), 2), ((0, 1 << 31), 1)]
)
def test_a_replay_changes_nothing(msk, counters, frame):
    first, second = counters
    (held,) = store.replay([msk(1, "00010001", first), msk(2, "00010001", second)])
    assert held.message.frame == frame


def test_another_muk_counts_anew(msk):
    (held,) = store.replay([msk(1, "00010001", 9), msk(2, "00010001", 1, muk=OTHER_MUK)])
    assert held.message.frame == 2


def test_nothing_was_delivered():
    assert store.replay([]) == ()

"""Where the MKI stands: by the policy told, by guess, and for values that nobody named."""

from types import SimpleNamespace

import pytest

from analyzer.keys.srtp import policy_of
from analyzer.mki import SAMPLE, Locator, Named, named
from sample_pcaps.story import Story

MKI = bytes.fromhex("000100010001")
OTHER = bytes.fromhex("000200010001")
PLAIN = policy_of([(2, b"\x01"), (11, b"\x0a")])
SHORT = policy_of([(2, b"\x01"), (11, b"\x04")])
LONG = policy_of([(2, b"\x01"), (11, b"\x0c")])
NO_CHAIN = SimpleNamespace(msks={}, mtks={})


def told(mkis=(), msks=(), policies=None):
    return Named(frozenset(mkis), frozenset(msks), {}, policies or {}, {})


def packet(n, mki, tag=10, size=20):
    """Header, a picture that is different each time, MKI, tag."""
    return (
        b"\x80\x60" + n.to_bytes(2, "big") + bytes(8) + bytes((n * 7 + k) % 251 for k in range(size)) + mki + bytes(tag)
    )


def located(locator, packets):
    return [None if found is None else found[1] for found in locator.locate(packets)]


def test_named_whole_by_mikey():
    locator = Locator(told([MKI]), NO_CHAIN, rtcp=False)
    assert located(locator, [packet(1, MKI), packet(2, OTHER)]) == [MKI, None]


@pytest.mark.parametrize("tag", [14, 10, 4])
def test_the_usual_tag_lengths_are_tried(tag):
    locator = Locator(told([MKI]), NO_CHAIN, rtcp=False)
    assert located(locator, [packet(1, MKI, tag)]) == [MKI]


def test_another_length_has_to_be_told():
    assert located(Locator(told([MKI]), NO_CHAIN, rtcp=False), [packet(1, MKI, 12)]) == [None]
    locator = Locator(told([MKI], policies={MKI[:4]: LONG}), NO_CHAIN, rtcp=False)
    assert located(locator, [packet(1, MKI, 12)]) == [MKI]


def test_what_is_told_for_an_msk_holds_for_its_key_group_alone():
    later = MKI[:2] + b"\x00\x02" + MKI[4:]
    policies = {MKI[:4]: LONG, MKI[:2]: LONG, OTHER[:4]: SHORT, OTHER[:2]: SHORT}
    locator = Locator(told([MKI, OTHER, later], policies=policies), NO_CHAIN, rtcp=False)
    sent = [packet(1, MKI, 12), packet(2, OTHER, 4), packet(3, later, 12), packet(4, MKI, 4), packet(5, OTHER, 12)]
    assert located(locator, sent) == [MKI, OTHER, later, None, None]


def test_by_its_msk_where_the_mtk_is_new():
    assert located(Locator(told(msks=[MKI[:4]]), NO_CHAIN, rtcp=False), [packet(1, MKI)]) == [MKI]


def test_by_the_keyring():
    domain = b"\0\xf1\x10"
    chain = SimpleNamespace(mtks={(domain, MKI[:4], MKI[4:]): ()}, msks={(domain, OTHER[:4]): ()})
    assert located(Locator(told(), chain, rtcp=False), [packet(1, MKI), packet(2, OTHER)]) == [MKI, OTHER]


class TestUnnamed:
    def test_in_a_stream_of_its_own_all_packets_agree(self):
        assert located(Locator(told(), NO_CHAIN, rtcp=False), [packet(n, MKI) for n in range(5)]) == [MKI] * 5

    def test_or_agree_in_parts(self):
        """A new MKI on the way."""
        sent = [packet(n, MKI if n < 5 else OTHER) for n in range(10)]
        assert located(Locator(told(), NO_CHAIN, rtcp=False), sent) == [MKI] * 5 + [OTHER] * 5

    def test_one_packet_says_nothing(self):
        assert located(Locator(told(), NO_CHAIN, rtcp=False), [packet(1, MKI)]) == [None]

    def test_pictures_in_the_clear_have_none(self):
        sent = [packet(n, b"", 0, size=40) for n in range(20)]
        assert located(Locator(told(), NO_CHAIN, rtcp=False), sent) == [None] * 20

    @pytest.mark.parametrize("filler", [b"\x00", b"\xff"])
    def test_padding_is_no_mki(self, filler):
        sent = [packet(n, filler * 30, 0) for n in range(20)]
        assert located(Locator(told(), NO_CHAIN, rtcp=False), sent) == [None] * 20

    def test_one_that_does_not_agree_makes_all_doubtful(self):
        sent = [packet(n, MKI) for n in range(5)] + [packet(9, b"", 0, size=40)]
        assert located(Locator(told(), NO_CHAIN, rtcp=False), sent) == [None] * 6

    def test_what_is_looked_at_is_limited(self):
        sent = [packet(n, MKI) for n in range(SAMPLE)] + [packet(1, b"", 0, size=40)]
        assert located(Locator(told(), NO_CHAIN, rtcp=False), sent) == [MKI] * SAMPLE + [None]

    def test_beside_known_packets_twice_is_enough(self):
        sent = [packet(1, MKI), packet(2, OTHER), packet(3, OTHER), packet(4, b"", 0, size=40)]
        assert located(Locator(told([MKI]), NO_CHAIN, rtcp=False), sent) == [MKI, OTHER, OTHER, None]


class TestRtcp:
    def test_by_the_mkis_of_rtp_beside_it(self):
        report = b"\x80\xc8\x00\x06" + bytes(24) + (1 << 31 | 1).to_bytes(4, "big") + MKI + bytes(10)
        assert located(Locator(told(), NO_CHAIN, rtcp=True), [report]) == [None]
        assert located(Locator(told(), NO_CHAIN, rtcp=True, beside=frozenset([MKI])), [report]) == [MKI]

    def test_without_a_tag(self):
        bare = policy_of([(15, b"\x00")])
        report = b"\x80\xc8\x00\x06" + bytes(24) + bytes(4) + MKI
        assert located(Locator(told([MKI], policies={MKI[:4]: bare}), NO_CHAIN, rtcp=True), [report]) == [MKI]


@pytest.mark.parametrize("length", [8, 12, 17, 18, 30])
@pytest.mark.parametrize("rtcp", [False, True])
def test_short_packets_have_none(length, rtcp):
    locator = Locator(told([bytes(6), MKI]), NO_CHAIN, rtcp=rtcp)
    assert located(locator, [(b"\x80\xc8" + MKI * 9)[:length]] * 2)[0] in (None, MKI)
    assert located(locator, [b"\x80\xc8" + bytes(6)]) == [None]


def test_what_mikey_names(tell):
    story = Story.registered_by_http()
    story.msk(roc=7)
    story.mtk()
    story.pull()
    found = named(tell(story).story.traffic)
    assert found.mkis == {MKI}
    assert found.msks == {MKI[:4]}
    assert found.domains[MKI[:4]].hex() == "00f110"
    assert found.policy(MKI) == found.policy(MKI[:2] + b"\xff" * 4)
    assert found.policy(OTHER) is None
    assert list(found.rocs.values()) == [7]

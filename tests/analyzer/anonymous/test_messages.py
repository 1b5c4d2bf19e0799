"""Messages with other names in them: digests over them hold where they did, and proofs of answers too."""

import pytest

from dissectors.diameter import Diameter


@pytest.mark.parametrize(
    "name", ["http_good", "sip_good", "wrong_digest", "res_written_in_hex", "answer_without_a_proof", "no_tmpi"]
)
def test_digests_hold_as_before(anonymised, name):
    both = anonymised(name)
    old, new = (
        [(one.ok, one.variant) for one in each.story.chain.digests.values()] for each in (both.before, both.after)
    )
    assert old == new != []


def test_every_message_keeps_its_length_and_what_it_is(anonymised):
    both = anonymised("sip_good")
    old, new = (
        [(m.protocol, len(m.payload.data), m.frame, m.error) for m in each.messages]
        for each in (both.before, both.after)
    )
    assert old == new


def test_names_in_avps_are_replaced_with_the_ua_id_behind_them(anonymised):
    both = anonymised("http_good")
    old, new = (_zn(each) for each in (both.before, both.after))
    assert len(old) == len(new) > 0
    for before, after in zip(old, new, strict=True):
        for one, other in zip(before.avps, after.avps, strict=True):
            assert (one.code, len(one.data)) == (other.code, len(other.data))
    assert not any(b"home1" in avp.data for body in new for avp in body.avps)


def _zn(analysis):
    return [m.body for m in analysis.messages if isinstance(m.body, Diameter)]

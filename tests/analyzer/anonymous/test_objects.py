"""Objects of FLUTE: signed and encrypted as before under other keys, with other contents, in the same pieces."""

import pytest

from analyzer.correlate import bodies
from dissectors.dcf import Dcf


@pytest.mark.parametrize(
    "name", ["download_good", "dcf_with_a_wrong_signature", "dcf_without_a_signature", "fdt_that_nothing_protects"]
)
def test_dcfs_are_as_before_under_other_keys(anonymised, name):
    both = anonymised(name)
    old, new = (list(each.story.chain.unpacked.values()) for each in (both.before, both.after))
    assert len(old) == len(new) > 0
    for before, after in zip(old, new, strict=True):
        assert (before.ok, before.variant, before.tried) == (after.ok, after.variant, after.tried)
        if before.key is not None:
            assert before.key.value != after.key.value
        for one, other in zip(before.plains, after.plains, strict=True):
            assert (one is None) == (other is None)
            assert one is None or (len(one) == len(other) and one != other)


def test_packets_carry_the_same_pieces(anonymised):
    both = anonymised("download_good")
    old, new = (
        [
            (m.frame, m.protocol, len(m.payload.data), m.payload.frames)
            for m in each.messages
            if m.payload.named == "flute"
        ]
        for each in (both.before, both.after)
    )
    assert old == new
    assert any(len(frames) > 1 for *_, frames in old)


def test_what_files_are_called_is_gone_but_for_its_form(anonymised):
    both = anonymised("download_good")
    old, new = ([m.body for m in each.messages if isinstance(m.body, Dcf)] for each in (both.before, both.after))
    for before, after in zip(old, new, strict=True):
        for one, other in zip(before.contents, after.contents, strict=True):
            assert (one.content_type, one.encryption, one.keys) == (other.content_type, other.encryption, other.keys)
            assert "home1" not in other.content_id + other.rights_issuer
            assert one.encryption == 0 or one.data[:16] == other.data[:16]  # the IV
            assert one.data != other.data


def test_an_fdt_says_what_it_said(anonymised):
    both = anonymised("download_good")
    old, new = (
        [each.payload.data for each in _all(which) if each.protocol == "fdt"] for which in (both.before, both.after)
    )
    assert len(old) == len(new) > 0
    for before, after in zip(old, new, strict=True):
        assert before.count(b"<File") == after.count(b"<File") > 0


def _all(analysis):
    return [part for message in analysis.messages for part in message.walk()]


def test_objects_that_are_not_whole_are_blanked(anonymised):
    both = anonymised("download_good")
    whole = {m.payload.data for m in both.before.messages if bodies.is_object(m)}
    assert whole
    assert both.anonymiser.counts == {}

import pytest

from analyzer.tui.filterbox import completed

NAMES = ("mikey", "mikey.csb_id", "mikey.cs_count", "sip.Call-ID", "sip.CSeq")


@pytest.mark.parametrize(
    ("typed", "done"),
    [
        ("mikey.csb", "mikey.csb_id"),
        ("mikey.c", "mikey.cs"),
        ("sip && !mik", "sip && !mikey"),
        ("(sip.Ca", "(sip.Call-ID"),
        ("mikey", "mikey.cs"),
        ("nothing", None),
        ("mikey.csb_id", None),
        ("", None),
        ("sip ", None),
    ],
)
def test_a_name_is_completed_as_far_as_it_is_sure(typed, done):
    assert completed(typed, NAMES) == done

"""FDT instances: what is told of objects, and documents that are none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import dissect
from dissectors.cursor import Cursor
from dissectors.fdt import FdtFile

OBJECTS = (
    b'<?xml version="1.0"?>\n<fdt:FDT-Instance xmlns:fdt="urn:x" Expires="3900000000" Complete="true" '
    b'Content-Encoding="gzip"><fdt:File TOI="1" Content-Location="http://a/1" Content-Type="application/mikey" '
    b'Content-Length="70" Transfer-Length="71"/><fdt:File TOI="5192296858534827628530496329220095" '
    b'Content-Location="b" Content-Encoding=""><x:y xmlns:x="u">z</x:y></fdt:File></fdt:FDT-Instance>\n'
)


def test_objects(read):
    body = read(OBJECTS)
    assert (body.expires, body.complete) == (3900000000, True)
    assert body.files == (
        FdtFile(1, "http://a/1", "application/mikey", "gzip", 70, 71),
        FdtFile(2**112 - 1, "b", "", "", None, None),
    )


def test_fields(payload, named):
    message = dissect(payload(OBJECTS), "fdt")
    assert named(message, "fdt.y") == ["z"]
    assert 'TOI="1"' in named(message, "fdt.File")[0]


def test_what_is_no_number_is_not_told(read):
    body = read(b'<FDT-Instance Expires="soon"><File TOI="-1"/><File/></FDT-Instance>')
    assert (body.expires, [file.toi for file in body.files]) == (None, [-1, -1])


@pytest.mark.parametrize(
    ("data", "field", "offset"),
    [(b"", "fdt", 0), (b"<a/>", "fdt.a", 0), (b"<FDT-Instance>", "fdt", 14), (b"\x1f\x8b", "fdt", 0)],
)
def test_what_lies(broken, data, field, offset):
    error = broken(data)
    assert (error.field, error.offset) == (field, offset)


def test_entities_are_refused(broken):
    error = broken(b'<!DOCTYPE a [<!ENTITY b "c">]><FDT-Instance>&b;</FDT-Instance>')
    assert "entities" in error.reason


def test_files_before_a_cut_are_kept(broken):
    assert broken(OBJECTS[:-40]).partial.files[0].toi == 1


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40), st.integers(0, len(OBJECTS)), st.integers(0, len(OBJECTS)))
def test_hostile_octets_raise_malformed_only(outcome, noise, start, end):
    outcome(Cursor(OBJECTS[:start] + noise + OBJECTS[end:]))

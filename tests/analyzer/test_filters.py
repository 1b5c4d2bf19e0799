"""Display filters: the language, its errors, and that nothing else ever comes out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dissectors
from analyzer.comparing import FilterError
from analyzer.filters import MAX_NESTING, compile_filter
from dissectors import Cursor, Dissector, Message, Part, Payload

PAYLOAD = Payload(
    b"\x00\x07\xde\xad\xbe\xefINVITE", "udp", "10.0.0.5", 5060, "10.0.1.9", 2269, 0, 12, 1767225602500000000, (12,)
)


def _parse(cursor: Cursor) -> object:
    with cursor.group("toy.head"):
        cursor.u16("toy.number")
        cursor.octets("toy.octets", 4)
    cursor.string("toy.text", cursor.left)
    for extra in (3, 4):
        cursor.note("toy.many", extra, 0, 1)
    cursor.note("toy.address", "2001:db8::1", 0, 1)
    cursor.note("toy.written", "0042", 0, 1)
    cursor.note("toy.real", 1.5, 0, 1)
    return object()


TOY = Dissector("toy", lambda payload: True, _parse, lambda body: (Part("inside", b"\x09"),))
INSIDE = Dissector("inside", lambda payload: False, lambda cursor: cursor.u8("inside.octet"))


def toys(name):
    """Every name is one: these messages are of no protocol that there is."""
    return ""


@pytest.fixture(autouse=True)
def _toy(monkeypatch):
    monkeypatch.setattr(dissectors, "DISSECTORS", (TOY, INSIDE))


@pytest.fixture
def message() -> Message:
    found = dissectors.dissect(PAYLOAD)
    assert found is not None
    assert found.error is None
    return found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "toy",
        "inside",
        "udp && ip && frame",
        "toy.head",
        "toy.number == 7",
        "toy.number==0x7",
        "toy.number eq 7",
        "toy.number != 8",
        "toy.number < 8 && toy.number <= 7 && toy.number >= 7 and toy.number gt 6.5",
        "toy.octets == de:ad:be:ef",
        "toy.octets == deadbeef",
        "toy.octets == DE-AD-BE-EF",
        "toy.octets contains adbe",
        "toy.octets > dead",
        'toy.octets matches "^\\xde.*\\xef$"',
        "toy.text == INVITE",
        'toy.text == "INVITE"',
        'toy.text contains "VIT"',
        'toy.text matches "^inv"',
        "toy.text ~ ite",
        "toy.text < JOIN",
        "toy.many == 3 && toy.many == 4",
        "toy.many in {1, 4}",
        "toy.many in {1 4}",
        "toy.number in {0..5, 6..9}",
        "toy.address == 2001:0db8:0:0::1",
        "toy.address == 2001:db8::/32",
        "toy.address < 2001:db8::2",
        "toy.written == 0042",
        "toy.written >= 42",
        "toy.real == 1.5",
        "ip.addr == 10.0.0.5 && ip.dst == 10.0.1.9",
        "ip.addr == 10.0.1.0/24",
        "ip.src in {10.0.0.1..10.0.0.9}",
        "udp.port == 2269 && udp.srcport == 5060",
        "frame.number == 12",
        "!nothing",
        "not (sip or http)",
        "! ! toy",
        "sip || toy && inside.octet == 9",
        "(sip || toy) && !(toy.number == 8)",
        "toy[0:2] == 00:07",
        'toy[-6:3] == "INV"',
        "toy.octets[0:2] == de:ad",
        "toy.octets[1] == ad",
        "toy.octets[1-2] == ad:be",
        "toy.octets[-2:] == be:ef",
        "toy.octets[:2,3] == deadef",
        "toy.octets[-3--2] == adbe",
        "toy.octets[3:100] == ef",
        "toy.octets[2:]",
        'toy.text[0:3] == "INV"',
        "toy.text[0:3] in {INV, BYE}",
        'toy.text[3:] matches "^ite$"',
        'toy contains "VIT"',
        "toy.many === 3 || toy.many in {4 .. 5}",
        "toy.many !== 3",
        "toy.many any_ne 3",
        "toy.number all_eq 7",
        "toy.number in {5 .. 9}",
        "frame.time_relative == 2.5",
        "frame.time_epoch >= 1767225602.4 && frame.time_epoch < 1767225602.6",
        'frame.time == "2026-01-01 00:00:02.5"',
        "frame.time == 2026-01-01T00:00:02.500000000Z",
        'frame.time < "Jan 1, 2026 00:00:02.500000001"',
        'frame.time in {"2026-01-01 00:00:02" .. "2026-01-01 01:00:03+01:00"}',
        'toy.text != "a \\"quoted\\" word"',
        "toy.text != contains",
    ],
)
def test_passes(message, text):
    assert compile_filter(text, toys)(message, begin=1767225600 * 10**9)


@pytest.mark.parametrize(
    "text",
    [
        "toy.octets[4]",
        "toy.octets[0:2] == de",
        "toy.octets[-5:2]",
        "toy.octets[2-1]",
        "toy.many[0]",
        "toy.many === 3",
        "toy.number !== 7",
        'toy contains "vit"',
        "frame.time_relative > 3",
        'frame.time > "2026-01-01 00:00:03"',
        "sip",
        "tcp",
        "ipv6",
        "toy.absent",
        "toy.absent != 1",
        "toy.absent == 1",
        "toy.absent < 1",
        "toy.number == INVITE",
        "toy.number < INVITE",
        'toy.number == "7"',
        "toy.text == invite",
        "toy.text < 5",
        "toy.text == dead",
        "toy.many != 3",
        "toy.many in {1, 2}",
        "toy.many in {5..9}",
        "toy.octets == deadbe",
        "toy.address == 2001:db9::/32",
        "toy.address < 10.0.0.1",
        "ip.addr == 10.0.2.0/24",
        "frame.number > 12",
        "!toy",
        "toy && sip",
        "toy || sip and sip",
    ],
)
def test_stops(message, text):
    # `a || b && c` binds as in C: the last one is toy || (sip && sip)
    expected = text == "toy || sip and sip"
    assert compile_filter(text, toys)(message, begin=1767225600 * 10**9) is expected


@pytest.mark.parametrize(
    ("text", "position", "told"),
    [
        ("toy &&", 6, "the end where a protocol or field is expected"),
        ("toy sip", 4, "'sip' where && or || is expected"),
        ("(toy", 4, "the end where ) is expected"),
        ("toy)", 3, "')' where && or || is expected"),
        ("toy.number ==", 13, "the end where a value is expected"),
        ("toy.number == &&", 14, "'&&' where a value is expected"),
        ('toy.text == "open', 12, "a quote is not closed"),
        ("toy & sip", 4, "'&' means nothing"),
        ("toy[", 4, "the end where a slice such as 0:4 is expected"),
        ("toy[:] == 1", 4, "':' where a slice such as 0:4, 0-3 or 4 is expected"),
        ("toy[0:4 == 1", 8, "'==' where ] or , is expected"),
        ("toy[a:b]", 4, "'a:b' where a slice such as 0:4, 0-3 or 4 is expected"),
        ("frame.number[0:1] == 1", 12, "frame.number is a number, of which there are no slices"),
        ("udp[8:4] == 1", 3, "of udp no octets are kept"),
        ("udp contains 1", 0, "of udp no octets are kept: name the protocol that it carries"),
        ("frame.time > 5", 13, "'5' where a time such as \"2026-01-01 00:00:00\" is expected"),
        ('frame.time > "2026-13-01"', 13, "'2026-13-01' where a time such as \"2026-01-01 00:00:00\" is expected"),
        ("== 5", 0, "'==' where a protocol or field is expected"),
        ("5 == 5", 0, "'5' where a protocol or field is expected"),
        ("toy.number in 5", 14, "'5' where { is expected"),
        ("toy.number in {", 15, "the end where a value is expected"),
        ("toy.number in {}", 15, "'}' where a value is expected"),
        ("toy.number in {5..}", 15, "'5..' where a range such as 1..5 is expected"),
        ('toy.text matches "a("', 19, "a ( that is not closed in the pattern"),
        ("(" * (MAX_NESTING + 2) + "toy", MAX_NESTING + 1, "too many parentheses within each other"),
    ],
)
def test_says_what_and_where(text, position, told):
    with pytest.raises(FilterError) as caught:
        compile_filter(text, toys)
    assert (caught.value.position, caught.value.reason) == (position, told)
    assert str(caught.value) == f"{told} at character {position + 1}"


def test_ipv6_addresses_have_their_own_names(message):
    six = message._replace(payload=message.payload._replace(src="2001:db8::5", dst="ff02::1"))
    assert compile_filter("ipv6 && !ip && ipv6.src == 2001:DB8::5 && ipv6.dst == ff00::/8")(six)


PIECES = st.sampled_from(
    ["toy", "toy.number", "toy.text", "toy.octets", "toy.address", "==", "!=", "<", ">=", "contains", "matches", "in",
     "{", "}", ",", "1..9", "(", ")", "!", "&&", "||", "and", "not", "7", "0x7", "1e999", "nan", "deadbeef",
     "10.0.0.0/8", "2001:db8::1", '"a"', '"(a+)+$"', '"', "é", "\\"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=12).map(" ".join)))
def test_any_text_is_a_filter_or_an_error(text):
    found = dissectors.dissect(PAYLOAD)
    assert found is not None
    try:
        passes = compile_filter(text, toys)
    except FilterError as error:
        place = error.position
    else:
        place = 0
        assert passes(found) in (True, False)
    assert 0 <= place <= len(text)


@given(
    st.lists(st.sampled_from(["toy", "sip"]), min_size=1, max_size=5),
    st.lists(st.sampled_from(["&&", "||"]), min_size=4, max_size=4),
)
def test_conjunction_binds_stronger(names, operators):
    text = names[0] + "".join(f" {joint} {name}" for joint, name in zip(operators, names[1:], strict=False))
    expected = eval(text.replace("toy", "True").replace("sip", "False").replace("&&", "and").replace("||", "or"))
    found = dissectors.dissect(PAYLOAD)
    assert found is not None
    assert compile_filter(text, toys)(found) is expected


def test_the_comment_of_a_frame(message):
    assert compile_filter("frame.comment")(message, "look here")
    assert compile_filter('frame.comment contains "here"')(message, "look here")
    assert not compile_filter('frame.comment == "here"')(message, "look here")
    assert not compile_filter("frame.comment")(message)


@pytest.mark.parametrize(
    ("text", "position", "told"),
    [
        ("sip.Metod == INVITE", 0, "no field or protocol is called 'sip.Metod': did you mean sip.Method?"),
        ("sip && !(mikeyy)", 9, "no field or protocol is called 'mikeyy': did you mean mikey?"),
        ("sip && mikey.csb", 7, "'mikey.csb' is only the beginning of a name such as mikey.csb_id"),
        ("zzz", 0, "no field or protocol is called 'zzz': `keyshark fields` lists them"),
    ],
)
def test_a_name_that_nothing_has_is_an_error(text, position, told):
    with pytest.raises(FilterError) as caught:
        compile_filter(text)
    assert (caught.value.position, caught.value.reason) == (position, told)

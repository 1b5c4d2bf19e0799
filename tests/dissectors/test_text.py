"""Start lines, headers and lists with quotes, as SIP and HTTP share them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.text import (
    MAX_HEAD,
    MAX_HEADERS,
    MAX_KNOWN,
    MAX_KNOWN_LINE,
    MAX_START_LINE,
    NO_HEADERS,
    Header,
    Headers,
    Lines,
    canonical,
    content_length,
    field_name,
    first_line,
    found,
    head_length,
    media_type,
    names,
    number,
    parameter_fields,
    params,
    read_head,
    read_headers,
    skip_blank_lines,
    split,
    to_text,
    unquote,
    value_start,
)

MAX_LINE = b"x" * MAX_KNOWN_LINE
HEAD = b"START\r\nA: 1\r\nb :  two  \r\n\r\n"


def headers(*pairs: tuple[str, str]) -> Headers:
    block = "".join(f"{name}: {value}\r\n" for name, value in pairs)
    return read_headers(f"\n{block}\r\n".encode(), 1, len(block) + 3)[0]


def is_start(line: bytes) -> bool:
    return line == b"START"


# ---------------------------------------------------------------------------------------------- names, numbers


@pytest.mark.parametrize(
    ("sent", "usual"),
    [
        ("call-id", "Call-ID"),
        ("CSEQ", "CSeq"),
        ("www-authenticate", "WWW-Authenticate"),
        ("x-3gpp-intended-identity", "X-3GPP-Intended-Identity"),
        ("x-our-own", "X-Our-Own"),
        ("", ""),
    ],
)
def test_names_are_spelled_as_usual(sent, usual):
    assert canonical(sent) == usual


@pytest.mark.parametrize(
    ("text", "value"),
    [(" 7 ", 7), ("0123456789", 123456789), ("12345678901", None), ("", None), ("-1", None), ("٣", None), ("1a", None)],
)
def test_numbers_are_short_unsigned_and_ascii(text, value):
    assert number(text) == value


def test_headers_are_found_whatever_their_case():
    found_headers = headers(("Via", "a"), ("via", "b"), ("To", "c"))
    assert found_headers.get("VIA") == "a"
    assert found_headers.all("via") == ("a", "b")
    assert found_headers.get("From") is None
    assert NO_HEADERS.all("Via") == ()


def test_header_values_stay_out_of_reprs():
    assert "topsecret" not in repr(headers(("Authorization", "topsecret")))


def test_octets_that_are_not_text_stay_visible():
    assert to_text(b"\xc3\xa9\xff") == "é\\xff"


# ---------------------------------------------------------------------------------------------- heads


def test_a_head_knows_where_all_stands():
    data = b"\r\n\r\n" + HEAD + b"body"
    head = read_head(data, 0, len(data))
    assert (head.start_line, head.start, head.line_stop, head.line_end) == ("START", 4, 9, 11)
    assert data[head.end :] == b"body"
    assert head.problem is None
    assert [(h.name, h.value, h.raw) for h in head.headers] == [("A", "1", "A"), ("B", "two", "b")]
    assert b"".join(data[h.start : h.end] for h in head.headers) == b"A: 1\r\nb :  two  \r\n"


def test_compact_names_are_expanded_and_known_ones_are_spelled_as_usual():
    data = b"S\r\ni: 1\r\nCALL-ID: 2\r\n\r\n"
    assert read_head(data, 0, len(data), names({"I": "Call-ID"})).headers.all("Call-ID") == ("1", "2")


def test_lines_that_begin_with_blanks_go_on():
    data = b"S\r\nSubject: a\r\n  b\r\n\tc\r\nTo: d\r\n\r\n"
    head = read_head(data, 0, len(data))
    assert [(h.name, h.value) for h in head.headers] == [("Subject", "a b c"), ("To", "d")]
    subject, _ = head.headers
    assert data[subject.start : subject.end] == b"Subject: a\r\n  b\r\n\tc\r\n"


def test_bare_line_feeds_end_lines_too():
    head = read_head(b"S\nA: 1\n\nrest", 0, 12)
    assert (head.start_line, head.headers.get("A"), head.end) == ("S", "1", 8)


def test_what_a_line_says_is_read_once():
    read: list[bytes] = []

    def say(line: bytes) -> int:
        read.append(line)
        return len(line)

    lines = Lines(say)
    assert [lines[b"To: a"], lines[b"To: a"], lines[b""], lines[b""]] == [5, 5, 0, 0]
    assert read == [b"To: a", b""]


def test_few_lines_are_remembered_and_no_long_ones():
    lines = Lines(len)
    for count in range(3 * MAX_KNOWN):
        assert lines[b"%d" % count] == len(str(count))
        assert len(lines) <= MAX_KNOWN
    lines.clear()
    assert lines[MAX_LINE] == MAX_KNOWN_LINE
    assert lines[MAX_LINE + b"x"] == MAX_KNOWN_LINE + 1
    assert set(lines) == {MAX_LINE}


def test_a_line_without_a_colon_has_no_name():
    head = read_head(b"S\r\nno colon here\r\n\r\n", 0, 19)
    assert [(h.name, h.value) for h in head.headers] == [("", "no colon here")]


@pytest.mark.parametrize(
    ("data", "offset", "reason"),
    [
        (b"", 0, "start line"),
        (b"START", 0, "start line"),
        (b"\r\n\r\n", 4, "start line"),
        (b"S\r\nA: 1\r\n", 9, "blank line"),
        (b"S\r\nA: 1\r\n b", 9, "blank line"),
        (b"S\r\nA: 1", 3, "blank line"),
    ],
)
def test_heads_that_are_cut_say_where(data, offset, reason):
    head = read_head(data, 0, len(data))
    assert head.problem is not None
    assert head.problem[0] == offset
    assert reason in head.problem[1]


def test_too_many_headers_are_refused():
    data = b"S\r\n" + b"A: 1\r\n" * (MAX_HEADERS + 1) + b"\r\n"
    head = read_head(data, 0, len(data))
    assert head.problem == (3 + 6 * MAX_HEADERS, f"more than {MAX_HEADERS} headers")
    assert len(head.headers) == MAX_HEADERS


def test_reading_stops_at_the_most_octets_of_a_head():
    data = b"S\r\nA: " + b"x" * (2 * MAX_HEAD)
    head = read_head(data, 0, len(data))
    assert head.end <= MAX_HEAD
    assert head.problem is not None


@pytest.mark.parametrize(
    ("data", "start", "end", "first"), [(b"\r\n\nA", 0, 4, 3), (b"A", 0, 1, 0), (b"\n\n\n", 0, 2, 2), (b"", 0, 0, 0)]
)
def test_blank_lines_are_skipped(data, start, end, first):
    assert skip_blank_lines(data, start, end) == first


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"\r\nGET x\r\nrest", b"GET x"),
        (b"GET x\n", b"GET x"),
        (b"GET x", b""),
        (b"", b""),
        (b"\r\n", b""),
        (b"\x00\n", b""),
        (b"\xff\n", b""),
        (b"x" * MAX_START_LINE + b"\n", b""),
    ],
)
def test_the_first_line_of_a_payload(data, line):
    assert first_line(data) == line


@pytest.mark.parametrize(
    ("data", "octets"),
    [
        (HEAD, len(HEAD)),
        (b"\r\n" + HEAD + b"more\r\n\r\n", len(HEAD) + 2),
        (b"START\n\n", 7),
        (b"START\r\nA: 1\n\nx\r\n\r\n", 13),
        (b"STAR", None),
        (b"", None),
        (b"START\r\nA: 1\r\n", None),
        (b"OTHER\r\n\r\n", 0),
        (b"\x80\x01", 0),
        (b"a\x00b", 0),
        (b"x" * MAX_START_LINE, 0),
        (b"\r\n" * MAX_HEAD, 0),
        (b"START\r\n" + b"A: 1\r\n" * MAX_HEAD, 0),
    ],
)
def test_the_first_head_of_a_stream(data, octets):
    assert head_length(data, is_start) == octets


# ---------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("value", "pieces"),
    [
        ("a, b ,c", ["a", "b", "c"]),
        ('"a,b" <x,y>, c', ['"a,b" <x,y>', "c"]),
        (r'"a\",b", c', [r'"a\",b"', "c"]),
        ('"never closed, c', ['"never closed, c']),
        ("<never closed, c", ["<never closed, c"]),
        ("", [""]),
    ],
)
def test_lists_are_split_outside_of_quotes_and_brackets(value, pieces):
    assert split(value, ",") == pieces


@pytest.mark.parametrize(("value", "said"), [(r'"a\"b\\"', 'a"b\\'), ('"', '"'), ("a", "a"), ('""', ""), ('"a', '"a')])
def test_quoted_strings_say_what_is_inside(value, said):
    assert unquote(value) == said


@pytest.mark.parametrize(
    ("value", "found_params"),
    [
        ("<sip:a;x=1>;Tag=7;lr", {"tag": "7", "lr": ""}),
        ('a; b = "c;d" ; B=2, e;f=3', {"b": "c;d"}),
        ("a", {}),
    ],
)
def test_parameters_of_the_first_value(value, found_params):
    assert params(value) == found_params


def test_media_types_lose_case_and_parameters():
    assert media_type("Application/SDP ; charset=x") == "application/sdp"
    assert media_type(None) == ""


@pytest.mark.parametrize(
    ("values", "octets", "wrong"),
    [
        ([], None, ""),
        (["12"], 12, ""),
        (["12", "12, 12"], 12, ""),
        (["12", "13"], None, "several lengths that differ"),
        (["-1"], None, "not a number of octets"),
        ([""], None, "not a number of octets"),
        (["9" * 13], None, "not a number of octets"),
    ],
)
def test_content_length(values, octets, wrong):
    assert content_length(headers(*(("Content-Length", value) for value in values))) == (octets, wrong)


# ---------------------------------------------------------------------------------------------- fields


def test_a_value_is_found_where_it_stands():
    data = b"Tag: Tag"
    (field,) = found(data, "x", "Tag", 4, len(data))
    assert (field.start, field.end) == (5, 8)
    assert found(data, "x", "nowhere", 0, len(data)) == ()
    assert found(data, "x", "", 0, len(data)) == ()
    assert found(data, "x", "Tag", 6, len(data)) == ()


def test_parameters_are_found_by_name_outside_of_quotes_and_brackets():
    data = 'é "x;tag=no" <sip:a;tag=no>;tag=tag;q="a\\"b";empty=;flag;r="cut'.encode()
    names = {"tag": "t", "q": "q", "empty": "e", "flag": "f", "r": "r"}
    fields = list(parameter_fields(data, names, 0, len(data)))
    assert [(field.name, field.value) for field in fields] == [("t", "tag"), ("q", 'a\\"b'), ("r", "cut")]
    assert [data[field.start : field.end] for field in fields] == [b"tag", b'a\\"b', b"cut"]
    assert data[fields[0].start - 5 : fields[0].start] == b";tag="


def test_names_that_are_no_tokens_name_no_field():
    assert field_name(Header("X-Ok_1", "", 0, 0, "")) == "X-Ok_1"
    for name in ("", "a b", "a\x00", "a.b", "x" * 65):
        assert field_name(Header(name, "", 0, 0, ""), "other") == "other"


def test_the_value_begins_behind_the_colon():
    data = b"S\r\nVia : x\r\n\r\n"
    (header,) = read_head(data, 0, len(data)).headers
    assert data[value_start(data, header) : header.end] == b" x\r\n"


# ---------------------------------------------------------------------------------------------- properties


@given(st.text(alphabet='a,;<>"\\ =', max_size=60))
def test_splitting_loses_nothing_but_blanks(value):
    assert "".join(",".join(split(value, ",")).split()) == "".join(value.split())


@given(st.binary(max_size=200), st.integers(0, 3))
def test_any_octets_make_a_head_within_them(data, start):
    head = read_head(b"S\r\n" + data, start, 3 + len(data))
    assert start <= head.start <= head.line_stop <= head.line_end <= head.end <= 3 + len(data)
    at = head.line_end
    for header in head.headers:
        assert header.start == at
        at = header.end
    assert at <= head.end


@pytest.mark.parametrize("piece", ['"', "<", ";a=", "\\", ",", '";', "<,", '"\\', ";a ", '=";'])
def test_hostile_values_are_read_in_linear_time(piece):
    value = piece * (MAX_HEAD // len(piece))
    assert split(value, ",")
    assert isinstance(params(value), dict)
    assert isinstance(list(parameter_fields(value.encode(), {"a": "a"}, 0, len(value))), list)


def test_many_folded_lines_are_one_header():
    data = b"S\r\nA: 1\r\n" + b" 2\r\n" * 10_000 + b"\r\n"
    head = read_head(data, 0, len(data))
    assert head.problem is None
    assert len(head.headers) == 1

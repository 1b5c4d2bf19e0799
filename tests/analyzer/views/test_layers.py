"""Messages taken apart: what their fields say, and what stays unseen."""

from analyzer.views.hiding import HIDDEN, Hider
from analyzer.views.layers import hidden, layers, worded, written
from dissectors import Field, Payload, dissect

SECRET = bytes(range(0xA0, 0xB0))


def test_values_are_written_short():
    assert written(b"\x01\xff") == "01ff"
    assert len(written(bytes(100_000))) == len(written("x" * 100_000)) == 400


def test_a_group_says_nothing_where_its_children_do():
    leaf = Field("x.a", b"\x01", 0, 1)
    assert worded(Field("x", b"\x01", 0, 1, "", (leaf,)), Hider(())) == ("", False)
    assert worded(leaf, Hider(())) == ("01", False)
    assert worded(Field("x.b", 7, 0, 1, "seven (7)"), Hider(())) == ("seven (7)", False)


def test_what_holds_a_key_says_so_and_its_octets_stay_unseen():
    key, group = Field("x.key", SECRET, 4, 20), Field("x", b"", 0, 20, "", (Field("x.key", SECRET, 4, 20),))
    assert worded(key, Hider([SECRET])) == (HIDDEN, True)
    assert hidden([group], Hider([SECRET])) == ((4, 20),)
    assert hidden([group], Hider([])) == ()


def test_a_message_alone_is_one_layer():
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    message = dissect(Payload(request, "tcp", "10.0.0.1", 1, "10.0.0.2", 80, 0, 1, 0, (1,)))
    (layer,) = layers(message)
    assert (layer.title, layer.data) == ("HTTP", request)

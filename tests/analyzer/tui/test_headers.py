from analyzer.tui.headers import MAX_HEADERS, headers
from analyzer.views.hiding import HIDDEN, Hider


def test_every_protocol_has_something_to_show_and_not_too_much(found):
    index = found("http_good")
    for protocol in ("sip", "http", "diameter", "mikey"):
        message = next(each for each in index.messages if each.protocol == protocol)
        lines = headers(message, index.hider)
        assert 3 <= len(lines) <= MAX_HEADERS, protocol
        assert all(": " in line for line in lines[1:]), protocol


def test_start_lines_come_first(found):
    http = [each for each in found("http_good").messages if each.protocol == "http"]
    nothing = Hider(())
    assert headers(http[0], nothing)[0].endswith(" HTTP/1.1")
    assert headers(http[1], nothing)[0] == "HTTP/1.1 401 Unauthorized"


def test_what_holds_a_key_is_hidden(found):
    message = next(each for each in found("http_good").messages if each.protocol == "http")
    name, value = next((header.name, header.value) for header in message.body.headers if len(header.value) > 12)
    shown = headers(message, Hider([value.encode()]))
    assert f"{name}: {HIDDEN}" in shown
    assert not any(value in line for line in shown)

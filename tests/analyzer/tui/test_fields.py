import pytest

from analyzer.filters import compile_filter
from analyzer.tui.fields import HIDDEN, as_filter, described, follow_filter, problem_node, shown
from analyzer.views.hiding import Hider
from analyzer.views.layers import layers
from dissectors import Field, tree


def messages(index, protocol):
    return [message for message in index.messages if message.protocol == protocol]


def text(node):
    return "".join(cell.text for cell in node.line)


def walk(nodes):
    for node in nodes:
        yield node
        yield from walk(node.children)


@pytest.fixture
def msk(found):
    index = found("http_good")
    message = next(m for m in messages(index, "mikey") if index.analysis.story.chain.opening(m))
    return index, index.whole(message)


def test_an_opened_message_has_a_layer_for_its_plaintext(msk):
    _, whole = msk
    assert [layer.title for layer in layers(whole)] == ["MIKEY", "KEMAC decrypted"]


def test_inner_messages_are_layers(found):
    index = found("http_good")
    invite = next(m for m in messages(index, "sip") if len(list(m.walk())) > 1)
    titles = [layer.title for layer in layers(index.whole(invite))]
    assert titles[0] == "SIP"
    assert len(titles) == len(list(invite.walk()))


def test_keys_are_in_neither_tree_nor_octets_until_asked_for(msk):
    index, whole = msk
    layer = layers(whole)[1]
    hidden = shown(layer, index.hider)
    open_ = shown(layer, Hider(()))
    secrets = [key.value.hex() for key in index.analysis.story.chain.keys]
    assert any(HIDDEN in text(node) for node in walk(hidden.nodes))
    assert hidden.hidden
    assert not any(secret in text(node) for node in walk(hidden.nodes) for secret in secrets)
    assert any(secret in text(node) for node in walk(open_.nodes) for secret in secrets)
    assert open_.hidden == ()


def test_every_octet_of_every_layer_is_in_a_field(found):
    index = found("http_good")
    for message in index.messages:
        for layer in layers(index.whole(message)):
            nodes = shown(layer, index.hider).nodes
            covered = set()
            for node in walk(nodes):
                covered |= set(range(node.target.start, node.target.end)) if isinstance(node.target, Field) else set()
            assert covered == set(range(len(layer.data)))


def test_malformed_messages_say_so_on_top(found):
    index = found("http_good")
    from dissectors import Payload, dissect

    payload = index.messages[0].payload
    damaged = dissect(Payload(b"\x01\x00\x05", "udp", "10.0.0.1", 2269, "10.0.0.2", 2269, 0, 1, 0, (1,)), "mikey")
    assert damaged.error is not None
    first = shown(layers(damaged)[0], index.hider).nodes[0]
    assert text(first).startswith("✗ malformed mikey.")
    assert payload is not damaged.payload


def test_a_field_as_filter_finds_its_own_message(found):
    index = found("http_good")
    for message in (messages(index, "sip")[0], messages(index, "mikey")[0], messages(index, "diameter")[0]):
        for outermost in tree(message):
            for field in outermost.walk():
                asked = as_filter(field)
                assert compile_filter(asked)(message), asked


def test_quotes_and_backslashes_are_escaped():
    field = Field("x.y", 'a "b" \\c', 0, 3)
    assert as_filter(field) == 'x.y == "a \\"b\\" \\\\c"'
    compile_filter(as_filter(field), lambda name: "")


@pytest.mark.parametrize("protocol", ["sip", "http", "diameter", "mikey"])
def test_follow_keeps_a_message_and_those_of_its_exchange(found, protocol):
    index = found("http_good")
    message = messages(index, protocol)[0]
    passes = compile_filter(follow_filter(message))
    followed = [each for each in index.messages if passes(each)]
    assert message in followed
    assert 1 < len(followed) < len(index.messages)
    assert {each.protocol for each in followed} == {protocol}


def test_a_field_is_described_with_its_place():
    assert described(Field("mikey.csb_id", 1, 4, 8)) == "mikey.csb_id · 4 octets at 4"
    assert described(Field("mikey.v", 1, 3, 4)) == "mikey.v · 1 octet at 3"


def test_what_a_rule_has_against_a_message_is_a_line(found):
    index = found("mtk_outside_window")
    (judgement,) = {each for problems in index.problems.values() for each in problems if each.rule == "MT-07"}
    assert text(problem_node(judgement)).startswith("✗ MT-07 MTK ID")

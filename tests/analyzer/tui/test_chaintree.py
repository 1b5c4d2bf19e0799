import pytest

from analyzer.analysis import analyse
from analyzer.capture.case import CaseFiles
from analyzer.tui.cells import Mark
from analyzer.tui.chaintree import chain_nodes
from analyzer.tui.model import index


def text(node):
    return "".join(cell.text for cell in node.line).strip()


def walk(nodes, depth=0):
    for node in nodes:
        yield depth, node
        yield from walk(node.children, depth + 1)


def kinds(nodes):
    return [text(node).split()[0] for _, node in walk(nodes)]


@pytest.mark.parametrize("name", ["http_good", "sip_good"])
def test_keys_stand_under_those_they_came_from(found, name):
    case = found(name)
    depths = {}
    for depth, node in walk(chain_nodes(case, case.sessions[0], False)):
        depths.setdefault(text(node).split()[0], depth)
    assert depths["MUK"] < depths["MSK"] < depths["MTK"]


def test_a_key_shows_what_it_opened(found):
    case = found("http_good")
    shown = [text(node) for _, node in walk(chain_nodes(case, case.sessions[0], False))]
    assert any(line.startswith("✓ opened frame") for line in shown)
    assert any(line.startswith("✓ SRTP to ") and "authenticated" in line for line in shown)
    msk = next(line for line in shown if line.startswith("MSK "))
    assert "MTK IDs 0000-0064" in msk


def test_values_are_there_only_when_asked_for(found):
    case = found("http_good")
    secrets = {key.value.hex() for key in case.analysis.story.chain.keys}
    hidden = " ".join(text(node) for _, node in walk(chain_nodes(case, case.sessions[0], False)))
    revealed = " ".join(text(node) for _, node in walk(chain_nodes(case, case.sessions[0], True)))
    assert not any(secret in hidden for secret in secrets)
    assert sum(secret in revealed for secret in secrets) >= 5


def test_a_line_leads_to_the_frame_that_it_is_about(found):
    case = found("http_good")
    frames = {message.frame for message in case.messages}
    for _, node in walk(chain_nodes(case, case.sessions[0], False)):
        if text(node).startswith("✓ opened"):
            assert node.target[1] in frames
            assert f"frame {node.target[1]}:" in text(node)


def test_what_nothing_opened_is_told(found):
    case = found("http_good").analysis.case
    shut = index(analyse(CaseFiles(case.name, case.captures)))
    nodes = [node for session in shut.sessions for node in chain_nodes(shut, session, False)]
    # Zn shows the keys of this story: without the keyring all MSK messages of the one B-TID open still.
    assert "MSK" in kinds(nodes)
    lone = found("msk_under_another_muk")
    told = [node for node in chain_nodes(lone, lone.sessions[0], False) if node.mark is Mark.UNSURE]
    assert len(told) == 1
    assert "not opened" in text(told[0])
    assert all(text(child).split()[1] == "shut" for child in told[0].children)

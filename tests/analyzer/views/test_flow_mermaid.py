"""The ladder as Mermaid: its text was parsed by mermaid 11.17 when it was written."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from analyzer.views.flow import ladder
from analyzer.views.flow_mermaid import MAX_TEXT, escaped, show

EXPECTED = """\
sequenceDiagram
    participant n0 as ue
    participant n1 as bm-sc
    participant n2 as 10.0.0.9
    n1->>n0: ! 3 MIKEY MSK 00010002
    Note over n1,n0: MS-21, MS-98, ue1.p1 msk
    n0->>n1: ✗ 5 MIKEY verification
    Note over n0,n1: MS-21, ue1.p1 verification
    n0->>n2: 7 http POST /keymanagement
"""


def test_an_arrow_a_message_and_a_note_where_a_rule_fails(case):
    assert show(ladder(case)) == EXPECTED


def test_nothing_says_why(case):
    assert "no procedure of a UE was found" in show(ladder(replace(case, ues=())))


@given(text=st.text(max_size=300))
def test_words_of_the_network_stay_words(text):
    shown = escaped(text)
    assert re.fullmatch(r"(?:[^#;:%{}<>\"\\\n\r|]|#\d+;)*", shown)
    assert len(re.sub(r"#\d+;", ".", shown)) == min(len(text), MAX_TEXT)

"""case.toml: it means the same, and nothing of what its writer remarked stays."""

import tomllib

import pytest

from analyzer.anonymous.settings import without_remarks

TEXT = """# Alice's phone, ticket 1234
profile = "rel16"  # as Alice said
[nodes]
bm-sc = ["10.0.0.5"] # Alice
[capture."a#b.pcap"]
clock_offset = 0.5
[[waive]]
rule = 'UB-01'
reason = "Alice \\"Smith\\" # fixes it\\n"
until = 2027-01-01
[[waive]]
rule = "UB-02"
reason = \"\"\"
Alice # writes
much\"\"\"
until = 2027-01-01
"""


def test_remarks_are_gone():
    made = without_remarks(TEXT)
    old, new = tomllib.loads(TEXT), tomllib.loads(made)
    assert "Alice" not in made
    assert "1234" not in made
    assert "much" not in made
    for each in (old, new):
        for waiver in each["waive"]:
            assert waiver.pop("reason")
    assert old == new


@pytest.mark.parametrize(
    "text", ["", "reason = ''", 'reason = ""', 'a = "#"', "waive = [{rule = 'UB-01', reason = 'Bob'}] # Alice"]
)
def test_it_stays_toml(text):
    made = without_remarks(text)
    assert set(tomllib.loads(made)) == set(tomllib.loads(text))
    assert "Bob" not in made
    assert "Alice" not in made

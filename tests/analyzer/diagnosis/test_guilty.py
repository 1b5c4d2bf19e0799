"""Every faulty sample as an operator reads it: the rule that its story breaks first, who broke it, where, what to do.

`guilty.tsv` says of each sample what its story is told of (its docstring): the cause, and the node that is to blame. The
rule is that of the sample's own catalogue.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path

import pytest

from analyzer.diagnosis.risks import CAUSES
from analyzer.views import diagnoses
from sample_pcaps.casebook import cases

from .test_busy import ENDS, ENDS_OF_IPV6, IPV6, merged, neighbours

TABLE = Path(__file__).with_name("guilty.tsv").read_text(encoding="utf-8")
GUILTY = {name: (cause, node) for name, cause, node in (line.split("\t") for line in TABLE.splitlines())}
# What came before in their stories, as it had to, and is told first: a refusal that no rule was broken for
REFUSED_BEFORE = {
    "impi_in_spite_of_a_tmpi": ["unknown-b-tid-at-bsf"],
    "msk_granted_after_deregistration": ["service-not-registered"],
    "msk_request_with_status_500": ["server-unavailable"],
    "refused_and_registered": ["not-authorized-by-scf"],
    "refused_b_tid_repeated": ["unknown-b-tid-at-bsf"],
    "retry_after_ignored": ["server-unavailable"],
    "unauthorized_service_not_found": ["not-authorized-by-scf"] * 2,
}
ALSO_CALLED = {"BM-SC": ("NAF",), "SCF": ("NAF",), "BSF": ("HSS",)}  # whom a remedy names for a node
DIAGNOSED, BROKEN = "  » ", "    · "
HEADS = re.compile(
    rf"{DIAGNOSED}(?:\w+: )?[\w-]+ because (?P<cause>[\w-]+) \(\w+\)|"
    rf"{BROKEN}(?:[\w ]+: )?(?P<rule>\w+-\d+) [\w-]+ \((?:shall|should|info)\), may be (?P<risk>[\w-]+)"
)
BREAKS = re.compile(r"      breaks (\w+-\d+) [\w-]+: .*[0-9].* \((?:shall|should|info)\)")


class Entry:
    """One entry of the text: its head, and the lines below it."""

    def __init__(self, lines):
        self.head, self.lines = HEADS.match(lines[0]), lines
        assert self.head, lines[0]

    @property
    def cause(self):
        return self.head["cause"] or self.head["risk"]

    @property
    def rules(self):
        named = [found[1] for found in map(BREAKS.match, self.lines) if found]
        return named + ([self.head["rule"]] if self.head["rule"] else [])

    @property
    def text(self):
        return self.lines[1].strip()

    @property
    def remedy(self):
        (told,) = (line.strip()[2:] for line in self.lines if line.strip().startswith("→ "))
        return told

    @property
    def frames(self):
        _, _, told = self.lines[0].partition(", frame")
        return [int(number) for number in re.findall(r"\d+", told.partition(" and ")[0].partition(" times")[0])]


def entries(report):
    """Return the entries of the text of a case, in its order."""
    found = []
    for line in diagnoses.case(report).splitlines():
        if line.startswith((DIAGNOSED, BROKEN)):
            found.append([line])
        elif found and line.startswith("      "):
            found[-1].append(line)
    return [Entry(lines) for lines in found]


def guilty(name, report):
    """Return the entry of what a sample breaks, which is the first but for what its story had to bring before."""
    told = entries(report)
    before = REFUSED_BEFORE.get(name, [])
    assert [entry.cause for entry in told[: len(before)]] == before
    assert not set(cases()[name].breaks) & {rule for entry in told[: len(before)] for rule in entry.rules}
    return told[len(before)]


def is_blamed(node, entry):
    """Say whether the remedy is said to a node: by its name, or as who sent the message that the text begins with."""
    said = {
        who for named in re.findall(r"(?:^|\. |; )([\w ,-]+):", entry.remedy) for who in re.split(r", | and ", named)
    }
    if "Sender of the message" in said:
        return f"the {node} sent" in entry.text
    return bool(said & {node, *ALSO_CALLED.get(node, ())})


def places(node, story):
    """Return the addresses that a node has in a story."""
    where = story.addresses
    match node:
        case "UE":
            named = {*where.ues, *(ue.ip for ue in story.ues), *(where.ue(n) for n in range(1, 13)), where.group}
        case "BM-SC":
            named = {where.bm_sc, "203.0.113.1", where.group}
        case "P-CSCF":
            named = {where.p_cscf}
        case _:
            named = {getattr(where, node.lower())}
    return {ip_address(address).packed for address in named}


def ends(frame):
    return {frame[part] for part in (ENDS_OF_IPV6 if frame[12:14] == IPV6 else ENDS)}


@pytest.fixture(scope="module")
def beside():
    return {by_sip: neighbours(by_sip) for by_sip in (False, True)}


def test_all_faulty_samples_are_in_the_table():
    assert list(GUILTY) == [name for name, case in cases().items() if not case.good]


@pytest.mark.parametrize("name", GUILTY)
def test_what_a_sample_breaks_comes_first_with_who_where_and_what_to_do(sample, name):
    cause, node = GUILTY[name]
    entry = guilty(name, sample(name).report)
    assert cases()[name].breaks[0] in entry.rules
    assert entry.cause == cause
    assert is_blamed(node, entry)
    assert len(entry.text) > len("Where it does harm: ") + 20
    assert entry.text.endswith(".")
    story = cases()[name].tell()
    packets = [octets for _, octets in story.tape.sorted()]
    assert entry.frames
    assert any(places(node, story) & ends(packets[frame - 1]) for frame in entry.frames)


@pytest.mark.parametrize("name", GUILTY)
def test_it_is_the_same_entry_with_the_same_packets_in_a_busy_capture(sample, tell_merged, beside, name):
    packets, keyring, _ = merged(name, beside)
    alone, busy = guilty(name, sample(name).report), guilty(name, tell_merged([packets], keyring).report)
    assert (busy.cause, busy.remedy) == (alone.cause, alone.remedy)
    assert set(busy.rules) == set(alone.rules)
    own = [octets for _, octets in cases()[name].tell().tape.sorted()]
    assert [packets[frame - 1][1] for frame in busy.frames] == [own[frame - 1] for frame in alone.frames]


def test_a_rule_without_an_effect_has_a_cause_all_the_same():
    assert set(CAUSES.values()) <= {cause for cause, _ in GUILTY.values()} | {"needless-load"}

"""The catalogue of rules: one rule's page, all of it as a document, or as JSON values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzer.judging import Rule
from analyzer.procedures.samples import samples
from analyzer.profiles import DEFAULT, DIFFERENCES, PROFILES, of_rule, with_rule
from analyzer.tolerances import TOLERANCES, seconds
from analyzer.views.plain import Plain

# Rule codes begin with what they are about.
GROUPS = {
    "UB": "GBA bootstrapping (Ub)",
    "DG": "HTTP digest with GBA keys (Ua)",
    "SI": "SIP session and authorisation",
    "SB": "SIP based procedure",
    "RG": "Registration, deregistration and MSK request over HTTP",
    "ZN": "NAF and BSF (Zn)",
    "MS": "MSK delivery and verification",
    "MT": "MTK delivery",
    "SR": "SRTP, SRTCP and download traffic",
    "EX": "Key expiry, refresh and privacy",
}
LEVELS = {
    "shall": "mandatory: breaking it fails a case",
    "should": "recommended: breaking it fails a case, unless `--fail-on shall`",
    "info": "demanded by no specification: shown, and never changes a verdict",
}
TITLE = "Rules"


def page(rule: Rule) -> str:
    """Return the page of a rule for a terminal."""
    return (
        f"{rule.code} {rule.name}\n\n"
        f"{rule.page}\n\n"
        f"Clause:      {rule.clause}\n"
        f"Level:       {rule.level}, {LEVELS[rule.level].replace('`', '')}\n"
        f"Looks at:    {', '.join(rule.kinds)}\n"
        f"Profiles:    {profiles(rule.code)}\n"
        f"When broken: {rule.remedy}\n"
        f"Samples:     {', '.join(samples().get(rule.code, ()))}\n"
    )


def profiles(code: str) -> str:
    """Say in which profiles a rule is applied, and in which without a part of it."""
    having = with_rule(code)
    told = "all" if len(having) == len(PROFILES) else ", ".join(having)
    parts = [part for part in of_rule(code) if not part.whole]
    return told + "".join(f"; {', '.join(part.missing)} without: {part.demand}" for part in parts)


def plain_rule(rule: Rule) -> dict[str, Plain]:
    """Return what there is to say of a rule, as JSON values."""
    return {
        "code": rule.code,
        "name": rule.name,
        "level": rule.level,
        "procedures": list(rule.kinds),
        "clause": rule.clause,
        "title": rule.title,
        "page": rule.page,
        "remedy": rule.remedy,
        "profiles": list(with_rule(rule.code)),
        "differences": [
            {"demand": part.demand, "missing": list(part.missing), "clause": part.clause, "source": part.source}
            for part in of_rule(rule.code)
        ],
        "samples": list(samples().get(rule.code, ())),
    }


def markdown(rules: Iterable[Rule]) -> str:
    """Return docs/rules.md: what all rules go by, and their pages under what they are about, in the order of codes."""
    ordered = sorted(rules, key=lambda rule: rule.code)
    pages = (line for rule in _grouped(ordered) for line in rule)
    return "\n".join((*_head(ordered), *_profiles(), *_tolerances(), *pages)) + "\n"


def _head(rules: list[Rule]) -> Iterator[str]:
    yield f"# {TITLE}"
    yield ""
    yield "<!-- Written by `keyshark rules --format markdown`: change the docstrings of the rules, not this file. -->"
    yield ""
    yield (
        f"keyshark judges by {len(rules)} rules. A rule looks at every run of its procedures; what it says of one is "
        "*pass*, *fail*, *inconc* where the capture or the keyring does not hold what it needs, or *error* when the "
        "rule itself failed. `keyshark explain CODE` shows a page of this document."
    )
    yield ""
    yield (
        "The samples named break the rule, and nothing else that is demanded. `keyshark rules --format json` gives all "
        "of this to programs."
    )
    yield ""
    for level, meaning in LEVELS.items():
        yield f"* **{level}** is {meaning}."
    for prefix in dict.fromkeys(rule.code[:2] for rule in rules):
        yield ""
        yield f"**[{prefix}: {GROUPS[prefix]}](#{_anchor(f'{prefix}: {GROUPS[prefix]}')})**"
        yield ""
        yield "| Code | Level | Rule |"
        yield "|---|---|---|"
        for rule in rules:
            if rule.code.startswith(prefix):
                yield f"| [{rule.code}](#{_anchor(f'{rule.code} {rule.name}')}) | {rule.level} | {_cell(rule.title)} |"


def _profiles() -> Iterator[str]:
    yield from ("", "## Profiles", "")
    yield (
        'A profile is the texts that a deployment was built to: `--profile NAME`, or `profile = "NAME"` in case.toml. '
        "A rule that it lacks is not applied and leaves no judgement; the report names the profile."
    )
    yield ""
    for name, profile in PROFILES.items():
        yield f"* **{name}**: {profile.told}{', the default' if profile is DEFAULT else ''}."
    yield ""
    yield (
        "What is not the same in all of them. A rule *in part* is applied, without the demand of its row. *text*: a "
        "text says so. *ours*: how we read texts of which we do not have every release."
    )
    yield ""
    yield "| Demand | Rules | Not in | Clause | From | Why |"
    yield "|---|---|---|---|---|---|"
    for found in DIFFERENCES:
        rules = ", ".join(found.rules) + ("" if found.whole else " in part")
        cells = (found.demand, rules, ", ".join(found.missing), found.clause, found.source, found.why)
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield (
        "All else is judged in every profile: where our texts do not say with which release a clause came, it is taken "
        "for one that was always there. P-Intended-Identity of the change request is taken for P-Preferred-Identity in "
        "every profile (SI-02)."
    )


def _tolerances() -> Iterator[str]:
    yield from ("", "## Tolerances", "")
    yield (
        "How long rules wait, by the clock of the capture. `[tolerances]` in case.toml sets them in seconds for a "
        "case, in the [config file](config.md) for all whose case.toml does not; the report names those that are set."
    )
    yield ""
    yield "| Name | Seconds | Rules | From | Time |"
    yield "|---|---|---|---|---|"
    for known in TOLERANCES:
        rules = ", ".join(known.rules)
        yield f"| `{known.name}` | {seconds(known.default)} | {rules} | {known.source} | {known.told} |"


def _grouped(rules: list[Rule]) -> Iterator[Iterator[str]]:
    group = ""
    for rule in rules:
        if rule.code[:2] != group:
            group = rule.code[:2]
            yield iter(("", f"## {group}: {GROUPS[group]}"))
        yield _section(rule)


def _section(rule: Rule) -> Iterator[str]:
    title, _, rest = rule.page.partition("\n")
    yield ""
    yield f"### {rule.code} {rule.name}"
    yield ""
    yield f"**{_escaped(title)}**"
    if rest.strip():
        yield ""
        yield from _escaped(rest.strip("\n")).splitlines()
    yield ""
    yield f"* Clause: {rule.clause}"
    yield f"* Level: {rule.level}"
    yield f"* Looks at: {', '.join(rule.kinds)}"
    yield f"* Profiles: {_escaped(profiles(rule.code))}"
    yield f"* When broken: {_escaped(rule.remedy)}"
    yield f"* Samples: {', '.join(samples().get(rule.code, ()))}"


def _anchor(heading: str) -> str:
    """Return the link that a heading gets on GitHub."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _cell(text: str) -> str:
    return _escaped(text).replace("|", "\\|")


def _escaped(text: str) -> str:
    """Return text in which `<own FQDN>` is no HTML; what stands between backticks is safe already."""
    pieces = text.split("`")
    pieces[::2] = [re.sub(r"([<*])", r"\\\1", piece) for piece in pieces[::2]]
    return "`".join(pieces)

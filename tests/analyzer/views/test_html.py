"""The report as a page: valid, self-contained, usable without sight or mouse, and nothing of a capture in it acts."""

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import html5lib
import pytest

from analyzer.report import Report, Verdict
from analyzer.views import case_page, html, templating
from analyzer.views.exhibits import look
from analyzer.views.html import show

TEMPLATES = Path(html.__file__).parent / "templates"
CSS = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("pictures.css", "report.css"))
ACTING = {"script", "style", "iframe", "object", "embed", "link", "base", "img", "image", "foreignObject", "use"}
EVIL = (
    "<script>alert(1)</script>", "</style><script>alert(1)</script>", "</script><img src=x onerror=alert(1)>",
    "javascript:alert(1)", '"><svg onload=alert(1)>', "' onmouseover='alert(1)", "{{ 7 * 7 }}{% raw %}", "<!--", "]]>",
    "sip:a\u202eb@evil\u2066.net", "a\x1b[31m\x00\x07b\udc80", "&lt;b&gt;&#x3c;script&#x3e;", "\u2028\u2029\ufeff",
)  # fmt: skip


def parsed(text):
    """The page as a tree; the parser is strict, so that any error of the standard is one of the test."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def page_of(*analyses, **more):
    report = Report("0.1.0", tuple(analysis.report for analysis in analyses))
    return show(report, [look(analysis, **more) for analysis in analyses])


def text_of(element):
    return "".join(element.itertext())


@pytest.mark.parametrize("name", ["http_good", "missed_update", "two_probes", "download_good"])
def test_a_page_is_valid_and_its_links_lead_somewhere(sample, name):
    tree = parsed(page_of(sample(name)))
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    links = [element.get("href") for element in tree.iter("a")] + [
        element.get("href") for element in tree.iter("{http://www.w3.org/2000/svg}a")
    ]
    assert {link[1:] for link in links} <= set(ids)
    assert all(link.startswith("#") for link in links)
    named = [
        each for element in tree.iter() for name in ("aria-labelledby", "for") for each in element.get(name, "").split()
    ]
    assert set(named) <= set(ids)
    sections = [element.get("aria-labelledby") or element.get("aria-label") for element in tree.iter("section")]
    assert len(set(sections)) == len(sections)  # who goes from one to the next hears where they are


def test_nothing_is_fetched_and_only_our_own_style_and_script_run(sample):
    text = page_of(sample("msk_under_another_muk"))
    tree = parsed(text)
    (policy,) = (
        meta.get("content") for meta in tree.iter("meta") if meta.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for name in ("style", "script"):
        (element,) = tree.iter(name)
        digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert rules[f"{name}-src"] == f"'sha256-{digest}'"
    for element in tree.iter():
        assert not {"src", "style", "srcset", "data", "action"} & set(element.attrib), element.tag
        assert not [name for name in element.attrib if str(name).startswith("on")]
    assert "url(" not in CSS
    assert "@import" not in CSS


@pytest.mark.parametrize("evil", EVIL)
def test_what_a_network_says_is_text(sample, evil):
    analysis = sample("msk_under_another_muk")
    clean = page_of(analysis)
    case, found = analysis.report, look(analysis)
    (ue,) = case.ues
    step = ue.procedures[0].steps[0]._replace(summary=evil, from_=evil, protocol=evil)
    run = replace(ue.procedures[0], steps=(step, *ue.procedures[0].steps[1:]))
    bad = replace(
        ue, impi=(evil,), impu=(evil,), b_tid=(evil,), addresses=(evil,), services=(evil,),
        procedures=(run, *ue.procedures[1:]), keys=(replace(ue.keys[0], origin=evil), *ue.keys[1:]),
    )  # fmt: skip
    spoilt = replace(
        case, name=evil, ues=(bad,), captures=(replace(case.captures[0], path=evil, problems=(evil,)),),
        judgements=tuple(j._replace(message=evil, remedy=evil) for j in case.judgements),
        diagnoses=tuple(replace(d, message=evil, remedy=evil) for d in case.diagnoses),
    )  # fmt: skip
    sheet = found.messages[0].sheets[0]
    leaf = sheet.leaves[0]._replace(name=evil, text=evil)
    sheet = sheet._replace(error=evil, notes=(evil,), leaves=(leaf,), lines=(evil,), title=evil)
    message = found.messages[0]._replace(
        source=evil, target=evil, protocol=evil, summary=evil, opened=(evil,), sheets=(sheet,)
    )
    lives = found.lives["ue1"]
    lives = lives._replace(bars=tuple(replace(bar, label=evil, text=evil) for bar in lives.bars))
    text = show(
        Report("0.1.0", (spoilt,)), [found._replace(messages=(message, *found.messages[1:]), lives={"ue1": lives})]
    )
    text.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]", text)
    tree = parsed(text)
    assert Counter(element.tag for element in tree.iter() if element.tag in ACTING) == {"script": 1, "style": 1}
    for element in tree.iter():
        assert not [name for name in element.attrib if str(name).startswith("on")]
        assert not (element.get("href") or "#").lower().startswith("javascript:")
    shown = text_of(tree)
    assert shown.count(templating.clean(evil)) > 15  # it is there, as text
    for tag in ("script", "style"):
        assert next(tree.iter(tag)).text == next(parsed(clean).iter(tag)).text


def test_it_can_be_used_without_sight_and_without_a_mouse(sample):
    tree = parsed(page_of(sample("msk_under_another_muk")))
    assert tree.get("lang") == "en"
    for landmark in ("header", "main", "footer"):
        assert len(list(tree.iter(landmark))) == 1
    assert next(element for element in tree.find("body")).get("href") == "#cases"  # the way past what repeats
    assert len(list(tree.iter("h1"))) == 1
    depths = [int(element.tag[1]) for element in tree.iter() if re.fullmatch("h[1-6]", str(element.tag))]
    assert all(after - before <= 1 for before, after in pairwise(depths)), depths
    for element in tree.iter("th"):
        assert element.get("scope") in ("col", "row")
    for table in tree.iter("table"):
        assert table.find("caption") is not None or table.get("id") == "list"
    svgs = list(tree.iter("{http://www.w3.org/2000/svg}svg"))
    assert len(svgs) == 2
    for element in (*svgs, *(each for each in tree.iter() if each.get("tabindex") == "0")):
        assert element.get("aria-label")
    for element in tree.iter("input"):
        assert element.get("type") == "search" or element.get("value")
    scrolling = [element for element in tree.iter("div") if "wide" in (element.get("class") or "")]
    assert all(element.get("tabindex") == "0" for element in scrolling)


def _luminance(colour):
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_words_stand_out_from_their_ground(scheme):
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[scheme]))
    for ground in ("ground", "raised", "hit"):
        for words in ("text", "dim", "link", "pass", "fail", "inconc", "error", "none"):
            light, dark = sorted((_luminance(colours[words]), _luminance(colours[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (words, ground)


def test_keys_are_shown_only_where_the_report_has_them(sample):
    analysis = sample("http_good")
    text = page_of(analysis)
    assert not [key for key in analysis.story.chain.keys if key.value.hex() in text]
    assert "Key values are hidden." in text
    (ue,) = analysis.report.ues
    shown = replace(ue, keys=tuple(replace(key, value="00" * 15 + "77") for key in ue.keys))
    text = show(Report("0.1.0", (replace(analysis.report, ues=(shown,)),)))
    assert "00" * 15 + "77" in text
    assert "Key values are shown." in text


def test_without_octets_the_page_says_all_that_the_report_does(report):
    tree = parsed(show(report))
    text = text_of(tree)
    for judgement in report.cases[0].judgements:
        assert judgement.rule in text
        assert judgement.verdict is Verdict.PASS or judgement.message in text
    assert "it is so" in text
    assert "needs 4 octets, 2 left" in text


def test_a_finding_leads_to_the_page_of_its_rule_and_to_its_frame(sample):
    tree = parsed(page_of(sample("msk_under_another_muk")))
    (card,) = (element for element in tree.iter("li") if "card fail" in (element.get("class") or ""))
    assert [link.get("href") for link in card.iter("a")] == ["#rule-MS-16", "#c0-0-44"]
    (rule,) = (element for element in tree.iter() if element.get("id") == "rule-MS-16")
    assert "When broken:" in text_of(rule)


def test_a_search_looks_at_names_rules_causes_and_identities(sample):
    tree = parsed(page_of(sample("msk_under_another_muk")))
    (row,) = (element for element in tree.iter("tr") if element.get("data-words"))
    words = row.get("data-words")
    for word in ("msk_under_another_muk", "MS-16", "mac-verifies-under-muk", "msk-wrong-key", "10.1.0.11", "user1_pr"):
        assert word.lower() in words


def _many(case, verdicts):
    return Report("0.1.0", tuple(replace(case, name=f"case-{n}", verdict=v) for n, v in enumerate(verdicts)))


def test_a_page_of_many_cases_is_bounded_and_says_what_it_leaves_out(case, monkeypatch):
    verdicts = [Verdict.PASS, Verdict.FAIL, Verdict.PASS, Verdict.ERROR, Verdict.PASS, Verdict.PASS]
    report = _many(case, verdicts)
    assert "only the row" not in show(report)
    one = len(show(_many(case, [Verdict.FAIL] * 4))) - len(show(_many(case, [Verdict.FAIL] * 3)))
    monkeypatch.setattr(html, "MAX_SIZE", one * 5 // 2)
    monkeypatch.setattr(html, "MAX_CASES", 5)
    text = show(report)
    parsed(text)
    assert re.findall(r'<section class="case" id="(c\d)"', text) == ["c1", "c3"]  # those with the worst verdicts
    assert re.findall(r'<tr data-case="(\d)"', text) == ["0", "1", "2", "3", "4"]
    assert "1 case more with verdicts no worse" in text
    assert "Of 3 cases only the row in the list is here" in text


def test_of_many_findings_a_part_is_shown_and_the_rest_counted(case, monkeypatch):
    monkeypatch.setattr(case_page, "MAX_FINDINGS", 1)
    text = show(Report("0.1.0", (replace(case, malformed=case.malformed * (templating.MAX_ROWS + 1)),)))
    assert "MS-98" in text  # an error is worse than a fail
    assert "2 findings more" in text
    assert "1 row more" in text


def test_messages_that_are_no_evidence_are_shown_of_few_cases_only(sample):
    analysis = sample("msk_under_another_muk")
    found = look(analysis)
    alone = show(Report("0.1.0", (analysis.report,)), [found])
    among = show(Report("0.1.0", (analysis.report,) * 5), [found] * 5)
    assert alone.count('class="exhibit"') == len(found.messages)
    assert among.count('class="exhibit"') == 5


def test_the_script_knows_where_octets_stand():
    from analyzer.views.octets import dump

    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    (first, *_) = dump(bytes(range(0x41, 0x51)) * 2, ())
    assert f"LINE = {len(first)};" in script
    assert first.index("ABC") == int(re.search(r"\+ (\d+) \+ \(octet % COLUMNS\);", script)[1])
    assert first.index("41") == int(re.search(r"\+ (\d+) \+ \(octet % COLUMNS\) \* 3", script)[1])

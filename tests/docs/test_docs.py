"""What the documents show is true: examples are run, the catalogue is up to date, links lead somewhere."""

import json
import re
from dataclasses import fields
from pathlib import Path

import jsonschema
import pytest

from analyzer import cli
from analyzer.config import DEFAULT_COLUMNS, load
from analyzer.keys.keyring import EspSa, GbaRun, KeyringError, MskEntry, MtkEntry, NafKeys, UeKeys, load_keyring
from analyzer.procedures import CATALOGUE
from analyzer.tui.app import actions
from analyzer.views import VIEWS, case_page, exhibits, html, parquet
from analyzer.views import fields as fields_view
from analyzer.views.catalogue import GROUPS, markdown
from dissectors.catalogue import fields as known_fields
from dissectors.mikey_names import DATA_TYPES

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "report.schema.json").read_text())


def blocks(name, language):
    """The fenced blocks of a document in one language, each with the heading it stands under."""
    text = (DOCS / name).read_text()
    for found in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        heading = re.findall(r"^#+ (.*)$", text[: found.start()], re.MULTILINE)[-1]
        yield pytest.param(found[1], id=heading)


@pytest.mark.parametrize("text", blocks("keyring.md", "toml"))
def test_every_keyring_shown_can_be_loaded(text, tmp_path):
    path = tmp_path / "keyring.toml"
    path.write_text(text)
    path.chmod(0o600)
    ring = load_keyring(path)
    assert ring.ues or ring.msks or ring.mtks or ring.esp or ring.keylog
    assert ring.warnings == ()


@pytest.mark.parametrize(
    ("table", "entry"),
    [("ue", UeKeys), ("ue.gba", GbaRun), ("ue.naf", NafKeys), ("msk", MskEntry), ("mtk", MtkEntry), ("esp.sa", EspSa)],
)
def test_the_document_names_all_that_a_keyring_can_hold(table, entry):
    text = (DOCS / "keyring.md").read_text()
    assert f"[[{table}]]" in text
    for field in fields(entry):
        told = (f"{field.name} =", f"`{field.name}`", f"[[{table}.{field.name}]]")
        assert any(form in text for form in told), field.name


def test_the_error_shown_is_the_error_that_comes(tmp_path):
    (text,) = [param.values[0] for param in blocks("keyring.md", "text")]
    path = tmp_path / "keyring.toml"
    path.write_text(
        '[[ue]]\nimpi = "a"\nk = "0102030405060708090a0b0c0d0e0f"\nopc = "000102030405060708090a0b0c0d0e0f"\n'
    )
    with pytest.raises(KeyringError) as caught:
        load_keyring(path)
    assert str(caught.value) == f"{tmp_path}/{text.strip()}"


def test_the_derivation_shown_is_the_one_that_comes(tmp_path, monkeypatch, capsys):
    ((line, *table),) = [param.values[0].splitlines() for param in blocks("keyring.md", "console")]
    monkeypatch.chdir(tmp_path)
    vectors = json.loads((DOCS.parent / "tests" / "vectors" / "chain.json").read_text())["values"]
    Path("ks_naf.hex").write_text(vectors["http: Ks_NAF / Ks_ext_NAF"])
    assert cli.run(line.removeprefix("$ keyshark ").split()) == 0
    assert capsys.readouterr().out.splitlines() == table


NAMES = {"A case": "case", "captures": "capture", "ues": "ue", "judgements": "judgement", "diagnoses": "diagnosis"}


@pytest.mark.parametrize("example", blocks("report.md", "json"))
def test_every_example_of_the_report_is_as_the_schema_says(example, request):
    heading = request.node.callspec.id
    definition = SCHEMA["$defs"][NAMES.get(heading, heading)]
    jsonschema.Draft202012Validator(definition | {"$defs": SCHEMA["$defs"]}).validate(json.loads(example))


def test_every_part_of_a_case_has_an_example():
    shown = {param.id for param in blocks("report.md", "json")}
    assert shown >= set(SCHEMA["$defs"]["case"]["properties"]) - {"name", "verdict", "profile"}


def test_the_schema_is_one_and_says_what_everything_is():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    open_ = [
        name
        for name, found in SCHEMA["$defs"].items()
        if found.get("type") == "object" and found.get("additionalProperties") is not False
    ]
    assert open_ == []


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 130])
def test_exit_codes_are_told(code):
    assert f"| {code} | " in (DOCS / "report.md").read_text()


def test_the_catalogue_is_up_to_date(capsys):
    assert cli.run(["rules", "--format", "markdown"]) == 0
    printed = capsys.readouterr().out
    assert printed == markdown(CATALOGUE)
    written = (DOCS / "rules.md").read_text()
    assert written == printed, "run: keyshark rules --format markdown > docs/rules.md"


def test_every_rule_is_in_the_catalogue_with_a_page():
    text = (DOCS / "rules.md").read_text()
    for rule in CATALOGUE:
        assert f"\n### {rule.code} {rule.name}\n" in text
        assert rule.code[:2] in GROUPS
        assert rule.title.endswith("."), rule.code
        assert len(rule.page.splitlines()) > 2, f"{rule.code} says no why"
        assert rule.remedy, rule.code
        assert rule.clause, rule.code


@pytest.mark.parametrize("document", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    text = document.read_text()
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif "://" not in target:
            assert (DOCS / target.split("#")[0]).exists(), target


def test_the_pages_of_the_dissectors_are_up_to_date():
    """`make fields` writes them."""
    protocols = {field.protocol for field in known_fields().values()}
    assert {path.stem for path in (DOCS / "dissectors").glob("*.md")} == protocols
    for name in protocols:
        page = fields_view.markdown(name, [field for field in known_fields().values() if field.protocol == name])
        assert (DOCS / "dissectors" / f"{name}.md").read_text() == page, name


def test_every_data_type_of_mikey_is_in_the_table_of_its_modes():
    rows = [line.split("|")[2] for line in (DOCS / "mikey.md").read_text().splitlines() if line.startswith("| ")]
    told = [int(number) for row in rows for number in re.findall(r"\d+", row)]
    assert told == sorted(DATA_TYPES)


def test_every_format_of_the_report_has_its_line():
    told = re.findall(r"^\| (`.*?) \|", (DOCS / "formats.md").read_text(), re.MULTILINE)
    assert [name for cell in told for name in re.findall("`([a-z-]+)`", cell)] == [*VIEWS, *parquet.TABLES]


def test_the_limits_of_the_page_are_told():
    text = (DOCS / "formats.md").read_text()
    for told in (
        f"{html.MAX_SIZE // 2**20} MiB", f"{exhibits.MAX_UES} UEs", f"{exhibits.MAX_EVIDENCE} messages",
        f"up to {case_page.FEW} cases",
    ):  # fmt: skip
        assert told in text


@pytest.mark.parametrize("text", blocks("config.md", "toml"))
def test_the_config_file_shown_can_be_loaded(text, tmp_path):
    (tmp_path / "config.toml").write_text(text)
    config = load(tmp_path / "config.toml")
    assert set(config.keys) <= set(actions())
    assert set(config.columns) <= {*DEFAULT_COLUMNS, *known_fields()}


def test_every_option_of_many_cases_is_told(capsys):
    assert cli.run(["validate", "--help"]) == 0
    text, told = (DOCS / "scale.md").read_text(), capsys.readouterr().out
    for option in ("--files-from", "--jobs", "--timeout", "--max-memory", "--resume", "--cluster"):
        assert option in told
        assert option in text


def test_the_program_of_the_library_runs(monkeypatch, capsys):
    monkeypatch.chdir(DOCS.parent)
    first = next(blocks("library.md", "python")).values[0]
    exec(compile(first, "library.md", "exec"), {})
    out = capsys.readouterr().out
    assert out.startswith("fail\nmsk_under_another_muk: MS-16 ")
    assert "http_good ('user1_private@home1.net',)" in out

"""The examples for CI: valid for the services that they are for, and what they run works, good case and bad."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import html5lib
import pytest
import yaml

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
GITHUB = EXAMPLES / "github" / ".github" / "workflows" / "keyshark.yml"
GITLAB = EXAMPLES / "gitlab" / ".gitlab-ci.yml"
PRE_COMMIT = EXAMPLES / "pre-commit" / ".pre-commit-config.yaml"


@pytest.mark.parametrize(
    ("schema", "path"), [("vendor.github-workflows", GITHUB), ("vendor.gitlab-ci", GITLAB)], ids=["github", "gitlab"]
)
def test_an_example_is_as_the_schema_of_its_service_says(schema, path):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def repository(tmp_path):
    """A repository with captures, and a shell that has keyshark and no network."""
    (tmp_path / "bin").mkdir()
    for name, does in {"keyshark": f'exec {sys.executable} -m analyzer "$@"', "pip": "exit 0"}.items():
        shim = tmp_path / "bin" / name
        shim.write_text(f"#!/bin/sh\n{does}\n")
        shim.chmod(0o755)

    def laid_out(*samples):
        for sample in samples:
            folder = tmp_path / "captures" / sample
            shutil.copytree(ROOT / "sample_pcaps" / sample, folder)
            (folder / "keyring.toml").chmod(0o600)
        return tmp_path

    return laid_out


def run(folder, script):
    environment = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    environment |= {"GITHUB_STEP_SUMMARY": str(folder / "summary.md"), "LANG": os.environ.get("LANG", "C.UTF-8")}
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=folder, capture_output=True, text=True, check=False, timeout=60, env=environment,
    )  # fmt: skip


def steps(path):
    (job,) = yaml.safe_load(path.read_text())["jobs"].values()
    return job["steps"]


@pytest.mark.parametrize(("sample", "code"), [("http_good", 0), ("msk_under_another_muk", 1)])
def test_the_workflow_of_github_judges_and_publishes(repository, sample, code):
    folder = repository(sample)
    done = {step["name"]: run(folder, step["run"]) for step in steps(GITHUB) if "run" in step and "name" in step}
    assert done["Judge the captures"].returncode == code
    assert done["Judge the captures"].stdout.count("::error ") == code
    assert done["Summary of the job"].returncode == 0
    assert (folder / "summary.md").read_text().startswith("# keyshark")
    used = {step["name"]: step["with"] for step in steps(GITHUB) if "uses" in step and "name" in step}
    results = json.loads((folder / used["Code scanning"]["sarif_file"]).read_text())["runs"][0]["results"]
    assert [result["level"] for result in results].count("error") == code
    html5lib.HTMLParser(strict=True).parse((folder / used["Page"]["path"]).read_text(encoding="utf-8"))


def test_the_workflow_of_github_fails_when_the_captures_do():
    """What judges may fail, so that reports are published; the last step fails for it."""
    by_name = {step["name"]: step for step in steps(GITHUB) if "name" in step}
    assert by_name["Judge the captures"]["continue-on-error"] is True
    assert by_name["Verdict"]["if"] == f"steps.{by_name['Judge the captures']['id']}.outcome == 'failure'"
    assert by_name["Verdict"] == steps(GITHUB)[-1]


@pytest.mark.parametrize(("sample", "code"), [("http_good", 0), ("msk_under_another_muk", 1)])
def test_the_job_of_gitlab_judges_and_publishes(repository, sample, code):
    folder = repository(sample)
    (job,) = yaml.safe_load(GITLAB.read_text()).values()
    assert run(folder, "\n".join(job["script"])).returncode == code
    reports = job["artifacts"]["reports"]
    suites = ElementTree.parse(folder / reports["junit"]).getroot()
    assert sum(int(suite.get("failures")) for suite in suites) == code
    assert (
        sum(found["severity"] == "major" for found in json.loads((folder / reports["codequality"]).read_text())) == code
    )
    for path in job["artifacts"]["paths"]:
        html5lib.HTMLParser(strict=True).parse((folder / path).read_text(encoding="utf-8"))
    assert job["artifacts"]["when"] == "always"


@pytest.mark.parametrize("path", [GITHUB, GITLAB], ids=["github", "gitlab"])
def test_no_example_shows_keys_or_passes_without_captures(path):
    text = path.read_text()
    assert "--show-keys" not in text
    assert "--fail-if-empty" in text


def test_every_example_is_in_the_list():
    listed = (EXAMPLES / "README.md").read_text()
    assert all(f"[{folder.name}](" in listed for folder in EXAMPLES.iterdir() if folder.is_dir())


@pytest.mark.parametrize(("sample", "code"), [("http_good", 0), ("msk_under_another_muk", 1)])
def test_the_hook_judges_captures_that_are_about_to_be_committed(repository, sample, code):
    folder = repository(sample)
    ((hook,),) = (repo["hooks"] for repo in yaml.safe_load(PRE_COMMIT.read_text())["repos"])
    assert hook["additional_dependencies"] == ["keyshark"]
    files = sorted(str(path.relative_to(folder)) for path in folder.glob("captures/**/*") if path.is_file())
    chosen = [name for name in files if re.search(hook["files"], name)]
    assert chosen == [f"captures/{sample}/capture.pcapng"]
    done = run(folder, f"{hook['entry']} {' '.join(chosen)}")
    assert (done.returncode, done.stderr) == (code, "")
    assert f"capture  ({'192' if not code else '45'} packets" in done.stdout


@pytest.mark.parametrize(
    ("name", "taken"),
    [("a.pcap", True), ("b/a.pcapng.zst", True), ("a.cap", True), ("a.pcap.txt", False), ("keyring.toml", False)],
)
def test_what_the_hook_takes(name, taken):
    assert (
        re.search(yaml.safe_load(PRE_COMMIT.read_text())["repos"][0]["hooks"][0]["files"], name) is not None
    ) is taken

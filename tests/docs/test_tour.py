"""The tour: its pictures are there, all of them are taken by the script, and its keys are those of the UI."""

import re
from pathlib import Path

from analyzer.capture.case import find_cases
from docs.images.make import PICTURES

DOCS = Path(__file__).parents[2] / "docs"
TOUR = (DOCS / "tour.md").read_text(encoding="utf-8")


def test_pictures_are_those_of_the_script():
    shown = set(re.findall(r"\(images/(.+?)\.svg\)", TOUR)) | {"ui"}
    assert shown == set(PICTURES) == {path.stem for path in (DOCS / "images").glob("*.svg")}


def test_samples_are_there():
    for sample, _ in PICTURES.values():
        assert find_cases([f"sample_pcaps/{sample}"])

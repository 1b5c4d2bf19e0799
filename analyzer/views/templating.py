"""Templates of pages and pictures: every word that they print is escaped, and nothing in it steers."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from analyzer.report import Verdict
from analyzer.views.frames import MAX_FRAMES
from analyzer.views.ink import MARKS, clean, plural
from analyzer.views.tables import moment

MAX_ROWS = 200  # of a table
MAX_NAMES = 20  # of one UE and kind
TEMPLATES = "templates"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("analyzer.views", TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_final,
    )
    made.filters["plural"] = plural
    made.filters["moment"] = moment
    made.globals.update(
        MARKS=MARKS, MAX_FRAMES=MAX_FRAMES, MAX_NAMES=MAX_NAMES, MAX_ROWS=MAX_ROWS, Verdict=Verdict
    )  # fmt: skip
    return made


def _final(value: object) -> object:
    """Escape what steers in every word that a template prints; what is markup was made by one of ours."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def template(name: str) -> Template:
    """Return a template of ours."""
    return _environment().get_template(name)


@cache
def asset(name: str) -> Markup:
    """Return one of our own files that goes into a page as it is."""
    source = files("analyzer.views").joinpath(TEMPLATES, name).read_text(encoding="utf-8")
    return Markup(source)  # noqa: S704  # no word of a capture is in it

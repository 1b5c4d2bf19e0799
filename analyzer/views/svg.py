"""Pictures as files of their own: SVG that needs nothing from outside, runs nothing, and is the same on a page."""

from __future__ import annotations

import re
from functools import cache

from markupsafe import Markup

from analyzer.views import chart_picture, flow, ladder_picture
from analyzer.views.exhibits import Lives
from analyzer.views.ink import plural
from analyzer.views.templating import asset, template

COLOUR = re.compile(r"--(\w+): (#[0-9a-f]{6});")
USE = re.compile(r"var\(--(\w+)\)")


def ladder(drawn: flow.Ladder) -> str:
    """Return the message sequence of a case; each message says which procedures and broken rules it belongs to."""
    told = f"Ladder: {plural(len(drawn.arrows), 'message')}"
    return _picture("ladder", ladder_picture.draw(drawn, told, in_full=True), flow.NOTHING)


def chart(ue: str, lives: Lives, start: float) -> str:
    """Return the lives of the keys of a UE; times are seconds since `start`, which is in seconds since 1970."""
    return _picture("chart", chart_picture.draw(ue, lives, start), "")


def _picture(kind: str, found: ladder_picture.Ladder | chart_picture.Chart | None, nothing: str) -> str:
    return template("picture.svg.j2").render(kind=kind, found=found, nothing=nothing, style=_style())


@cache
def _style() -> Markup:
    """Return the style of pictures by day, without variables: not all that show SVG know them."""
    style = asset("pictures.css")
    day, _, rules = style.partition("/* pictures */")
    colours = dict(COLOUR.findall(day.partition("@media")[0]))
    return Markup(USE.sub(lambda found: colours[found[1]], rules))  # noqa: S704  # no word of a capture is in it

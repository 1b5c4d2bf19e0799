"""Write the pictures of README.md and docs/tour.md: `python docs/images/make.py`, from the root of the project.

Each is what the UI shows after the keys that the tour tells to press.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from analyzer.analysis import Options, analyse
from analyzer.capture.case import find_cases
from analyzer.tui.app import Keyshark
from analyzer.tui.model import index

FOLDER = Path(__file__).parent
SIZE = (120, 32)
PICTURES = {  # name → sample, keys
    "ui": ("http_good", "enter x j j j j"),
    "tour-sessions": ("missed_update", ""),
    "tour-timeline": ("missed_update", "enter right_square_bracket right_square_bracket G"),
    "tour-key": ("http_good", "colon 4 4 enter tab"),
    "tour-chain": ("http_good", "2 right_square_bracket j j j j"),
    "tour-filter": ("msk_under_another_muk", "4 f f a i l space m s k enter"),
    "tour-statistics": ("sip_good", "S right_square_bracket"),
}


class Shown(Keyshark):
    """The UI over a case that is there at once."""

    def open(self, case: int) -> None:
        analysis = analyse(self.cases[case])
        still = replace(
            analysis, keyring=replace(analysis.keyring, warnings=())
        )  # others can read a checkout's keyrings
        self._loaded(case, index(still))


async def picture(sample: str, keys: str) -> str:
    """Return what is on the screen after some keys, as SVG."""
    app = Shown(find_cases([f"sample_pcaps/{sample}"]), Options(), "0.1.0")
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        for key in keys.split():
            await pilot.press(key)
            await app.workers.wait_for_complete()
            await pilot.pause()
        return app.export_screenshot(title=f"keyshark open sample_pcaps/{sample}")


def main() -> None:
    for name, (sample, keys) in PICTURES.items():
        (FOLDER / f"{name}.svg").write_text(asyncio.run(picture(sample, keys)), encoding="utf-8")


if __name__ == "__main__":
    main()

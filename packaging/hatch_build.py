"""Puts man pages and completions into the wheel, where `make dist` has written them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Share(BuildHookInterface):  # type: ignore[type-arg,misc]  # hatchling is there only while it builds
    """Ships build/share as share/ of the environment that the wheel is installed in."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        share = Path(self.root) / "build" / "share"
        if version == "standard" and share.is_dir():
            build_data["shared_data"] = {
                str(path): f"share/{path.relative_to(share).as_posix()}" for path in share.rglob("*") if path.is_file()
            }

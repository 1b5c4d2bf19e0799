"""Themes of our own, beside those of textual."""

from __future__ import annotations

from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme

# Textual's has accent and success both in green
SIXTEEN_DARK = replace(BUILTIN_THEMES["ansi-dark"], accent="ansi_magenta")

# Black and white, and colours that stand at least 7 to 1 against black (WCAG 2.2, 1.4.6)
HIGH_CONTRAST = Theme(
    name="high-contrast",
    dark=True,
    background="#000000",
    surface="#000000",
    panel="#000000",
    foreground="#ffffff",
    primary="#5fd7ff",
    secondary="#ffff5f",
    accent="#ff9fff",
    success="#5fff5f",
    warning="#ffd75f",
    error="#ff8f8f",
    variables={
        "text-muted": "#ffffff", "text-primary": "#5fd7ff", "text-secondary": "#ffff5f", "text-accent": "#ff9fff",
        "text-success": "#5fff5f", "text-warning": "#ffd75f", "text-error": "#ff8f8f",
        "block-cursor-background": "#ffffff", "block-cursor-foreground": "#000000",
        "block-cursor-blurred-background": "#303030", "footer-background": "#000000", "footer-foreground": "#ffffff",
        "footer-key-foreground": "#ffff5f",
    },
)  # fmt: skip

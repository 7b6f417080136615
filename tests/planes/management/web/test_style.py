"""The style sheet's colours, by the contrast that WCAG 2.2 asks for: 4.5 for text, 3 for what is drawn."""

from __future__ import annotations

import re

import pytest

from planes.management.web.app import STATIC

STYLE = (STATIC / "style.css").read_text(encoding="utf-8")
TEXTS = ("text", "soft", "accent", "good", "bad")
DRAWN = ("l0", "l1", "l2", "l3", "l4", "l5", "dead", "damp", "way", "line-strong")


def colours(theme: str) -> dict[str, str]:
    """The variables of a theme: light ones stand where dark has none of its own."""
    light, dark = STYLE.split("@media (prefers-color-scheme: dark)", 1)
    text = light if theme == "light" else light + dark.split("* { box-sizing", 1)[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", text))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_is_the_most() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read(theme: str) -> None:
    held = colours(theme)
    low = {
        (name, on): contrast(held[name], held[on]) for name in TEXTS for on in ("surface", "raised", "ground", "tint")
    }
    assert {pair: round(value, 1) for pair, value in low.items() if value < 4.5} == {}
    assert contrast(held["on-accent"], held["accent"]) >= 4.5
    assert contrast(held["surface"], held["good"]) >= 4.5, "the badge of an active gateway"
    for banner in ("warn-tint", "bad-tint", "tint"):
        assert contrast(held["text"], held[banner]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_drawn_can_be_seen(theme: str) -> None:
    held = colours(theme)
    low = {name: contrast(held[name], held["ground"]) for name in DRAWN}
    # An idle link is thin and faint: nothing goes on there, and its ends can be seen.
    assert {name: round(value, 1) for name, value in low.items() if value < (2 if name == "l0" else 3)} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_three_busiest_levels_differ_for_everybody(theme: str) -> None:
    held = colours(theme)
    shades = [luminance(held[f"l{level}"]) for level in (3, 4, 5)]
    assert shades == sorted(shades, reverse=True), "the busier the darker, as far as lightness is concerned"

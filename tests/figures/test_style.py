import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from lop_tutorial.figures.style import CLASS_COLOURS, METHOD_COLOURS, ON_DARK, WIDTH_COLOURS, on_dark

PAGES = (Path(__file__).parents[2] / "book/_static/lop.css").read_text(encoding="utf-8")
DARK_PAGE = "#121212"


def turned_over(colour):
    """What a dark page makes of a picture's colour: CSS filters `invert`, `hue-rotate` by half a turn, `brightness`."""
    invert, brightness = re.search(r"invert\((.*?)\) hue-rotate\(180deg\) brightness\((.*?)\)", PAGES).groups()
    turned = float(invert) * (1 - np.array(to_rgb(colour))) + (1 - float(invert)) * np.array(to_rgb(colour))
    grey = np.array([0.213, 0.715, 0.072])
    rotated = np.clip(2 * (grey @ turned) - turned, 0, 1)
    return np.clip(float(brightness) * rotated, 0, 1)


def light(colour):
    """Relative luminance, by WCAG 2."""
    part = np.array(to_rgb(colour))
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", ON_DARK)
def test_a_colour_that_is_changed_for_dark_pages_is_what_pictures_have_there(colour):
    np.testing.assert_allclose(to_rgb(ON_DARK[colour]), turned_over(colour), atol=2 / 255)


def test_white_of_pictures_is_the_dark_page_s_own():
    assert to_hex(turned_over("white")) == DARK_PAGE


@pytest.mark.parametrize("colour", [*METHOD_COLOURS.values(), *WIDTH_COLOURS.values(), *CLASS_COLOURS])
def test_every_colour_can_be_seen_on_a_dark_page(colour):
    assert contrast(on_dark(colour), DARK_PAGE) >= 3
    assert contrast(turned_over(colour), DARK_PAGE) >= 4.5


def test_methods_differ_on_a_dark_page():
    for one, other in combinations(METHOD_COLOURS.values(), 2):
        assert np.abs(np.subtract(to_rgb(on_dark(one)), to_rgb(on_dark(other)))).max() > 0.2, (one, other)

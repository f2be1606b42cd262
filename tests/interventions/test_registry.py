"""Methods by name: what is understood, and what is said where it is not."""

import re

import pytest

from lop_tutorial.interventions import (
    EDITION,
    INTERVENTIONS,
    SIX,
    Composition,
    ContinualBackprop,
    GeneralizedMixup,
    L2Init,
    Retrained,
    intervention,
    spelled_out,
    title,
    titles,
    without_settings,
)
from lop_tutorial.interventions.registry import FORMER_DEFAULTS


def test_the_papers_rows_in_their_order():
    titles = ["No Intv.", "Retrained", "L2 init", "Layernorm", "CBP", "G-mixup"]
    assert [kind.title for kind in SIX.values()] == titles
    assert list(INTERVENTIONS)[:6] == list(SIX)


@pytest.mark.parametrize("name", INTERVENTIONS)
def test_a_name_alone_has_the_defaults(name):
    assert intervention(name) == INTERVENTIONS[name]()
    assert title(name) == INTERVENTIONS[name].title


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("l2_init:strength=0.01", L2Init(strength=0.01)),
        ("l2_init:strength=1", L2Init(strength=1)),
        ("l2_init:strength=1e-5", L2Init(strength=1e-5)),
        ("g_mixup:M=0.5", GeneralizedMixup(bump=0.5)),
        ("g_mixup:M=0.25:intra=1", GeneralizedMixup(bump=0.25, intra=1)),
        ("g_mixup:intra=1:bump=0.25", GeneralizedMixup(bump=0.25, intra=1)),
        (
            "cbp:replacement_rate=1e-4:maturity=50:utility=contribution:stream=False",
            ContinualBackprop(replacement_rate=1e-4, maturity=50, utility="contribution", stream=False),
        ),
        ("cbp:stream=true", ContinualBackprop()),
    ],
)
def test_settings(text, expected):
    assert intervention(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gmixup", "method is 'gmixup'; did you mean g_mixup? Known are none, retrained, l2_init"),
        ("", "method is ''; known are none, retrained"),
        ("zzz", "method is 'zzz'; known are none, retrained"),
        ("CBP", "method is 'CBP'; did you mean cbp? Known are"),
        ("none:strength=1", "none has no settings, but 'none:strength=1' gives it 'strength=1'"),
        (
            "l2_init:strenght=1",
            "l2_init has no setting 'strenght'; did you mean strength? Known are strength, normalisation",
        ),
        ("l2_init:lambda=1", "l2_init has no setting 'lambda'; known are strength, normalisation"),
        ("l2_init:strength", "strength in 'l2_init:strength' has no value; write strength=VALUE"),
        ("l2_init:strength=", "strength in 'l2_init:strength=' is ''; it must be a number"),
        ("l2_init:strength=big", "strength in 'l2_init:strength=big' is 'big'; it must be a number"),
        ("l2_init:strength=-1", "l2_init: strength is -1.0; it must be a finite number from 0 up"),
        ("l2_init:strength=nan", "l2_init: strength is nan; it must be a finite number from 0 up"),
        ("cbp:maturity=1.5", "maturity in 'cbp:maturity=1.5' is '1.5'; it must be a whole number"),
        ("cbp:stream=maybe", "stream in 'cbp:stream=maybe' is 'maybe'; write true or false"),
        ("cbp:utility=weight", "cbp: utility is 'weight'; it must be one of adaptable_contribution, contribution"),
        ("retrained+gmixup", "method is 'gmixup'; did you mean g_mixup? Known are none"),
        ("retrained+", "method is ''; known are none"),
        ("cbp+cbp:decay=0.9", "CBP + CBP names a method twice; give each once, with all its settings"),
        ("g_mixup:M=0.5:bump=1", "'g_mixup:M=0.5:bump=1' sets bump twice"),
    ],
)
def test_what_is_wrong_is_named_with_the_way_out(text, message):
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        intervention(text)


def test_a_name_of_a_former_edition_means_what_it_meant():
    assert intervention("cbp", edition=1) == ContinualBackprop(count="mature")
    assert intervention("cbp") == intervention("cbp", edition=EDITION) == ContinualBackprop(count="all")
    assert intervention("cbp:count=all:decay=0.9", edition=1) == ContinualBackprop(count="all", decay=0.9)
    assert spelled_out("cbp:decay=0.9", edition=1) == "cbp:decay=0.9:count=mature"
    assert spelled_out("none", edition=1) == "none"
    assert spelled_out("of another version:x=1", edition=1) == "of another version:x=1"
    with pytest.raises(ValueError, match=f"edition is {EDITION + 1}; known are 1 to {EDITION}"):
        intervention("cbp", edition=EDITION + 1)


@pytest.mark.parametrize("edition", FORMER_DEFAULTS)
def test_former_defaults_are_settings_and_not_todays(edition):
    for name in FORMER_DEFAULTS[edition]:
        assert intervention(name, edition) != intervention(name)


def test_methods_compose_each_with_its_settings():
    composed = intervention("retrained+g_mixup:M=1+l2_init:strength=1e+3")
    assert composed == Composition((Retrained(), GeneralizedMixup(bump=1), L2Init(strength=1000)))
    assert composed.title == "Retrained + G-mixup + L2 init"
    assert title("retrained+g_mixup:M=1") == "Retrained + G-mixup (M = 1)"
    assert without_settings("retrained+g_mixup:M=1") == "retrained+g_mixup"
    assert intervention("retrained+cbp", edition=1) == Composition((Retrained(), ContinualBackprop(count="mature")))


def test_fresh_networks_that_mix_are_read_under_their_former_name():
    assert intervention("g_mixup:fresh=true") == intervention("retrained+g_mixup")
    assert intervention("g_mixup:M=1:fresh=true") == intervention("retrained+g_mixup:M=1")
    assert intervention("g_mixup:fresh=false") == GeneralizedMixup()
    assert spelled_out("g_mixup:fresh=true", edition=1) == "retrained+g_mixup:pairing=by_kind_in_batch"
    assert title("g_mixup:fresh=true") == "G-mixup (fresh = true)"


def test_titles_show_the_settings_given():
    assert title("cbp:replacement_rate=0.01:maturity=50") == "CBP (replacement rate = 0.01, maturity = 50)"
    assert title("g_mixup:M=0.5") == "G-mixup (M = 0.5)"
    assert titles(["none", "cbp:decay=0.9", "g_mixup:M=0", "g_mixup"]) == {
        "none": "No Intv.",
        "cbp:decay=0.9": "CBP",
        "g_mixup:M=0": "G-mixup (M = 0)",
        "g_mixup": "G-mixup",
    }
    assert titles(["g_mixup:M=0"]) == {"g_mixup:M=0": "G-mixup (M = 0)"}
    assert title("of another version:x=1") == "of another version:x=1"  # stored runs may name what is gone


def test_a_whole_number_that_no_tensor_takes_is_refused():
    with pytest.raises(ValueError, match=r"maturity is 10{30}; 9,007,199,254,740,992 is the most"):
        intervention(f"cbp:maturity={10**30}")
    assert intervention(f"cbp:maturity={2**53}").maturity == 2**53

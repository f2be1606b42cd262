"""Every method by name, with settings, and composed: `cbp`, `g_mixup:M=0.5:intra=1`, `retrained+g_mixup`."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, Field, fields

from lop_tutorial.interventions.composition import Composition
from lop_tutorial.interventions.continual_backprop import ContinualBackprop
from lop_tutorial.interventions.crelu import CReLU
from lop_tutorial.interventions.fire import FIRE
from lop_tutorial.interventions.generalized_mixup import GeneralizedMixup
from lop_tutorial.interventions.hare_and_tortoise import HareAndTortoise
from lop_tutorial.interventions.head_reset import HeadReset
from lop_tutorial.interventions.intervention import Intervention, must_be_sound
from lop_tutorial.interventions.isometry_penalty import IsometryPenalty
from lop_tutorial.interventions.l2 import L2
from lop_tutorial.interventions.l2_init import L2Init
from lop_tutorial.interventions.layer_norm import LayerNorm
from lop_tutorial.interventions.mixup import Mixup
from lop_tutorial.interventions.muon import Muon
from lop_tutorial.interventions.no_intervention import NoIntervention
from lop_tutorial.interventions.parseval import Parseval
from lop_tutorial.interventions.redo import ReDo
from lop_tutorial.interventions.retrained import Retrained
from lop_tutorial.interventions.self_normalised_reset import SelfNormalisedReset
from lop_tutorial.interventions.shrink_and_perturb import ShrinkAndPerturb
from lop_tutorial.interventions.spectral import Spectral
from lop_tutorial.interventions.upgd import UPGD
from lop_tutorial.interventions.weight_rescaling import WeightRescaling
from lop_tutorial.own_classes import class_at, is_address

SIX: dict[str, type[Intervention]] = {
    "none": NoIntervention,
    "retrained": Retrained,
    "l2_init": L2Init,
    "layer_norm": LayerNorm,
    "cbp": ContinualBackprop,
    "g_mixup": GeneralizedMixup,
}
"""The rows of the paper's tables, in their order."""

OTHERS: dict[str, type[Intervention]] = {
    "l2": L2,
    "shrink_and_perturb": ShrinkAndPerturb,
    "head_reset": HeadReset,
    "redo": ReDo,
    "self_normalised_reset": SelfNormalisedReset,
    "mixup": Mixup,
    "crelu": CReLU,
    "spectral": Spectral,
    "hare_and_tortoise": HareAndTortoise,
    "fire": FIRE,
    "isometry": IsometryPenalty,
    "parseval": Parseval,
    "muon": Muon,
    "weight_rescaling": WeightRescaling,
    "upgd": UPGD,
}
"""What else the field uses."""

INTERVENTIONS = SIX | OTHERS
"""All of them, by the name that the command line and run folders use."""

SYMBOLS = {"M": "bump"}
"""A paper's symbols that settings may be called by."""


FIRST_EDITION, EDITION = 1, 2
"""Editions of the methods' defaults. A run records its own, because a name alone means these; one that records none is
of the first."""

FORMER_DEFAULTS: dict[int, dict[str, dict[str, str]]] = {
    FIRST_EDITION: {
        "cbp": {"count": "mature"},
        "g_mixup": {"pairing": "by_kind_in_batch"},
        "l2_init": {"normalisation": "true"},
    },
}
"""Of every former edition, the defaults that were others."""


@functools.cache
def intervention(text: str, edition: int = EDITION) -> Intervention:
    """The method that a text names, with its settings: "l2_init", "l2_init:strength=0.01", "g_mixup:M=0.5:intra=1".

    "retrained+g_mixup:M=1" is two methods at once, each with its own settings. A user's own method goes by its address:
    "my_package:MyMethod:strength=0.1". `edition`: the one whose defaults are meant. ValueError for a name, a setting, a
    value or an edition that does not exist, with the nearest right one.
    """
    parts = tuple(_one(part) for part in _parts(spelled_out(text, edition)))
    return parts[0] if len(parts) == 1 else Composition(parts)


def _parts(method: str) -> list[str]:
    """The methods that a text composes; the plus sign of a number such as 1e+3 is none."""
    return re.split(r"\+(?!\d)", method)


def _one(text: str) -> Intervention:
    name, *settings = _named(text)
    if name not in INTERVENTIONS and not is_address(name):
        raise ValueError(f"method is {name!r}; {nearest(name, INTERVENTIONS)}")
    kind = INTERVENTIONS[name] if name in INTERVENTIONS else class_at(name, Intervention)
    kinds = settings_of(kind)
    values: dict[str, object] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        key = SYMBOLS.get(key, key)
        if not kinds:
            raise ValueError(f"{name} has no settings, but {text!r} gives it {setting!r}")
        if key not in kinds:
            raise ValueError(f"{name} has no setting {key!r}; {nearest(key, kinds)}")
        if not equals:
            raise ValueError(f"{key} in {text!r} has no value; write {key}=VALUE")
        if key in values:
            raise ValueError(f"{text!r} sets {key} twice")
        values[key] = _value(value, kinds[key], f"{key} in {text!r}")
    try:
        method = kind(**values)
        must_be_sound(method)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name}: {error}") from None
    return method


def settings_of(kind: type[Intervention]) -> dict[str, type]:
    """A method's settings with the types of their values: `object` where a text cannot give one."""
    return {field.name: _type_of(field) for field in fields(kind)}


def _type_of(field: Field[object]) -> type:
    """The default's, or the one that is declared: where any number will do, a float."""
    if field.default_factory is not MISSING:
        return object
    declared = [of for of in (float, bool, int, str) if of.__name__ in re.findall(r"\w+", str(field.type))]
    if field.default is MISSING or field.default is None:
        return declared[0] if declared else object
    if type(field.default) is int and float in declared:
        return float
    return type(field.default) if type(field.default) in (float, bool, int, str) else object


def _value(text: str, kind: type, what: str) -> object:
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ValueError(f"{what} is {text!r}; write true or false")
        return text.lower() == "true"
    if kind is object:
        raise ValueError(f"{what} is {text!r}, but no text can be its value: give the method in Python")
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"{what} is {text!r}; it must be a {'whole ' if kind is int else ''}number") from None


def nearest(word: str, known: Iterable[str]) -> str:
    """The known words, the one that was perhaps meant first."""
    known = list(known)
    close = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    return (f"did you mean {close[0]}? Known" if close else "known") + f" are {', '.join(known)}"


def spelled_out(method: str, edition: int) -> str:
    """A method of an edition in today's terms: `cbp` of the first is `cbp:count=mature`."""
    if edition not in (*FORMER_DEFAULTS, EDITION):
        raise ValueError(f"edition is {edition}; known are 1 to {EDITION}: is the run younger than this package?")
    return "+".join(_part_spelled_out(part, edition) for part in _parts(method))


def _part_spelled_out(method: str, edition: int) -> str:
    name, *settings = _named(method)
    if name == "g_mixup":  # composition once was a setting of this one
        fresh = "fresh=true" in settings
        settings = [setting for setting in settings if not setting.startswith("fresh=")]
        method = ":".join([name, *settings])
        if fresh:
            return f"retrained+{_part_spelled_out(method, edition)}"
    named = {SYMBOLS.get(key, key) for key in (setting.partition("=")[0] for setting in settings)}
    former = FORMER_DEFAULTS.get(edition, {}).get(name, {})
    return ":".join([method, *(f"{key}={value}" for key, value in former.items() if key not in named)])


def _named(method: str) -> list[str]:
    """The method's name or address, then its settings."""
    name, *settings = method.split(":")
    if name not in INTERVENTIONS and settings and is_address(address := f"{name}:{settings[0]}"):
        return [address, *settings[1:]]
    return [name, *settings]


def without_settings(method: str) -> str:
    """`l2_init` of `l2_init:strength=0.01`, `retrained+g_mixup` of `retrained+g_mixup:M=1`."""
    return "+".join(_named(part)[0] for part in _parts(method))


def title(method: str) -> str:
    """A method's name in tables and figures with the settings that the text gives; the text itself if unknown."""
    parts = _parts(method)
    if not all(_named(part)[0] in INTERVENTIONS or is_address(_named(part)[0]) for part in parts):
        return method
    return " + ".join(_title(part) for part in parts)


def _title(part: str) -> str:
    name, *settings = _named(part)
    shown = ", ".join(setting.replace("=", " = ").replace("_", " ") for setting in settings)
    called = INTERVENTIONS[name].title if name in INTERVENTIONS else name.partition(":")[2]
    return called + (f" ({shown})" if shown else "")


def titles(methods: Sequence[str]) -> dict[str, str]:
    """Each method's title: the name alone where that tells these methods apart, else with the settings."""
    names = [without_settings(method) for method in methods]
    alone = {name for name in names if names.count(name) == 1 < len(names)}
    return {method: title(name if name in alone else method) for method, name in zip(methods, names, strict=True)}

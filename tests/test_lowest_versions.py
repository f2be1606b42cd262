"""The lowest versions that pyproject.toml claims to do with: what trains, measures and is asked for holds on them."""

import re
import tomllib
from pathlib import Path

import bare_environment
import pytest

pytestmark = pytest.mark.bare

TOP = Path(__file__).parents[1]
PYTHON = "3.12"
TOLD = (
    "tests/test_cli.py",  # first, for one process does all of a file
    "tests/data",
    "tests/geometry",
    "tests/interventions",
    "tests/training",
    "tests/figures",
)
# Left out for time; and a pretended device tells little of versions.
LEFT_OUT = ("-m", "not bare and not product and not cuda", "--ignore", "tests/training/test_fleet_networks.py")


def lowest_claimed() -> dict[str, str]:
    """The lower bounds of what the package itself needs, by name."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    return dict(re.fullmatch(r"([\w-]+)>=([\d.]+)", needed).groups() for needed in project["dependencies"])


@pytest.fixture(scope="module")
def lowest():
    """An environment of the lowest versions that have a wheel for this Python."""
    python = bare_environment.python_of(PYTHON)
    if python is None:
        pytest.skip(f"there is no Python {PYTHON} here")
    with bare_environment.bare(python) as made:
        chosen, project = str(made.folder / "chosen.txt"), str(TOP / "pyproject.toml")
        asked = ("--extra", "book", "--extra", "test", "--resolution", "lowest-direct", "--only-binary", ":all:")
        made.uv("pip", "compile", project, *asked, "--python", str(made.python), "--output-file", chosen)
        made.install("--requirement", chosen)
        made.install("--no-deps", str(TOP))
        yield made


def test_nothing_is_newer_than_the_lowest_that_is_claimed(lowest):
    """But for a third number, where the first wheels for this Python came later."""
    there, claimed = lowest.packages(), lowest_claimed()
    first_two = {name: [int(number) for number in there[name].split(".")[:2]] for name in claimed}
    assert first_two == {name: [int(number) for number in f"{low}.0".split(".")[:2]] for name, low in claimed.items()}


def test_what_trains_measures_and_is_asked_for_holds_on_them(lowest):
    ran = lowest.call("-m", "pytest", "-p", "no:cacheprovider", "--durations=15", *LEFT_OUT, *TOLD, where=TOP)
    print(ran.stdout[-3000:])
    assert ran.returncode == 0, ran.stdout[-9000:] + ran.stderr[-2000:]

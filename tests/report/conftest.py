"""A made-up trial of suspects, in which it is known who tells what."""

from types import SimpleNamespace

import numpy as np
import pytest

from lop_tutorial.report.suspect_scores import States

FITTED, HELD_OUT = tuple(range(6)), tuple(range(100, 106))


def states():
    """States whose gap is the health of the network, and three columns: its opposite, noise, and its age.

    Health falls with age, by another rate in each network.
    """
    draw, rows = np.random.default_rng(0), []
    for setting in ("narrow", "wide"):
        for number in (*FITTED, *HELD_OUT):
            for method in ("none", "cbp", "l2_init"):
                rate = draw.uniform(0, 0.02)
                for task in (4, 9, 14):
                    place = {"setting": setting, "method": method, "seed": number, "task": task}
                    health = -rate * task
                    rows.append(
                        place
                        | {"illness": -100 * health, "noise": draw.normal(), "age": task}
                        | {"previous_test": 0.5 + 0.2 * draw.normal(), "test_gap": health, "train_gap": health}
                    )
    return States({name: np.array([row[name] for row in rows]) for name in rows[0]})


@pytest.fixture(scope="session")
def trial():
    return SimpleNamespace(states=states, fitted=FITTED, held_out=HELD_OUT)

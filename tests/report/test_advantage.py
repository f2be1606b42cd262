"""The parts of an advantage, against cases worked out by hand and the paper's own digits."""

import numpy as np
import pytest

from lop_tutorial.report import paper_table
from lop_tutorial.report.advantage import advantage, of_paper


def test_a_case_by_hand():
    found = advantage(np.array([0.9, 0.75]), np.array([0.8, 0.5]))
    np.testing.assert_allclose(found.points, [0.1, 0.25])
    np.testing.assert_allclose(found.errors_saved, [0.5, 0.5])  # half of 0.2, half of 0.5
    assert found.grown == pytest.approx(0.15)


def test_seeds_come_before_bins_and_a_perfect_reference_leaves_nothing_to_save():
    found = advantage(np.array([[1.0, 0.9], [0.5, 0.4]]), np.array([[1.0, 0.8], [0.5, 0.6]]))
    np.testing.assert_allclose(found.errors_saved, [[np.nan, 0.5], [0.0, -0.5]])
    np.testing.assert_allclose(found.grown, [0.1, -0.2])


@pytest.mark.parametrize(
    ("method", "reference", "words"),
    [([0.5], [0.5, 0.6], r"\(1,\) and \(2,\)"), ([1.2], [0.5], "from 1.2 to 1.2"), ([0.5], [-0.1], "between 0 and 1")],
)
def test_what_are_no_accuracies_is_refused(method, reference, words):
    with pytest.raises(ValueError, match=words):
        advantage(np.array(method), np.array(reference))


def test_the_paper_s_table_4_g_mixup_s_lead_over_a_fresh_network_melts():
    found = of_paper(paper_table(4), "G-mixup", "Retrained")
    np.testing.assert_allclose(100 * found.points, [2.7, 2.2, 1.7, 1.2, 0.1])
    with pytest.raises(ValueError, match=r"'Mixup'; Table 4.*G-mixup"):
        of_paper(paper_table(4), "Mixup", "Retrained")

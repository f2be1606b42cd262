"""A matrix's product does not depend on its batch, on any processor."""

import pytest
import torch

from lop_tutorial import matrix_products


@pytest.mark.parametrize("shape", [(25, 13, 17), (3, 25, 17), (25, 17, 3), (37, 13, 17)], ids=str)
def test_a_product_does_not_depend_on_how_many_stand_beside_it(shape):
    rows, inner, columns = shape
    draw = torch.Generator().manual_seed(0)
    x, w = torch.randn(10, rows, inner, generator=draw), torch.randn(10, columns, inner, generator=draw).mT
    together = torch.bmm(x, w)
    for some in ([0], [1, 4], [6, 5, 2], list(range(7))):
        assert torch.equal(torch.bmm(x[some], w[some]), together[some])


def test_what_is_set_stays_and_intel_is_left_alone(monkeypatch):
    for intel, before, after in ((True, None, None), (False, None, "AUTO"), (False, "COMPATIBLE", "COMPATIBLE")):
        monkeypatch.setattr(matrix_products, "_intel", lambda intel=intel: intel)
        monkeypatch.delenv(matrix_products.CBWR, raising=False)
        if before:
            monkeypatch.setenv(matrix_products.CBWR, before)
        matrix_products.each_by_itself()
        assert matrix_products.os.environ.get(matrix_products.CBWR) == after

"""How images lie in memory on a CPU, and what it says of itself."""

import pytest
import torch

from lop_tutorial.training.cpu import company_changes_bits, lay_out_images, processor


def test_images_lie_with_the_maps_of_a_pixel_together():
    x = torch.randn(5, 3, 4, 4)
    laid = lay_out_images(x)
    assert torch.equal(laid, x)
    assert laid.stride() == (48, 1, 12, 3)
    assert laid[torch.tensor([3, 1])].stride() == laid.stride()  # a batch of them too
    points = torch.randn(5, 3)
    assert lay_out_images(points) is points


@pytest.mark.parametrize(
    ("vendor", "variable", "expected"),
    [("AuthenticAMD", None, True), ("AuthenticAMD", "AUTO", False), ("GenuineIntel", None, False), (None, None, False)],
)
def test_bits_depend_on_company_where_mkl_runs_on_another_processor_and_nobody_asked_it_not_to(
    monkeypatch, tmp_path, vendor, variable, expected
):
    about = tmp_path / "cpuinfo"
    about.write_text("processor\t: 0\n" + (f"vendor_id\t: {vendor}\nmodel name\t: Some CPU 9\n" if vendor else ""))
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: True)
    monkeypatch.delenv("MKL_CBWR", raising=False)
    if variable:
        monkeypatch.setenv("MKL_CBWR", variable)
    assert company_changes_bits(about) is expected
    assert (processor(about) == "Some CPU 9") is bool(vendor)
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: False)
    assert not company_changes_bits(about)

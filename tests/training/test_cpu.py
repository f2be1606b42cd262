import platform
import re
from pathlib import Path

import pytest
import torch

from lop_tutorial.training.cpu import keep_memory, lay_out_images

HUGE = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def test_images_lie_with_the_maps_of_a_pixel_together():
    x = torch.randn(5, 3, 4, 4)
    laid = lay_out_images(x)
    assert torch.equal(laid, x)
    assert laid.stride() == (48, 1, 12, 3)
    assert laid[torch.tensor([3, 1])].stride() == laid.stride()  # a batch of them too
    points = torch.randn(5, 3)
    assert lay_out_images(points) is points


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="memory is kept with glibc only")
@pytest.mark.skipif(not HUGE.exists() or "[never]" in HUGE.read_text(), reason="this system gives no large pages")
def test_the_heap_is_asked_for_in_large_pages():
    keep_memory()
    mappings = re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", Path("/proc/self/smaps").read_text(), flags=re.MULTILINE)
    flags = [re.findall(r"VmFlags:(.*)", one)[0].split() for one in mappings if "[heap]" in one]
    assert any("hg" in each for each in flags)

"""What takes long to import is imported where it is needed."""

import subprocess
import sys


def test_the_package_does_not_import_torchvision_before_a_network_asks_for_it():
    code = (
        "import sys, lop_tutorial.running, lop_tutorial.experiments;"
        "print(*(name in sys.modules for name in ('torchvision', 'torch._dynamo', 'scipy.stats')));"
        "from lop_tutorial.networks import ResNet18; ResNet18((3, 8, 8), 2, width=0.125);"
        "print('torchvision' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert shown.stdout.split() == ["False", "False", "False", "True"], shown.stderr

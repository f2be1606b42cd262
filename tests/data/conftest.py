import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for data_sources, in whichever way pytest imports the tests


@pytest.fixture
def root(tmp_path):
    """An empty folder for sets."""
    (tmp_path / "root").mkdir()
    return tmp_path / "root"

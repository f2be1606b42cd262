import pytest


@pytest.fixture
def root(tmp_path):
    """An empty folder for sets."""
    (tmp_path / "root").mkdir()
    return tmp_path / "root"

"""A run's origin: the commit is marked wherever the package was changed, and an installed package has a hash."""

import shutil
import subprocess

import pytest

from lop_tutorial.running.origin import PACKAGE, code_of, commit, environment, sources_sha256


@pytest.fixture
def package(tmp_path):
    """A small package, committed to a repository of its own."""
    folder = tmp_path / "repository/package"
    for name in ("training/learner.py", "running/run.py", "notes.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"# {name}\n")
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    for words in (("init", "-q"), ("add", "-A"), (*who, "commit", "-qm", "Begin")):
        subprocess.run(["git", "-C", str(folder.parent), *words], check=True)
    return folder


def test_any_changed_or_new_file_of_the_package_marks_the_commit(package):
    clean = commit(package)
    assert len(clean) == 40
    (package.parent / "README.md").write_text("outside of the package")
    assert commit(package) == clean
    (package / "training/new.py").write_text("")
    assert commit(package) == clean + " with changes"
    (package / "training/new.py").unlink()
    (package / "training/learner.py").write_text("# changed\n")
    assert commit(package) == clean + " with changes"


def test_an_installed_package_has_no_commit_but_the_hash_of_its_sources(package, tmp_path):
    installed = tmp_path / "site-packages/package"
    shutil.copytree(package, installed)
    (installed / "_results").mkdir()
    (installed / "_results/laws.csv").write_text("stored runs travel with the package")
    (installed / "training/learner.pyc").write_text("compiled")
    assert commit(installed) is None
    assert sources_sha256(installed) == sources_sha256(package)
    (installed / "training/learner.py").write_text("# changed\n")
    assert sources_sha256(installed) != sources_sha256(package)


def test_a_package_installed_into_a_folder_that_a_repository_ignores_has_no_commit(package):
    """As .venv in somebody's own project."""
    ignored = package.parent / ".venv/package"
    shutil.copytree(package, ignored)
    (package.parent / ".gitignore").write_text(".venv\n")
    assert commit(ignored) is None


def test_a_moved_source_changes_the_hash(package):
    before = sources_sha256(package)
    (package / "training/learner.py").rename(package / "running/learner.py")
    assert sources_sha256(package) != before


def test_the_origin_of_this_very_code():
    found = environment()
    assert found["sources_sha256"] == sources_sha256(PACKAGE)
    assert (PACKAGE / "training/learner.py").exists()


@pytest.mark.parametrize(
    ("origin", "told"),
    [
        ({"commit": "a" * 40}, "commit aaaaaaaaaa"),
        ({"commit": "a" * 40 + " with changes"}, "commit aaaaaaaaaa with changes"),
        (
            {"commit": None, "packages": {"lop-tutorial": "1.2"}, "sources_sha256": "b" * 64},
            "lop-tutorial 1.2, sources bbbbbbbbbb",
        ),
        ({"commit": None, "packages": {"lop-tutorial": "1.2"}}, "lop-tutorial 1.2"),
    ],
)
def test_the_code_in_a_few_words(origin, told):
    assert code_of(origin) == told


def test_an_origin_says_what_last_bits_depend_on(monkeypatch):
    monkeypatch.setenv("MKL_CBWR", "AUTO")
    assert environment()["mkl_cbwr"] == "AUTO"
    monkeypatch.delenv("MKL_CBWR")
    assert environment()["mkl_cbwr"] is None
    assert environment()["device"].startswith("CPU (")

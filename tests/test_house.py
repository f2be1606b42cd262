"""The house: imports point downwards, a name stands for one file, rooms are small, and the map names them all."""

import ast
import re
from collections import Counter
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
PACKAGE = TOP / "lop_tutorial"
FILES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
# From the ground up. A file at the top of the package is a room of its own.
ROOMS = (
    *(
        "clone",
        "fp32_precision",
        "atomic",
        "own_classes",
        "settings_given",
        "seeds",
        "data",
        "networks",
        "streams",
        "geometry",
        "interventions",
        "training",
        "theory",
        "reinforcement",
    ),
    *("running", "experiments", "report", "figures", "playground", "exercises", "notebook", "publishing", "doctor"),
    *("commands", "cli", "__main__"),
)


def room(path: Path) -> str:
    return path.parts[0] if len(path.parts) > 1 else path.stem


def imported(path: Path) -> set[str]:
    """The rooms that a file imports from."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "lop_tutorial":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lop_tutorial."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("lop_tutorial.")}
    return found - {"__version__"}


def test_imports_point_downwards():
    files = [path for path in FILES if path != Path("__init__.py")]
    assert len(files) > 250
    upwards = [
        f"{path} imports from {name}, which lies above it"
        for path in files
        for name in sorted(imported(path))
        if ROOMS.index(name) > ROOMS.index(room(path))
    ]
    assert not upwards


def test_nothing_that_windows_lacks_is_imported():
    """At the top of a file: what is imported later may be missing."""
    lacking = {"fcntl", "grp", "pwd", "resource", "termios", "tty"}
    found = []
    for path in FILES:
        top = ast.parse((PACKAGE / path).read_text(encoding="utf-8")).body
        names = {alias.name for node in top if isinstance(node, ast.Import) for alias in node.names}
        found += [f"{path} imports {name}" for name in sorted(names & lacking)]
    assert not found


def test_no_two_files_share_a_name():
    names = Counter(path.name for path in FILES if path.name not in ("__init__.py", "__main__.py"))
    assert [name for name, times in names.items() if times > 1] == []


def test_no_file_is_longer_than_about_300_lines():
    assert [str(path) for path in FILES if len((PACKAGE / path).read_text().splitlines()) > 320] == []


def test_no_room_is_a_warehouse():
    """Folders, each without its inner ones: none holds 12 % of the package's lines."""
    lines = Counter()
    for path in FILES:
        lines[path.parent] += len((PACKAGE / path).read_text().splitlines())
    assert [str(place) for place, count in lines.items() if count > 0.12 * lines.total()] == []


def test_the_map_names_every_room():
    told = (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = sorted({path.parts[0] for path in FILES if len(path.parts) > 1})
    assert [name for name in rooms if f"`{name}/`" not in told] == []


def test_the_map_names_files_that_are_there():
    told = (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = [line for line in told.splitlines() if line.startswith("| `")]
    assert len(lines) < 24, "the map must fit on one screen"
    for line in lines:
        room, *names = re.findall(r"`([\w/]+(?:\.\w+)?/?)`", line)
        for name in names:
            assert (PACKAGE / room / name).exists() or (PACKAGE / name).exists(), f"{room} has no {name}"


def test_text_is_read_as_it_is_written_whatever_the_locale():
    """Files are written as UTF-8; without a word on it, Python reads them as the locale says: cp1252, or ASCII."""
    found = []
    for path in FILES:
        for node in ast.walk(ast.parse((PACKAGE / path).read_text(encoding="utf-8"))):
            reads = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "read_text"
            if reads and "encoding" not in [keyword.arg for keyword in node.keywords]:
                found.append(f"{path}, line {node.lineno}")
    assert not found

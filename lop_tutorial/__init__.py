"""Loss of plasticity in deep continual learning: the package behind the book.

Rooms, from the bottom up: `data` (files on disk), `streams` (where tasks come from), `networks`, `geometry` (what is
measured), `interventions` (what is done against loss of plasticity), `training` (one learner, a plain loop; many at
once), `theory` (what is derived), `reinforcement` (an agent that learns from reward), `running` (how an experiment is
carried out and stored), `experiments` (what is run), `report` (what is read off stored runs), `figures`, `exercises`,
`publishing` (the book as files), `commands` and the command line in `cli`.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("lop-tutorial")
except PackageNotFoundError:  # a clone that is on the path, as in a notebook at its top, but was not installed
    from lop_tutorial.clone import version_of_clone

    __version__ = version_of_clone()


def __getattr__(name: str) -> object:
    """`lop_tutorial.examine`, which waits for torch only where it is asked for."""
    if name == "examine":
        from lop_tutorial.geometry.examination import examine

        return examine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""The paper's tables as plans, the store of runs, and ours against the paper's."""

from lop_tutorial.reproduction.execute import rows
from lop_tutorial.reproduction.paper import PaperTable, paper_table
from lop_tutorial.reproduction.plan import Plan
from lop_tutorial.reproduction.plans import PLANS, plan
from lop_tutorial.reproduction.report import BinTable, bin_table
from lop_tutorial.reproduction.results import Interval, Results, finite, interval
from lop_tutorial.reproduction.runs import Run, stored
from lop_tutorial.reproduction.terminal_phase import LONG, Look, TerminalPhase, Traces, four_kinds, three_clouds
from lop_tutorial.reproduction.whole_run import carry_out

__all__ = [
    "LONG",
    "PLANS",
    "BinTable",
    "Interval",
    "Look",
    "PaperTable",
    "Plan",
    "Results",
    "Run",
    "TerminalPhase",
    "Traces",
    "bin_table",
    "carry_out",
    "finite",
    "four_kinds",
    "interval",
    "paper_table",
    "plan",
    "rows",
    "stored",
    "three_clouds",
]

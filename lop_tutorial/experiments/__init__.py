"""What is run: the catalogue of plans, the paper's tables among them, and the book's own experiments."""

from lop_tutorial.experiments.catalogue import PLANS, plan
from lop_tutorial.experiments.terminal_phase import LONG, Look, TerminalPhase, Traces, four_kinds, three_clouds

__all__ = ["LONG", "PLANS", "Look", "TerminalPhase", "Traces", "four_kinds", "plan", "three_clouds"]

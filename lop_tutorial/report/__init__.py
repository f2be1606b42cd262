"""What is read off stored runs: tables beside the paper's, rankings of methods, types of loss, and claims.

`bin_table.py` makes the tables; the rule by which claims are judged is in `claims/claim.py`.
"""

from lop_tutorial.report.bin_table import BinTable, bin_table
from lop_tutorial.report.paper import PaperTable, paper_table

__all__ = ["BinTable", "PaperTable", "bin_table", "paper_table"]

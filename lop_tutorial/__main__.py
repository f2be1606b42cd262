"""`python -m lop_tutorial` is `lop-tutorial`."""

from lop_tutorial.cli import program

program()

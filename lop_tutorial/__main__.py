"""`python -m lop_tutorial` is `lop-tutorial`."""

import sys

from lop_tutorial.cli import main

sys.exit(main())

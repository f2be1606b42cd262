"""Runs a script or a module where CUDA devices are pretended:

python tests/with_pretended_gpu.py -m lop_tutorial doctor
python tests/with_pretended_gpu.py benchmarks/ftle.py --device cuda --samples 10
"""

import runpy
import sys

import pretended_gpu

if __name__ == "__main__":
    named = sys.argv[1] == "-m"
    sys.argv = sys.argv[1 + named :]
    with pretended_gpu.pretend(devices=2):
        if named:
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        else:
            sys.path[0] = sys.argv[0].rpartition("/")[0]  # where a script looks first
            runpy.run_path(sys.argv[0], run_name="__main__")

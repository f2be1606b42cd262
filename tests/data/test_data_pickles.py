"""A pickle is a program: here it may build arrays and plain containers, and run nothing."""

import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest
from data_sources import cifar100, python2_pickle, random_images

from lop_tutorial.data import DataError, add
from lop_tutorial.data.pickles import read_pickle


class Calls:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(6))
def test_pickled_code_does_not_run(tmp_path, protocol):
    witness = tmp_path / "witness"
    folder, _ = cifar100(tmp_path)
    (folder / "train").write_bytes(pickle.dumps({"data": Calls(os.mkdir, str(witness))}, protocol))
    (tmp_path / "root").mkdir()
    with pytest.raises(DataError, match=r"train: the pickle names (posix|nt)\.mkdir, .*do not trust"):
        add("evil", folder, root=tmp_path / "root")
    assert not witness.exists()
    assert os.listdir(tmp_path / "root") == []
    pickle.loads((folder / "train").read_bytes())  # the pickle is a live one
    assert witness.exists()


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (Calls(eval, "1"), "eval"),
        (Calls(getattr, "x", "upper"), "getattr"),
        (Calls(np.load, "x"), "numpy.load"),
        (np.random.default_rng(0), "numpy.random"),
        (pytest.raises, "_pytest"),
    ],
)
def test_what_else_is_not_admitted(tmp_path, value, named):
    (tmp_path / "p").write_bytes(pickle.dumps({"data": value}))
    with pytest.raises(DataError, match=f"p: the pickle names .*{named}"):
        read_pickle(tmp_path / "p")


def test_an_encoding_other_than_latin1_is_not_looked_up(tmp_path):
    (tmp_path / "p").write_bytes(b"c_codecs\nencode\n(Vx\nVrot13\ntR.")
    with pytest.raises(DataError, match="encoding 'rot13'"):
        read_pickle(tmp_path / "p")


@pytest.mark.parametrize("protocol", ["python 2", *range(6)])
def test_arrays_and_plain_containers_come_back(tmp_path, protocol):
    value = {
        b"data": random_images(2),
        "mean": np.arange(3.0).reshape(1, 3),
        "scalar": np.float32(1.5),
        "raw": b"\xff\x00",
        "list": [1, (2.5, None), True],
        "ordered": OrderedDict(a=1),
        7: "seven",
    }
    dumped = python2_pickle(value) if protocol == "python 2" else pickle.dumps(value, protocol)
    for core in (b"numpy.core.", b"numpy._core."):  # before and since NumPy 2
        if protocol in ("python 2", 0, 1, 2, 3):
            dumped = dumped.replace(b"numpy._core.", b"numpy.core.").replace(b"numpy.core.", core)
        (tmp_path / "p").write_bytes(dumped)
        found = read_pickle(tmp_path / "p")
        np.testing.assert_array_equal(found["data"], value[b"data"])
        np.testing.assert_array_equal(found["mean"], value["mean"])
        assert found["data"].dtype == np.uint8
        assert found["scalar"] == 1.5
        assert found["list"] == value["list"]
        assert found["ordered"] == {"a": 1}
        assert found["7"] == "seven"

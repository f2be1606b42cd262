"""What is refused, in which words; and memory that runs out."""

import math
import subprocess
import sys
from textwrap import dedent

import pytest
import torch
from torch import nn

from lop_tutorial.geometry import ftle
from lop_tutorial.geometry.ftle import chunks, prepare
from lop_tutorial.networks import MLP, ConvNet

NETWORK = MLP((6,), 2, (8, 8))
X = torch.randn(5, 6)
NOT_FINITE = X.clone()
NOT_FINITE[3, 2] = math.nan


BATCH_STATISTICS = nn.BatchNorm1d(6, track_running_stats=False)

MEASURED = [  # what is asked of ftle(NETWORK, X, ...), and what it says to that
    ({"layer": "body.33"}, r"MLP has no layer 'body.33'; near it are 'body.3'"),
    ({"layer": "zzz"}, r"no layer 'zzz'; near it are 'body', 'body.0'"),
    ({"layer": "body.0"}, r"no linear layer .* runs up to 'body.0'; pass depth"),
    ({"depth": 0}, r"depth is 0; it must be at least 1"),
    ({"x": X[0]}, r"x has shape \(6,\); it must be \(batch, .*x\[None\]"),
    ({"x": X[:0]}, r"x has shape \(0, 6\); there must be at least one sample"),
    ({"x": X[:, :5]}, r"does not take a batch of inputs of shape \(5,\).*It says: "),
    ({"x": torch.randn(3, 32, 32), "network": ConvNet((3, 32, 32), 2)}, r"does not take .* shape \(32, 32\)"),
    ({"x": NOT_FINITE}, r"NaN or infinity in 1 of 5 samples, the first at 3"),
    ({"x": X.to_sparse()}, r"x is a sparse tensor; .*x.to_dense\(\) makes one"),
    ({"x": X.to("meta")}, r"x is on the device meta, where tensors have no numbers"),
    ({"network": nn.Linear(6, 0), "layer": ""}, r"gives no numbers for this input: its output has a dimension"),
    ({"k": 0}, r"k is 0; a Jacobian of 8 outputs by 6 inputs has 6 exponents"),
    ({"k": 7}, r"k is 7; .*from 1 to 6, or None for all"),
    ({"method": "fast"}, r"method is 'fast'; it must be one of auto, exact, lanczos"),
    ({"chunk": 0}, r"chunk is 0; it must be at least 1"),
    ({"method": "lanczos", "tolerance": 1e-9}, r"tolerance is 1e-09; in torch.float32 it must be at least 8e-06"),
    ({"method": "lanczos", "tolerance": math.nan}, r"tolerance is nan"),
    ({"dtype": torch.bfloat16}, r"dtype is torch.bfloat16; exponents are computed in torch.float32 or torch.float64"),
    ({"network": nn.Linear(6, 3)}, r'Linear does not say which layer is its representation; name one, .*layer=""'),
    ({"network": BATCH_STATISTICS, "layer": ""}, r"BatchNorm1d '' keeps no running statistics"),
]
FUNCTIONS = [
    (torch.tanh, {}, r"cannot be counted; pass depth, how many there are \(depth=1 gives log sigma\)"),
    (torch.tanh, {"layer": "body", "depth": 1}, r"a function has no named layers"),
    (lambda x: x - x.mean(dim=0), {"depth": 1}, r"changes with the samples beside it"),
    (lambda x: nn.functional.dropout(x + 1), {"depth": 1}, r"Is there dropout, or batch normalisation"),
    (lambda x: x.detach(), {"depth": 1}, r"cannot be differentiated with respect to x"),
    (lambda x: x.sum(), {"depth": 1}, r"output has shape \(\) for 3 inputs; it must be \(batch, \.\.\.\)"),
]


@pytest.mark.parametrize(("asked", "message"), MEASURED)
def test_one_clear_error(asked, message):
    with pytest.raises(ValueError, match=message) as caught:
        ftle(**{"network": NETWORK, "x": X} | asked)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(("function", "asked", "message"), FUNCTIONS)
def test_one_clear_error_of_functions(function, asked, message):
    with pytest.raises(ValueError, match=message):
        ftle(function, X, **asked)


def test_wrong_types():
    with pytest.raises(TypeError, match=r"x is torch.int64; derivatives need a floating-point input: x.float\(\)"):
        ftle(NETWORK, X.long())
    with pytest.raises(TypeError, match=r"the output is a tuple; measure a function or a layer that gives one tensor"):
        ftle(lambda x: (x, x), X, depth=1)


def test_as_a_user_meets_it():
    """In a process of its own: here, the tests' type checker speaks first, and PyTorch has given its warnings."""
    script = """
        import warnings, torch
        from torch import nn
        from lop_tutorial.geometry import ftle
        from lop_tutorial.networks import MLP

        warnings.simplefilter("error")
        x = torch.randn(5, 6)
        assert ftle(nn.Sequential(nn.Linear(6, 8), nn.Hardswish(), nn.Linear(8, 6)), x, "").isfinite().all()
        network = MLP((6,), 2, (8, 8))
        for asked in ({"x": x.numpy()}, {"x": [[1.0] * 6]}, {"layer": 3}, {"k": 1.5}, {"depth": 2.5}, {"chunk": 2.5}):
            try:
                ftle(**{"network": network, "x": x} | asked)
            except TypeError as error:
                print(error)
    """
    done = subprocess.run([sys.executable, "-c", dedent(script)], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.splitlines() == [
        "x is a ndarray; it must be a tensor, as torch.as_tensor makes one",
        "x is a list; it must be a tensor, as torch.as_tensor makes one",
        "layer is a int (3); it must be a module's name, or left out",
        "k is a float (1.5); it must be a whole number, or left out",
        "depth is a float (2.5); it must be a whole number, or left out",
        "chunk is a float (2.5); it must be a whole number, or left out",
    ]


def test_a_method_of_a_module_in_training_mode_warns_too():
    with pytest.warns(UserWarning, match="Dropout is in training mode"):
        assert not ftle(nn.Dropout(0.5).forward, X, depth=1).any()


def test_a_network_that_cannot_be_copied():
    class Single(nn.Linear):
        def __deepcopy__(self, memo):
            raise RuntimeError("there is only one")

    network = Single(6, 40)
    message = "Single cannot be copied; pass a function of x and depth. It says: RuntimeError: there is only one"
    with pytest.raises(ValueError, match=message):
        ftle(network, X, "")
    assert ftle(lambda x: network(x), X, depth=1).isfinite().all()


@pytest.mark.parametrize("method", ["exact", "lanczos"])
def test_chunks_of_any_size_give_the_same(method):
    network, x = MLP((20,), 2, (30, 40), "tanh"), torch.randn(13, 20)
    whole = ftle(network, x, k=2, method=method, dtype=torch.float64)
    for chunk in (1, 5, 13, 1000):
        found = ftle(network, x, k=2, method=method, dtype=torch.float64, chunk=chunk)
        torch.testing.assert_close(found, whole, rtol=0, atol=1e-6)


@pytest.mark.parametrize("method", ["exact", "lanczos"])
@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_where_memory_runs_out_chunks_are_halved(method, error):
    network, x = MLP((20,), 2, (30, 40), "tanh"), torch.randn(23, 20)
    most = 0

    def narrow(z):
        nonlocal most
        if len(z) > 9:
            raise error
        most = max(most, len(z))
        return network.representation(z)

    found = ftle(narrow, x, k=2, depth=2, method=method)
    torch.testing.assert_close(found, ftle(network, x, k=2), rtol=0, atol=1e-3)
    assert most > 4


def test_other_errors_are_not_taken_for_a_lack_of_memory():
    def fails(z):
        if len(z) > 3:
            raise RuntimeError("no such thing")
        return 2 * z

    with pytest.raises(RuntimeError, match="no such thing"):
        ftle(fails, torch.randn(9, 4), depth=1)


@pytest.mark.parametrize("method", ["lanczos", "exact"])
def test_ten_thousand_samples_in_bounded_memory(method, monkeypatch):
    """No more at a time than what fits into the room there is, counted by what is linearised together."""
    monkeypatch.setattr(chunks, "_ON_A_CPU", 2**21)
    sizes = []
    original = prepare.in_chunks
    monkeypatch.setattr(prepare, "in_chunks", lambda work, n, chunk: (sizes.append(chunk), original(work, n, chunk))[1])
    network, x = MLP((12,), 2, (64, 12), "tanh"), torch.randn(10_000, 12)
    assert ftle(network, x, method=method).isfinite().all()
    linearised = 4 * (64 + 12) * 2  # each layer's outcome, forwards and backwards, in bytes
    assert max(sizes) * linearised <= 2**21
    assert max(sizes) > 10

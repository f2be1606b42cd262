"""A pretended accelerator: tensors of the CPU, a note on each storage of where it lies, and the rules of the device.

Inside `pretend()` there are CUDA devices (or Apple's, `pretend("mps")`). What runs there gives real numbers, and an
error where a real device would give one, or where two runs would differ:

- an operation on tensors of two devices, a CPU generator for a tensor of the device, `numpy()` of such a tensor;
- a number drawn from the device's own generator, which no seed of ours reaches (`Unseeded`);
- a tensor read or written on one stream that another one wrote, with no wait in between (`Unordered`);
- float64 on Apple's device, which has none.

`torch.cuda.graph` records each operation on its stream. While it does, nothing takes effect and nothing may wait for
the device; `replay` then repeats these operations on the very same tensors. A branch that Python took, a name bound to
another tensor, a number of the CPU: all that is as it was when the step was recorded, as on a GPU. What streams are
asked to run runs at once; which stream wrote a tensor, and what each has waited for, is kept account of. Not seen are
the numerics of kernels, speed, memory that runs out, what recorded memory is used for between replays, and a tensor
that is written while another stream still reads it.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes
from torch.utils._pytree import tree_map

from lop_tutorial.fp32_precision import get_fp32_precision

CPU = torch.device("cpu")
BASE, FUNCTORCH = torch._C.TensorBase, torch._C._functorch
NOT_PERMITTED = "CUDA error: operation not permitted when stream is capturing"
COPIES = ("copy_", "_to_copy", "set_")
WAITS = {"_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero", "_unique2", "unique_dim", "bincount"}
PRODUCTS = {"mm", "bmm", "addmm", "baddbmm", "mv", "addmv", "dot", "convolution", "convolution_backward"}


class Unordered(RuntimeError):
    """A stream used what another one had written, without waiting for it."""


class Unseeded(RuntimeError):
    """A number was drawn from the device's own generator."""


def bare(t: Tensor) -> Tensor:
    """The tensor that a transform, such as vmap, has wrapped."""
    while FUNCTORCH.is_functorch_wrapped_tensor(t):
        t = FUNCTORCH.get_unwrapped(t)
    return t


def storage(t: Tensor) -> Any:
    """The storage that a tensor stands for, also under vmap; None on a device that is not pretended."""
    t = bare(t)
    return BASE.untyped_storage(t) if BASE.device.__get__(t) == CPU else None


Extent = tuple[Any, float, float]
"""A storage, and the first and the last byte in it that a tensor reaches, the last one excluded."""


def extent(t: Tensor) -> Extent:
    """What of its storage a tensor stands for: learners side by side in one storage do not touch each other."""
    t = bare(t)
    low = t.storage_offset() * t.itemsize
    reach = 1 + sum((n - 1) * step for n, step in zip(t.shape, t.stride(), strict=True)) if t.numel() else 0
    return storage(t), low, low + reach * t.itemsize


def place(t: Tensor) -> torch.device:
    """The device on which a tensor is said to lie."""
    kept = storage(t)
    return BASE.device.__get__(t) if kept is None else getattr(kept, "place", CPU)


def put(values: Any, device: torch.device) -> Any:
    for t in tensors(values):
        kept = storage(t)
        if kept is not None:
            kept.place = device
    return values


class Stream:
    """Stands for torch.cuda.Stream."""

    def __init__(self, device: Any = None, **_: Any) -> None:
        self.device, self.graph = GPU.full(device), None
        self.done, self.seen = 0, {}  # how many operations it ran, and how many of others it has waited for
        GPU.all_streams.append(self)

    def wait_stream(self, other: Stream) -> None:
        self.learn(other.seen | {other: other.done})
        if other.graph is not None:
            self.graph = other.graph  # so that what runs here is recorded too
            self.graph.joined.add(self)
            other.graph.apart.discard(other)
            self.graph.apart |= {self} - {self.graph.stream}

    def synchronize(self) -> None:
        GPU.wait("Stream.synchronize", [self])

    def learn(self, seen: dict[Stream, int]) -> None:
        for stream, done in seen.items():
            self.seen[stream] = max(done, self.seen.get(stream, 0))

    def uses(self, read: list[Extent], written: list[Extent], what: str) -> None:
        """An operation on these: what another stream wrote there, this one must have waited for."""
        self.learn(GPU.seen)
        self.done += 1
        for kept, low, high in (*read, *written):
            for begin, end, by, when in getattr(kept, "writes", ()):
                if begin < high and low < end and by is not self and self.seen.get(by, 0) < when:
                    raise Unordered(f"{what} uses what another stream has written; wait_stream is missing")
        for each in written:
            self.wrote(*each)

    def wrote(self, kept: Any, low: float, high: float) -> None:
        """Its last operation wrote these bytes of a storage."""
        older = [each for each in getattr(kept, "writes", ()) if not low <= each[0] <= each[1] <= high]
        kept.writes = [*older, (low, high, self, self.done)]


class Current:
    """Stands for torch.cuda.stream: the context in which a stream is the current one, and its device."""

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        if self.stream is not None:
            self.before = GPU.index, GPU.stream(self.stream.device)
            GPU.index, GPU.streams[self.stream.device.index] = self.stream.device.index, self.stream

    def __exit__(self, *_: Any) -> None:
        if self.stream is not None:
            GPU.index, GPU.streams[self.stream.device.index] = self.before


class Device:
    """Stands for torch.cuda.device."""

    def __init__(self, device: Any) -> None:
        self.index = GPU.full(device).index

    def __enter__(self) -> None:
        self.before, GPU.index = GPU.index, self.index

    def __exit__(self, *_: Any) -> None:
        GPU.index = self.before


class Graph:
    """Stands for torch.cuda.CUDAGraph."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, Any, Any, list[Tensor | None]]] = []
        self.before: dict[int, tuple[Any, Any]] = {}  # storages that a recorded operation changed, and what they held
        self.born: set[int] = set()
        self.joined: set[Stream] = set()
        self.apart: set[Stream] = set()
        self.broken, self.done = "", False
        self.read: dict[int, Any] = {}
        self.written: dict[int, Any] = {}

    def replay(self) -> None:
        if not self.done:
            raise RuntimeError("Called CUDAGraph::replay without a preceding successful capture.")
        GPU.replays += 1
        whole = ([(kept, 0, math.inf) for kept in each.values()] for each in (self.read, self.written))
        GPU.stream(self.stream.device).uses(*whole, "replay")
        with _disable_current_modes(), torch._C._AutoDispatchBelowAutograd():
            for func, args, kwargs, outs in self.calls:
                fresh = tensors(func(*args, **kwargs))
                for kept, new in zip(outs, fresh, strict=True):
                    if kept is not None:
                        kept.copy_(new)

    def record(self, func: Any, args: Any, kwargs: Any) -> Any:
        """Calls an operation, and keeps what it would change as it is now."""
        args, kwargs = tree_map(self._baked, (args, kwargs))
        there = {s._cdata for s in map(storage, tensors(args, kwargs))}
        for kept in map(storage, changed(func, args, kwargs)):
            if kept._cdata not in self.born:
                self.before.setdefault(kept._cdata, (kept, kept.clone()))
        out = func(*args, **kwargs)
        fresh = [None if storage(t)._cdata in there else t for t in tensors(out)]
        self.born |= {storage(t)._cdata for t in fresh if t is not None}
        self.read |= {s._cdata: s for s in map(storage, tensors(args, kwargs)) if s._cdata not in self.born}
        made = [*changed(func, args, kwargs), *filter(torch.is_tensor, fresh)]
        self.written |= {s._cdata: s for s in map(storage, made)}
        self.calls.append((func, args, kwargs, fresh))
        return out

    def _baked(self, value: Any) -> Any:
        """A number on the CPU is read when an operation is recorded, and never again."""
        number = isinstance(value, Tensor) and value.ndim == 0 and place(value) == CPU
        return value.clone() if number else value


class Recording:
    """Stands for torch.cuda.graph."""

    def __init__(self, cuda_graph: Graph, pool: Any = None, stream: Stream | None = None) -> None:
        self.graph, self.stream = cuda_graph, stream or Stream()
        self.context = Current(self.stream)

    def __enter__(self) -> None:
        self.context.__enter__()
        self.graph.stream, self.stream.graph, GPU.recording = self.stream, self.graph, self.graph

    def __exit__(self, *_: Any) -> None:
        graph, GPU.recording = self.graph, None
        for stream in (self.stream, *graph.joined):
            stream.graph = None
        for kept, values in graph.before.values():
            kept.copy_(values)
        if graph.broken:  # as torch has it, the stream stays the current one
            raise RuntimeError("CUDA error: operation failed due to a previous error during capture")
        if graph.apart:
            raise RuntimeError("CUDA error: capturing stream has unjoined work")
        if not graph.calls:
            raise RuntimeError("The CUDA Graph is empty: it was captured on the wrong device or stream")
        graph.done, graph.before = True, {}
        GPU.captures += 1
        self.context.__exit__()


class Pretended:
    """What there is, and what has happened."""

    def __init__(self, kind: str, devices: int, capability: tuple[int, int]) -> None:
        self.kind, self.devices, self.capability = kind, devices, capability
        self.index, self.streams, self.recording = 0, {}, None
        self.captures = self.replays = 0
        self.begun = False
        self.all_streams: list[Stream] = []
        self.seen: dict[Stream, int] = {}  # what the host has waited for: all that it asks for later comes after
        self.waits: list[str] = []
        self.rounded: list[str] = []
        """float32 products that tensor cores would round to tf32, as torch's settings were."""
        self.factory = CPU  # where a tensor comes to lie that is made of none

    def full(self, where: Any) -> torch.device:
        """With its index, the current one where none is named."""
        found = torch.device(self.kind, where) if isinstance(where, int) else torch.device(where or self.kind)
        if found.type != self.kind:
            return found
        index = self.index if found.index is None else found.index
        if index >= self.devices:
            raise RuntimeError("CUDA error: invalid device ordinal")
        return torch.device(self.kind, index)

    def stream(self, where: Any = None) -> Stream:
        device = self.full(where)
        return self.streams.setdefault(device.index, Stream(device))

    def must_be_begun(self, device: Any) -> None:
        """Asked for a device by its number, torch does not begin with CUDA by itself."""
        if torch.device(device or self.kind).index is not None and not self.begun:
            raise RuntimeError(f"Invalid device argument {device}: did you call init?")

    def wait(self, why: str, streams: list[Stream] | None = None) -> None:
        """The host waits for streams, the current ones if none are named."""
        if self.recording:
            self.recording.broken = why
            raise RuntimeError(f"{NOT_PERMITTED} ({why})")
        for stream in [*self.streams.values()] if streams is None else streams:
            self.seen |= stream.seen | {stream: stream.done}
        self.waits.append(why)

    def run(self, func: Any, args: Any, kwargs: Any) -> Any:
        """One operation, held against the rules."""
        name, given = func._schema.name.split("::")[-1], tensors(args, kwargs)
        if any(storage(t) is None for t in given):
            return func(*args, **kwargs)
        places = {place(t) for t in given if t.ndim or place(t) != CPU}
        there = next((device for device in places if device.type == self.kind), None)
        if there is None and not given and self.factory != CPU:
            there = self.factory
        if there is None:
            return put(func(*args, **kwargs), CPU) if not given else func(*args, **kwargs)
        if len(places) > 1:
            if name in COPIES:
                pinned = getattr(storage(args[1]), "pinned", False) and place(args[1]) == CPU
                None if pinned else self.wait("copy between devices")
            elif name.lstrip("_").startswith("index") and place(args[0]) == there:
                self.wait("an index on the CPU")
            else:
                raise RuntimeError(f"Expected all tensors to be on the same device, found {places} in {func}")
        self._check(func, name, args, kwargs, given)
        stream = self.stream(there)
        graph, uses = stream.graph, not (stream.graph or func.is_view)
        if uses:
            writes = changed(func, args, kwargs) if func._schema.is_mutable or "batch_norm" in name else []
            stream.uses(*([extent(t) for t in some if place(t) == there] for some in (given, writes)), name)
        out = graph.record(func, args, kwargs) if graph else func(*args, **kwargs)
        known = {storage(t)._cdata for t in given}
        fresh = [t for t in tensors(out) if storage(t)._cdata not in known]
        for t in fresh:
            put(t, there)
            if uses:
                stream.wrote(storage(t), 0, math.inf)
            if self.kind == "mps" and t.dtype == torch.float64:
                raise TypeError("Cannot convert a MPS Tensor to float64 dtype, which MPS does not have")
        return out

    def _check(self, func: Any, name: str, args: Any, kwargs: Any, given: list[Tensor]) -> None:
        if torch.Tag.nondeterministic_seeded in func.tags:
            if kwargs.get("generator") is not None:
                raise RuntimeError(f"Expected a '{self.kind}' device type for generator but found 'cpu'")
            raise Unseeded(f"{func} draws from the device's own generator")
        masks = name.lstrip("_").startswith("index") and len(args) > 1 and isinstance(args[1], list | tuple)
        if name in WAITS or (masks and any(t.dtype == torch.bool for t in tensors(args[1]))):
            self.wait(name)
        if name in PRODUCTS and self.capability >= (8, 0) and given[0].dtype == torch.float32:
            rounds = get_fp32_precision()["conv" in name] in ("tf32", "high", "True")
            self.rounded += [name] * rounds


GPU: Pretended | None = None


def here() -> bool:
    """Whether devices are pretended."""
    return GPU is not None


def tensors(*values: Any) -> list[Tensor]:
    """Those in lists, tuples and dictionaries, at any depth. Most of the time here goes into this."""
    found = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += tensors(*value)
        elif isinstance(value, dict):
            found += tensors(*value.values())
    return found


def changed(func: Any, args: Any, kwargs: Any) -> list[Tensor]:
    """The arguments that an operation writes to."""
    named = {**dict(zip((a.name for a in func._schema.arguments), args, strict=False)), **kwargs}
    written = [a.name for a in func._schema.arguments if a.alias_info is not None and a.alias_info.is_write]
    if "batch_norm" in func._schema.name:  # does not say so
        written += ["running_mean", "running_var"]
    return tensors([named.get(name) for name in written])


class Operations(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return GPU.run(func, args, kwargs or {})


class Calls(TorchFunctionMode):
    """Where a device is asked for by name, which the operations below do not see."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name, kwargs = getattr(func, "__name__", ""), dict(kwargs or {})
        if name in ("to", "cpu", "cuda", "pin_memory") and isinstance(args[0], Tensor):
            return moved(name, args, kwargs)
        if name in ("numpy", "__array__", "tolist") and place(args[0]).type == GPU.kind:
            if name != "tolist":
                raise TypeError(f"can't convert {place(args[0])} tensor to numpy. Use Tensor.cpu() first.")
            GPU.wait(name)
        before, asked = GPU.factory, kwargs.get("device")
        if asked is not None and GPU.full(asked).type in ("cpu", GPU.kind):
            kwargs["device"], GPU.factory = CPU, GPU.full(asked)
        elif asked is None:
            GPU.factory = next((place(t) for t in tensors(args, kwargs) if place(t).type == GPU.kind), CPU)
        try:
            out = func(*args, **kwargs)
        finally:
            device, GPU.factory = GPU.factory, before
        if name == "__deepcopy__":  # copies the storage itself, which is no operation
            return put(out, place(args[0]))
        return put(out, device) if asked is not None and device.type in ("cpu", GPU.kind) else out


def moved(name: str, args: Any, kwargs: Any) -> Tensor:
    """`to`, `cpu`, `cuda` and `pin_memory`."""
    own, *rest = args
    if name == "pin_memory":
        out = own.clone()
        storage(out).pinned = True
        return out
    if name != "to":
        rest, kwargs = [GPU.full(None if name == "cuda" else "cpu")], {}
    copy = kwargs.pop("copy", False)
    if rest and isinstance(rest[0], Tensor):
        device, dtype, form = place(rest[0]), rest[0].dtype, None
    else:
        device, dtype, _, form = torch._C._nn._parse_to(*rest, **kwargs)
    here, device = place(own), place(own) if device is None else GPU.full(device)
    if device.type not in ("cpu", GPU.kind) or storage(own) is None:
        return BASE.to(*args, **kwargs)
    if GPU.kind == device.type == "mps" and (dtype or own.dtype) == torch.float64:
        raise TypeError("Cannot convert a MPS Tensor to float64 dtype, which MPS does not have")
    if here != device and not (getattr(storage(own), "pinned", False) and here == CPU):
        GPU.wait("copy between devices")
    before, GPU.factory = GPU.factory, here
    out = BASE.to(
        own, dtype=dtype or own.dtype, copy=copy or here != device, memory_format=form or torch.preserve_format
    )
    GPU.factory = before
    return put(out, device) if here != device else out


@contextlib.contextmanager
def pretend(kind: str = "cuda", devices: int = 1, capability: tuple[int, int] = (9, 0)) -> Iterator[Pretended]:
    """Inside, there are such devices."""
    global GPU
    GPU = Pretended(kind, devices, capability)
    autocast = torch.autocast.__init__

    def there_only(self: torch.autocast, asked: str, *args: Any, **how: Any) -> None:
        """What is asked for the CPU's products changes none of the device's, whose are those in here."""
        autocast(self, "cpu", *args, **(how | ({"enabled": False} if asked != kind else {})))

    there = {
        "is_available": lambda: kind == "cuda",
        "device_count": lambda: devices if kind == "cuda" else 0,
        "init": lambda: setattr(GPU, "begun", True),
        "current_device": lambda: GPU.index,
        "Stream": Stream,
        "stream": Current,
        "current_stream": lambda device=None: GPU.stream(device),
        "synchronize": lambda device=None: GPU.wait("synchronize", GPU.all_streams),
        "device": Device,
        "CUDAGraph": Graph,
        "graph": Recording,
        "is_current_stream_capturing": lambda: GPU.stream().graph is not None,
        "get_device_capability": lambda device=None: capability,
        "get_arch_list": lambda: ["sm_75", "sm_80", "sm_90"],
        "get_device_name": lambda device=None: "pretended GPU",
        "get_device_properties": lambda device=None: SimpleNamespace(
            name="pretended GPU", major=capability[0], minor=capability[1], total_memory=2**34
        ),
        "mem_get_info": lambda device=None: (2**30, 2**34),
        "memory_allocated": lambda device=None: 2**20,
        "max_memory_allocated": lambda device=None: 2**24,
        "reset_peak_memory_stats": lambda device=None: GPU.must_be_begun(device),
        "empty_cache": lambda: None,
    }
    looks = {"device": place, "is_cuda": lambda t: place(t).type == "cuda", "is_cpu": lambda t: place(t) == CPU}
    with contextlib.ExitStack() as stack:
        for name, what in there.items():
            stack.enter_context(mock.patch.object(torch.cuda, name, what))
        for name, look in looks.items():
            stack.enter_context(mock.patch.object(Tensor, name, property(look), create=True))
        built = torch.version.cuda or "12.8"  # torchvision, imported in here, compares it with its own
        stack.enter_context(mock.patch.object(torch.version, "cuda", built))
        mps = functools.wraps(torch.backends.mps.is_available)(lambda: kind == "mps")  # torch looks at what is wrapped
        stack.enter_context(mock.patch.object(torch.backends.mps, "is_available", mps))
        stack.enter_context(mock.patch.object(torch.backends.mps, "is_macos_or_newer", return_value=True))
        stack.enter_context(mock.patch.object(torch.autocast, "__init__", there_only))
        stack.enter_context(Calls())
        stack.enter_context(Operations())
        try:
            yield GPU
        finally:
            GPU = None

"""Interrupts at bad moments: a second signal while the first is handled, one while an object is thrown away."""

import signal
import sys
import time

import pytest
from two_signals import two_signals

from lop_tutorial import cli


@pytest.fixture
def interruptible():
    """As a program is; processes that carry out tests for others ignore interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_while_an_object_is_thrown_away_comes_again(monkeypatch, capsys):
    class Interrupted:
        def __del__(self):
            raise KeyboardInterrupt

    class Broken:
        def __del__(self):
            raise ValueError("not an interrupt")

    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    monkeypatch.setattr(cli, "_hear_no_more", lambda: None)
    monkeypatch.setattr(cli, "main", lambda: Interrupted() and time.sleep(60))
    with pytest.raises(SystemExit) as end:
        cli.program()
    assert end.value.code == 130
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(cli, "main", lambda: 0 * bool(Broken()))
    with pytest.raises(SystemExit) as end:
        cli.program()
    assert end.value.code == 0
    assert "ValueError: not an interrupt" in capsys.readouterr().err


@pytest.mark.product
def test_a_second_signal_while_the_first_is_handled_leaves_nothing_raw_nor_half_written():
    cases = list(two_signals("", 20))
    assert len(cases) == 20
    assert [case for case in cases if case[1] != "same"] == []

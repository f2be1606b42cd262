"""The command line as a program: what becomes of errors, of interrupts, and of letters that a console lacks."""

from __future__ import annotations

import _thread
import codecs
import io
import signal
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Any, NoReturn

from lop_tutorial.commands import INTERRUPTED

PLAIN = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "…": "...", "·": ".", "×": "x", "±": "+-", "→": "->", "λ": "lambda"}
)
"""What stands for a character on a console that cannot show it; a question mark for any other."""


def _in_plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    there = error.object[error.start : error.end].translate(PLAIN)
    return there.encode("ascii", "replace").decode(), error.end


codecs.register_error("plain", _in_plain)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, or 2 after one line on what was wrong, or 130 after an interrupt.

    What the console's encoding lacks is written in plain letters: no run ends for a dash in its table.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="plain")
    message = ""
    try:
        code, message = _run(None if arguments is None else list(arguments))
    except KeyboardInterrupt:
        code = INTERRUPTED
    except (ValueError, OSError) as error:
        code, message = 2, str(error)
    if code == INTERRUPTED:  # some versions of typer return it, others raise
        message = "interrupted; what was written until then is kept"
    if message:
        print(f"lop-tutorial: {' '.join(message.splitlines())}", file=sys.stderr)
    return code


def _run(words: list[str] | None) -> tuple[int, str]:
    """Carries out a command; its exit code, and what is wrong with the words that it was given."""
    import typer  # here, since all that is imported takes a second, in which it may be interrupted

    from lop_tutorial.commands.every_command import app
    from lop_tutorial.own_classes import own_code_told

    misused: Any = typer.BadParameter.__mro__[2]  # click's own base class; newer typer carries its own click
    command = typer.main.get_command(app)
    try:
        with own_code_told():
            return command.main(args=words, prog_name="lop-tutorial", standalone_mode=False) or 0, ""
    except typer.Abort:
        return INTERRUPTED, ""
    except misused as error:
        return 2, error.format_message()


def program() -> NoReturn:
    """The command line as a program, which ends with `main`'s code.

    A signal that comes while the program is ending (a second, with torch) changes nothing: the interpreter would end by
    the signal, or print what it interrupted.
    """
    sys.unraisablehook = lambda lost: _once_more(lost, sys._getframe())
    try:
        code = main()
        _hear_no_more()
    except KeyboardInterrupt:  # the second, while the first was told; or the first, just now
        code = INTERRUPTED
        _hear_no_more()
    sys.exit(code)


def _once_more(lost: Any, hook: FrameType) -> None:
    """An interrupt that came while an object was thrown away: Python would show it and go on, here it comes again.

    Once `hook`, in which Python is told so, has been left: an interrupt inside of it would be shown as well.
    """
    if issubclass(lost.exc_type, KeyboardInterrupt):
        _thread.start_new_thread(_interrupt_after, (hook,))
    else:
        sys.__unraisablehook__(lost)


def _interrupt_after(left: FrameType) -> None:
    main_thread = threading.main_thread().ident
    assert main_thread is not None
    while any(frame is left for frame, _ in traceback.walk_stack(sys._current_frames()[main_thread])):
        time.sleep(0.001)
    if hasattr(signal, "pthread_kill"):  # which wakes a main thread that sleeps
        signal.pthread_kill(main_thread, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _hear_no_more() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    program()

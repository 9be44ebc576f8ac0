"""How far a long step has come, as a bar on a terminal.

A log gets the printed lines as they are. Steps know nothing of bars, so that these change no
result and no digest of code: the bar asks for the run's checkpoint.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from threading import Event, Thread

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

# Seconds from one look at the checkpoint to the next.
INTERVAL = 1.0


@contextmanager
def progress_bar(
    description: str, iterations: Callable[[], tuple[int, int] | None]
) -> Iterator[None]:
    """Show a bar below what is printed meanwhile, if that goes to a terminal.

    Args:
        description: stands before the bar.
        iterations: gives those done, and all; None while that is not known.
    """
    terminal = sys.stdout
    if not terminal.isatty():
        yield
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(
        *columns,
        console=Console(file=terminal),
        refresh_per_second=2,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    task = bar.add_task(description, total=None)
    ended = Event()
    mover = Thread(target=_move, args=(bar, task, iterations, ended), daemon=True)
    with bar, redirect_stdout(_Lines(bar)):
        mover.start()
        try:
            yield
        finally:
            ended.set()
            mover.join()


def _move(
    bar: Progress, task: TaskID, iterations: Callable[[], tuple[int, int] | None], ended: Event
) -> None:
    """Move a bar until the step has ended, and once more then."""
    while True:
        last = ended.wait(INTERVAL)
        found = iterations()
        if found:
            bar.update(task, completed=found[0], total=found[1])
        if last:
            return


class _Lines(io.TextIOBase):
    """Prints lines above a bar."""

    def __init__(self, bar: Progress) -> None:
        self.bar, self.rest = bar, ""

    def write(self, text: str) -> int:
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            self.bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        return len(text)

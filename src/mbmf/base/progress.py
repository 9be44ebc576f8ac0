"""Progress bar of a long step, on a terminal.

A log file receives the printed lines unchanged. Steps do not know about the bar: it reads the run's
checkpoint. So the bar changes no result and no digest of code.
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
    """Show a bar below the printed lines, if standard output is a terminal.

    Args:
        description: text before the bar.
        iterations: returns the number of iterations done and the total, or None while these are
            unknown.
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
    """Update a bar until the step ends, and once more at the end."""
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

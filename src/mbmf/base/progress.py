"""How far a long step has come: read from the lines that it prints, shown as a bar on a terminal.

A log gets the lines as they are. Steps know nothing of bars, so that these change no result
and no digest of code.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

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

_ITERATION = re.compile(r"(DAgger )?iteration (\d+)/(\d+)")


def iterations(text: str) -> tuple[int, int] | None:
    """Iterations done, and all, by the last line that says so; None if none does."""
    found = _ITERATION.findall(text)
    if not found:
        return None
    cloning, done, total = found[-1]
    # Iteration 0 of imitation is behaviour cloning, and its lines count from there.
    first = 1 if cloning else 0
    return int(done) + first, int(total) + first


@contextmanager
def progress_bar(description: str) -> Iterator[None]:
    """Show a bar below what is printed meanwhile, if that goes to a terminal."""
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
    with bar, redirect_stdout(_Lines(bar, bar.add_task(description, total=None))):
        yield


class _Lines(io.TextIOBase):
    """Prints lines above a bar, and moves it."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self.bar, self.task, self.rest = bar, task, ""

    def write(self, text: str) -> int:
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            self.bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
            found = iterations(line)
            if found:
                self.bar.update(self.task, completed=found[0], total=found[1])
        return len(text)

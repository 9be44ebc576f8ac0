"""The two ends of a timed conversation: one process per contender, taking turns.

A contender's script calls `serve(task)`; `Contender` starts it and asks for one timed
call at a time, so that both run under the same conditions of the machine.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

# A call this short is timed right after another, as it would be in a run: before it the caches
# hold another contender's data, and that one's threads may not have gone to sleep.
SHORT = 0.5


def serve(tasks: Callable[[], object] | Mapping[str, Callable[[], object]]) -> None:
    """For each line that arrives, the name of a task, time one call and answer with its seconds.

    The first call of each is preceded by one that is not timed, and so is each short one. A
    single task has any name.
    """
    last: dict[str, float] = {}
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        name = line.strip()
        task = tasks if callable(tasks) else tasks[name]
        if last.get(name, 0) < SHORT:
            task()
        started = time.perf_counter()
        task()
        last[name] = time.perf_counter() - started
        print(json.dumps(last[name]), flush=True)


class Contender:
    """A process that does one thing when asked, and says how long it took."""

    def __init__(self, python: Path | str, script: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [str(python), str(script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def _answer(self) -> object:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args!r} ended with {self.process.wait()}")
        return json.loads(line)

    def seconds(self, task: str = "go") -> float:
        """One timed call."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{task}\n")
        self.process.stdin.flush()
        return float(self._answer())  # type: ignore[arg-type]

    def __enter__(self) -> "Contender":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()

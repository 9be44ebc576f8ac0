"""The two ends of a timed conversation: one process per contender, taking turns.

A contender's script calls `serve(task)`; `Contender` starts it and asks for one timed
call at a time, so that both run under the same conditions of the machine.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def serve(task: Callable[[], object]) -> None:
    """Time one call of `task` for each line that arrives, and answer with its seconds."""
    task()  # warm-up
    print(json.dumps("ready"), flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        task()
        print(json.dumps(time.perf_counter() - started), flush=True)


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

    def seconds(self) -> float:
        """One timed call."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return float(self._answer())  # type: ignore[arg-type]

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()

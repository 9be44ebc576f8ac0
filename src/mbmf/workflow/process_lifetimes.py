"""Processes that must not outlive each other, and that must not work at the same place."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import IO

import psutil

from mbmf.base.errors import InputError


def end_with(pid: int) -> None:
    """End this process at once when the process `pid` has ended, however it ended.

    A job whose Snakemake was killed would otherwise go on, and meet the same job of the next
    call at the same checkpoint. Does nothing where the system has no pidfd (Linux 5.3 has).
    """
    if not hasattr(os, "pidfd_open"):
        return
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        os._exit(1)

    def wait() -> None:
        select.select([descriptor], [], [])
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def end_with_dvc() -> None:
    """End this process when the DVC that called it has ended, if one did, or if it has already."""
    stage = os.environ.get("DVC_STAGE")
    if stage is None:
        return
    dvc = _caller_of(stage)
    if dvc is None:
        print(f"the DVC that called stage {stage} has ended, and so does this", file=sys.stderr)
        os._exit(1)
    end_with(dvc)


def _caller_of(stage: str) -> int | None:
    """Process number of the DVC that runs a stage, of which this process is part.

    What DVC calls has the stage's name in its environment; DVC itself is the first ancestor that
    has another or none. Orphans of a dead DVC are adopted by a process that is no Python or, but
    for odd containers, of another session.
    """
    try:
        caller = psutil.Process(os.getppid())
        while caller.environ().get("DVC_STAGE") == stage:
            caller = psutil.Process(caller.ppid())
        is_python = re.search("dvc|py", caller.name()) is not None
        return caller.pid if is_python and os.getsid(caller.pid) == os.getsid(0) else None
    except (psutil.Error, ProcessLookupError):  # ended just now, or of another user as no DVC is
        return None


def end_jobs_on_signals() -> None:
    """Let SIGTERM and SIGINT end this process and its jobs in seconds, as Ctrl-C does.

    Snakemake's own answer to them is to wait for the running jobs, which may take days: only a
    terminal sends SIGINT to the jobs too. A shell starts what it runs in the background with SIGINT
    ignored, and so it stays.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        for job in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):  # it has ended just now
                job.terminate()
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, end)


def remove_left_over(folder: Path) -> None:
    """Remove what `mbmf.storage.atomic_files.written_whole` could not when its process was killed.

    Args:
        folder: of results; nothing may be writing there.
    """
    for path in folder.rglob(".*"):
        if re.fullmatch(r"\..+\.\d+(\.\w+)?", path.name) and path.is_file():
            path.unlink()


def remove_checkpoints(results: Path, incomplete: Path) -> None:
    """Remove the checkpoints of finished runs, once Snakemake knows that they are finished.

    Args:
        results: of a scale; no run may be at work there.
        incomplete: Snakemake's folder of notes on outputs that are perhaps not whole.
    """
    if incomplete.is_dir() and any(incomplete.iterdir()):
        return
    for path in results.glob("runs/**/*.safetensors"):
        if path.with_name("curve.csv").exists():
            path.unlink()


def hold_alone(path: Path) -> IO[str]:
    """Hold a lock file until this process ends, however it ends.

    Args:
        path: of the lock file, made if it is not there.

    Returns:
        The open file; the lock lasts as long as it.

    Raises:
        InputError: another process holds it; names that process. Or another user made it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = path.open("a+", encoding="utf-8")
    except PermissionError:
        raise InputError(
            f"{path}: another user made it; delete it when no call is at work on these results"
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise InputError(
            f"{path}: another call (process {holder}) is at work on these results; wait for it"
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file

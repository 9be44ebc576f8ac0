"""Atomic writing: a file is written completely or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, and move it to `path` when the block succeeds.

    The temporary file is synced to the disk first. A reader sees the old file or the new file,
    never a part. If the block fails, the old file remains. The user's umask decides who may read
    the file, whatever the writer does: safetensors lets its owner alone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The name keeps its suffix, because writers choose the format by it.
    aside = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        aside.touch()
        mode = stat.S_IMODE(aside.stat().st_mode)
        yield aside
        aside.chmod(mode)
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    with written_whole(path) as aside:
        aside.write_text(text, encoding="utf-8")

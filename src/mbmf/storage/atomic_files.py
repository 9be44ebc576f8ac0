"""Writing files: whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place, synced, when the block ends well.

    A reader sees the old file or the new one, never a part; a failed block leaves the old. The
    file has the rights that the umask gives, whatever the writer made of them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The name keeps its suffix, from which writers tell the format.
    aside = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        aside.touch()
        rights = stat.S_IMODE(aside.stat().st_mode)
        yield aside
        # safetensors writes files that only their owner can read.
        aside.chmod(rights)
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole."""
    with written_whole(path) as aside:
        aside.write_text(text, encoding="utf-8")

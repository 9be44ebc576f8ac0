"""Executing a notebook that draws a figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import papermill

from mbmf.files import write_text


def execute_notebook(notebook: Path, output: Path, parameters: dict[str, Any]) -> None:
    """Execute a notebook with parameters and write it with its outputs, whole.

    Papermill writes after each cell; a kill would leave a part of the notebook.

    Raises:
        papermill.PapermillExecutionError: a cell failed; names it and its error.
    """
    executed = papermill.execute_notebook(
        notebook, None, parameters, kernel_name="python3", progress_bar=False
    )
    write_text(output, nbformat.writes(executed) + "\n")  # type: ignore[no-untyped-call]

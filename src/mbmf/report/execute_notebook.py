"""Executing a notebook that draws a figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import papermill
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from mbmf.report.own_jupyter import own_jupyter
from mbmf.storage.atomic_files import write_text


class _ThisPython(AsyncKernelManager):
    """Starts the running Python interpreter, whatever Jupyter's folders call `python3`.

    JUPYTER_PATH or a user's own folder may name a kernel of another environment. Such a kernel
    lacks the package, or has another version of it.
    """

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(resource_dir="", **get_kernel_dict())


def execute_notebook(notebook: Path, output: Path, parameters: dict[str, Any]) -> None:
    """Execute a notebook with parameters, and write it atomically with its outputs.

    Papermill itself writes after each cell, so a kill would leave an incomplete notebook.

    Raises:
        papermill.PapermillExecutionError: a cell failed. The message names it and its error.
    """
    with own_jupyter():
        executed = papermill.execute_notebook(
            notebook,
            None,
            parameters,
            kernel_name="python3",
            language="python",
            kernel_manager_class=_ThisPython,
            progress_bar=False,
        )
    write_text(output, nbformat.writes(executed) + "\n")  # type: ignore[no-untyped-call]

"""The command line: `mbmf <step>`, one command for each step of the workflow.

The exit status is 0, 1 (the step failed, or a verdict changed) or 2 (wrong input, or a file that
this user may not read or write).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from safetensors import SafetensorError

from mbmf.base.errors import DrawingError, InputError, NonFiniteError, SimulationError
from mbmf.base.surroundings import settle

# The order in which they are imported is that of `mbmf --help`.
from mbmf.cli import following, own_folder, play, report, results, runs, upkeep  # noqa: F401
from mbmf.cli.app import app
from mbmf.workflow.process_lifetimes import end_with


def _denied(error: PermissionError) -> str:
    """One line on a file or folder that this user may not read or write."""
    if not isinstance(error.filename, str):
        return str(error)
    path = Path(error.filename).absolute()
    # The name of a temporary file means nothing to the user, so its folder is shown.
    shown = path.parent if path.name.startswith(".") else path
    return f"{shown}: {error.strerror}; this user needs permission to read and write there"


def main() -> None:
    """Entry point of `mbmf`. It prints one line for an error that the user can fix."""
    settle(os.environ)
    if "MBMF_END_WITH" in os.environ:
        end_with(int(os.environ["MBMF_END_WITH"]))
    try:
        app()
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except (DrawingError, NonFiniteError, SimulationError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        os._exit(1)
    except PermissionError as error:
        print(_denied(error), file=sys.stderr)
        sys.exit(2)
    except (OSError, SafetensorError) as error:
        # For example a folder that cannot be written, or a full disk. The system's message is one
        # line.
        print(error, file=sys.stderr)
        sys.exit(1)

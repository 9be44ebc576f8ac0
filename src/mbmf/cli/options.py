"""Options that several commands have, and what their values stand for."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from mbmf.base.errors import InputError, printable

if TYPE_CHECKING:
    from mbmf.agents.spec import AgentSpec

Agent = Annotated[
    str, typer.Option(help="swimmer, half_cheetah, ..., or a name that you give to a --task")
]
Task = Annotated[
    str,
    typer.Option(
        help="name of a shipped task, or a Python file that binds TASK; the --agent if empty"
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="seed of all random streams of the run")]
Threads = Annotated[int, typer.Option(min=1, help="processor threads")]
Output = Annotated[Path, typer.Option(help="page to write")]
Scale = Annotated[str, typer.Option(help="paper, or an overlay in config/: quick, smoke, ...")]
JsonSettings = Annotated[
    str, typer.Option("--settings", help="the run's settings as JSON; keys as in config/")
]
ConfigFiles = Annotated[
    list[Path] | None,
    typer.Option("--configfile", help="overlay, as for Snakemake; replaces --scale"),
]


def agent_of(name: str, task: str) -> AgentSpec:
    """The agent of a name, by its task."""
    from mbmf.agents import AGENTS, get_agent

    if not task and name not in AGENTS:
        raise InputError(
            f"--agent {printable(name)}: unknown agent; should be one of {', '.join(AGENTS)}, or "
            "have a --task"
        )
    return get_agent(task or name, name)


def results_of(scale: str) -> Path:
    """Folder of a scale's results."""
    results = Path("results") / scale
    if not re.fullmatch(r"[a-z][a-z0-9_]*", scale) or not results.is_dir():
        raise InputError(
            f"--scale {printable(scale)}: there is no folder {printable(results)} here; "
            "the workflow makes it"
        )
    return results


def settings_of(kind: Any, text: str) -> Any:
    """Settings of a kind, from JSON."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        problems = [
            f"--settings: {'.'.join(map(printable, details['loc'])) or 'JSON'}: {details['msg']}"
            for details in error.errors()
        ]
        raise InputError("\n".join(problems)) from None


def json_of(option: str, text: str) -> dict[str, Any]:
    """The mapping that an option holds as JSON."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise InputError(f"{option}: should be JSON ({error})") from None
    if not isinstance(content, dict):
        raise InputError(f"{option}: should be a JSON object")
    return content


def device_of(name: str) -> str:
    """The device of a name, if this machine has it."""
    import torch

    try:
        torch.zeros(1, device=name).item()
        # TF32 is off by default, but a variable of NVIDIA's images switches it on. Results would
        # then differ.
        torch.backends.cuda.matmul.allow_tf32 = False
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"--device {printable(name)}: not available on this machine ({reason})"
        ) from None
    return name


def can_draw(clip: Path) -> bool:
    """Whether MuJoCo can draw here. If not, a picture of what is missing takes a clip's place.

    The rest of the workflow continues.
    """
    from mbmf.agents.gl_backends import NEEDED, choose_backend, write_message

    if choose_backend() is not None:
        return True
    print(NEEDED, file=sys.stderr)
    write_message(f"No clip: {NEEDED}; then remove this file and run the workflow.", clip)
    return False

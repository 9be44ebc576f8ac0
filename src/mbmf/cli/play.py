"""The command that shows a trained agent."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from mbmf.base.errors import DrawingError, InputError
from mbmf.cli.app import app
from mbmf.cli.options import Task


def _screen_answers() -> bool:
    """Whether a window can be opened, tried in its own process; on macOS nothing is tried."""
    trial = "import glfw, sys; sys.exit(not glfw.init())"
    command = [sys.executable, "-W", "ignore", "-c", trial]
    if platform.system() == "Darwin":
        return True
    try:
        return not subprocess.run(command, check=False, timeout=10).returncode
    except subprocess.TimeoutExpired:
        return False


@app.command()
def play(
    agent: Annotated[str, typer.Argument(help="swimmer, half_cheetah, hopper, ant")],
    method: Annotated[str, typer.Argument(help="Mb, imitation, Mf or Mb-Mf")],
    seed: Annotated[int, typer.Option(min=0, help="seed of the run")] = 0,
    start: Annotated[int, typer.Option(min=0, help="seed of the first state")] = 0,
    scale: Annotated[str, typer.Option(help="of the results: paper, quick, ...")] = "paper",
    steps: Annotated[
        int | None, typer.Option(min=1, help="most steps of the rollout; 5 s of a clip by default")
    ] = None,
    settings: Annotated[
        str, typer.Option(help="digest in the run's path, if there are several")
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option(
            help="clip to write, .webp; without it a window opens if there is a screen "
            "(macOS: `mjpython -m mbmf.cli play ...`)"
        ),
    ] = None,
    task: Task = "",
) -> None:
    """Show a trained agent of Figure 7, in a window or as a clip."""
    from mbmf.agents.gl_backends import NEEDED, choose_backend, has_screen

    if output is not None and output.suffix != ".webp":
        raise InputError(f"--output {output}: should end in .webp")
    in_window = output is None and has_screen() and _screen_answers()
    # MuJoCo reads which backend it has when it is imported.
    if not in_window and choose_backend() is None:
        raise DrawingError(NEEDED)
    import torch

    from mbmf.agents.mujoco_agent import MujocoAgent
    from mbmf.clips import gait, window
    from mbmf.steps.trained_agents import load
    from mbmf.storage.atomic_files import written_whole

    torch.set_num_threads(1)
    trained = load(agent, method, seed, scale=scale, task=task, settings=settings)
    spec = trained.spec
    if not isinstance(spec, MujocoAgent):
        raise InputError(f"{agent}: not one of MuJoCo's bodies that mbmf draws")
    rollout = trained.rollout(steps or gait.clip_steps(spec), start)
    print(f"{agent}, {method}: return {rollout.returns[0]:.2f} in {rollout.lengths[0]} steps")
    if in_window:
        window.show(spec, rollout)
        return
    clip = output or Path(f"{agent}_{method}.webp")
    with written_whole(clip) as aside:
        aside.write_bytes(gait.encoded(gait.clip(spec, {method: rollout})))
    print(clip)

"""The step that draws an agent along its paths."""

from __future__ import annotations

from pathlib import Path

from mbmf.agents.gl_backends import write_message
from mbmf.agents.mujoco_agent import MujocoAgent
from mbmf.agents.paths.base import get_trajectories
from mbmf.agents.spec import AgentSpec
from mbmf.clips import gait
from mbmf.clips.following import clip
from mbmf.steps.following import read_followed
from mbmf.storage.atomic_files import written_whole

HORIZONTAL = {"com x [m]", "com y [m]"}


def write_clip(spec: AgentSpec, paths: str, rollouts: Path, output: Path) -> None:
    """Draw the rollouts along an agent's paths.

    An agent that is not a `MujocoAgent` has no clip. A picture with a message takes its place.

    Args:
        spec: the agent.
        paths: its file of trajectories.
        rollouts: file of `mbmf.steps.following.write_following`.
        output: animated WebP to write.

    Raises:
        InputError: the rollouts are missing or damaged, or have another agent.
    """
    if not isinstance(spec, MujocoAgent):
        write_message(f"No clip: {spec.name} is none of MuJoCo's bodies that mbmf draws.", output)
        return
    position = get_trajectories(paths, spec).position
    frames = clip(spec, read_followed(rollouts, spec), set(position) == HORIZONTAL)
    with written_whole(output) as aside:
        aside.write_bytes(gait.encoded(frames))

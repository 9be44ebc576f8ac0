"""Short clips of how an agent moves under each controller."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mbmf.agents.bodies import build_model
from mbmf.agents.drawing import Painter, Picture
from mbmf.agents.mujoco_agent import MujocoAgent
from mbmf.agents.physics import mujoco
from mbmf.method.rollouts import Rollouts

Array = NDArray[np.float64]

# Every 0.08 s is a whole number of each agent's simulator steps.
SECONDS, FRAMES_PER_SECOND = 5.0, 12.5
PANEL = (260, 170)  # width, height, pixels
LARGEST = 200_000  # bytes of a clip: the report holds all of them
_QUALITIES = (70, 55, 40, 25, 10)


def clip_steps(spec: MujocoAgent) -> int:
    """Maximum number of environment steps that a clip shows."""
    return round(SECONDS * spec.view.speed / spec.dt)


def positions(spec: MujocoAgent, model: Any, rollout: Rollouts, interval: float) -> Array:
    """Joint positions every `interval` seconds of one rollout, also between its steps.

    Each environment step is simulated again from the recorded state, so that errors do not
    accumulate.

    Args:
        spec: the agent.
        model: MuJoCo model, from `build_model`.
        rollout: one rollout. Its recorded actions must have been executed without noise.
        interval: time between two positions, s.

    Returns:
        (F, nq).
    """
    if len(rollout) != 1:
        raise ValueError(f"rollout should hold one rollout, holds {len(rollout)}")
    data = mujoco.MjData(model)
    hidden, nq, nv = spec.hidden_positions, model.nq, model.nv
    substeps = round(interval / spec.timestep)
    shown, passed = [], 0
    for step in range(int(rollout.lengths[0])):
        state = rollout.states[0, step]
        data.qpos[:] = 0
        data.qpos[hidden:] = state[: nq - hidden]
        data.qvel[:] = state[nq - hidden : nq - hidden + nv]
        if hidden:  # the root's x, which follows from the centre of mass
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            data.qpos[0] = state[spec.layout["com"]][0] - data.subtree_com[0, 0]
        data.ctrl[:] = rollout.actions[0, step]
        data.qacc_warmstart[:] = 0
        for _ in range(spec.frame_skip):
            if passed % substeps == 0:
                shown.append(data.qpos.copy())
            mujoco.mj_step(model, data)
            passed += 1
    return np.array(shown).reshape(-1, nq)


def clip(spec: MujocoAgent, rollouts: dict[str, Rollouts]) -> list[Image.Image]:
    """Frames of the rollouts side by side, two in a row, each under its name.

    A rollout that ends early keeps showing its last picture.

    Args:
        spec: the agent.
        rollouts: one rollout for each controller, by the controller's name.
    """
    model, painter = build_model(spec), Painter(spec, *PANEL)
    interval = spec.view.speed / FRAMES_PER_SECOND
    panels = []
    for name, rollout in rollouts.items():
        joints = positions(spec, model, rollout, interval)
        steps = np.arange(len(joints)) * interval / spec.dt
        com = rollout.states[0, :, spec.layout["com"]][:, 0]
        forward = np.interp(steps, np.arange(len(com)), com) - com[0]
        labels = [f"{name}: {round(x, 1) + 0.0:+.1f} m" for x in forward]
        if rollout.lengths[0] < rollout.actions.shape[1]:
            labels[-1] += " (over)"
        panels.append(
            [
                labelled(painter.picture(qpos), label)
                for qpos, label in zip(joints, labels, strict=True)
            ]
        )
    painter.close()
    return grid(panels)


def grid(panels: Sequence[Sequence[Image.Image]]) -> list[Image.Image]:
    """Frames of panels side by side, two in a row. A short panel keeps its last frame."""
    count = max(map(len, panels))
    return [
        _grid([panel[min(frame, len(panel) - 1)] for panel in panels]) for frame in range(count)
    ]


def labelled(picture: Picture, text: str) -> Image.Image:
    """A picture with a line of text above it."""
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, image.width, 20), fill="white")
    draw.text((6, 2), text, fill="black", font=ImageFont.load_default(14))
    return image


def _grid(panels: Sequence[Image.Image]) -> Image.Image:
    width, height = panels[0].size
    columns, rows = min(len(panels), 2), (len(panels) + 1) // 2
    size = (columns * (width + 4) - 4, rows * (height + 4) - 4)
    whole = Image.new("RGB", size, "white")
    for index, panel in enumerate(panels):
        whole.paste(panel, (index % 2 * (width + 4), index // 2 * (height + 4)))
    return whole


def encoded(frames: Sequence[Image.Image]) -> bytes:
    """An endlessly repeated animated WebP, at the best quality with at most LARGEST bytes.

    If no quality is small enough, only every second frame is used, then only every fourth.
    """
    for every in (1, 2, 4):
        for quality in _QUALITIES:
            content = _webp(frames[::every], every / FRAMES_PER_SECOND, quality)
            if len(content) <= LARGEST:
                return content
    return content


def _webp(frames: Sequence[Image.Image], seconds: float, quality: int) -> bytes:
    buffer = BytesIO()
    frames[0].save(
        buffer,
        format="WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=round(1000 * seconds),
        loop=0,
        quality=quality,
        method=4,
    )
    return buffer.getvalue()

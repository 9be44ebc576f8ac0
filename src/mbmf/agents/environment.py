"""The agents' gymnasium environments with pictures: a single body (`Env`) and a batch."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

from mbmf.agents.batched_environment import (
    Actions,
    Array,
    BatchedAgentEnv,
    frames_per_second,
    spaces,
    spec_of,
)
from mbmf.agents.mujoco_agent import MujocoAgent
from mbmf.agents.spec import AgentSpec, SimulatedBodies
from mbmf.base.errors import DrawingError
from mbmf.base.render_modes import RENDER_MODES, checked_render_mode, warn_of_no_mode

Picture = NDArray[np.uint8]

_PICTURE = (640, 480)  # width, height, pixels: the largest that gymnasium's models allow


class _Pictures:
    """Pictures of bodies; the renderer is made for the first picture and is never copied."""

    def __init__(self, spec: AgentSpec, bodies: SimulatedBodies) -> None:
        self._spec, self._bodies = spec, bodies
        self._painter: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _Pictures, (self._spec, self._bodies)

    def draw(self) -> tuple[Picture, ...]:
        """One picture (480, 640, 3) of each body.

        Raises:
            DrawingError: MuJoCo cannot draw on this machine, or does not simulate the agent.
        """
        if not isinstance(self._spec, MujocoAgent):
            raise DrawingError(
                f"{self._spec.name} is a gymnasium environment, which draws its own pictures"
            )
        if self._painter is None:
            # MuJoCo's renderer loads slowly, and most environments are never drawn.
            from mbmf.agents.drawing import Painter

            self._painter = Painter(self._spec, *_PICTURE)
        last = 1 + len(self._spec.positions)
        return tuple(
            self._painter.picture(qpos) for qpos in self._bodies.get_sim_state()[:, 1:last]
        )

    def close(self) -> None:
        """Free the resources of the GL library."""
        if self._painter is not None:
            self._painter.close()
        self._painter = None


class AgentEnv(gymnasium.Env[Array, Actions]):
    """One body; the time limit is `gymnasium.make`'s TimeLimit.

    A step's info holds the terms of the reward, see `AgentSpec.reward_terms`. A copy of the
    environment, by `copy.deepcopy` or `pickle`, continues with the same bits.

    Args:
        agent: the agent, or the name of a shipped one.
        render_mode: "rgb_array" for pictures, or None.

    Raises:
        ValueError: unknown agent or render mode.
    """

    # gymnasium reads the class attribute before it makes an environment.
    metadata = {"render_modes": list(RENDER_MODES)}  # noqa: RUF012

    def __init__(self, agent: AgentSpec | str, *, render_mode: str | None = None) -> None:
        self.agent = spec_of(agent)
        self.metadata = self.metadata | {"render_fps": frames_per_second(self.agent)}
        self.render_mode = checked_render_mode(render_mode)
        self.observation_space, self.action_space = spaces(self.agent)
        self.bodies = self.agent.make_bodies(1)
        self._pictures = _Pictures(self.agent, self.bodies)
        self._started = False

    @property
    def dt(self) -> float:
        """Duration of one environment step, s."""
        return self.agent.dt

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Start an episode; see `gymnasium.Env.reset`."""
        super().reset(seed=seed, options=options)
        self.bodies.reset([0], [self.np_random])
        self._started = True
        return self.bodies.states[0].copy(), {}

    def step(self, action: Actions) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """One step; see `gymnasium.Env.step`. Actions are clipped to the box.

        Raises:
            ResetNeeded: no episode has been started.
            ValueError: the action has a wrong shape, or is not finite.
            SimulationError: the simulation diverged.
        """
        if not self._started:
            raise ResetNeeded("step() before reset()")
        clipped = np.clip(np.asarray(action, dtype=np.float64)[None], -1, 1)
        self.bodies.step(clipped)
        states = self.bodies.states.copy()
        reward = float(self.agent.reward(states, clipped)[0])
        terms = self.agent.reward_terms(states, clipped)
        info = {name: float(value[0]) for name, value in terms.items()}
        return states[0], reward, bool(self.bodies.over()[0]), False, info

    def render(self) -> Any:
        """Picture (480, 640, 3), uint8, of the body's current state; None without a render mode.

        Raises:
            ResetNeeded: no episode has been started.
            DrawingError: MuJoCo cannot draw on this machine.
        """
        if self.render_mode is None:
            warn_of_no_mode()
            return None
        if not self._started:
            raise ResetNeeded("render() before reset()")
        return self._pictures.draw()[0]

    def close(self) -> None:
        """End the simulator."""
        self._pictures.close()
        self.bodies.close()


class DrawnBatchedAgentEnv(BatchedAgentEnv):
    """A batch that can draw its bodies. `gymnasium.make_vec` makes it.

    Args:
        agent: the agent, or the name of a shipped one.
        num_envs: B.
        render_mode: "rgb_array" for pictures, or None.
        options: further arguments of `BatchedAgentEnv`.

    Raises:
        ValueError: as for `BatchedAgentEnv`, or the render mode is unknown.
    """

    metadata = {"render_modes": list(RENDER_MODES)}  # noqa: RUF012

    def __init__(
        self,
        agent: AgentSpec | str,
        num_envs: int = 1,
        *,
        render_mode: str | None = None,
        **options: Any,
    ) -> None:
        checked = checked_render_mode(render_mode)
        super().__init__(agent, num_envs, **options)
        self.render_mode = checked
        self.metadata = DrawnBatchedAgentEnv.metadata | self.metadata
        self._pictures = _Pictures(self.agent, self.bodies)

    def render(self) -> tuple[Picture, ...] | None:
        """A picture (480, 640, 3), uint8, of each body; None without a render mode.

        Raises:
            ResetNeeded: a body has not been reset yet.
            DrawingError: MuJoCo cannot draw on this machine.
        """
        if self.render_mode is None:
            warn_of_no_mode()
            return None
        self.check_started("render")
        return self._pictures.draw()

    def close_extras(self, **kwargs: Any) -> None:
        """End the threads, and free the resources of the GL library."""
        self._pictures.close()
        super().close_extras(**kwargs)

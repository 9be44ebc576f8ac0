"""A batch of bodies as a gymnasium environment (`VectorEnv`), without pictures.

The drawing code is in `mbmf.agents.environment`, so that no run depends on it.
"""

from __future__ import annotations

import math
import operator
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Box
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from mbmf.agents import get_agent
from mbmf.agents.spec import AgentSpec

Array = NDArray[np.float64]
Actions = NDArray[np.float32]
Mask = NDArray[np.bool_]


def spec_of(agent: AgentSpec | str) -> AgentSpec:
    """The agent itself, or the shipped agent of that name, which gymnasium's registry holds."""
    return get_agent(agent) if isinstance(agent, str) else agent


def spaces(spec: AgentSpec) -> tuple[Any, Any]:
    """Observation space (the state) and action space of one body, both Box."""
    observation = Box(-np.inf, np.inf, (spec.state_dim,), np.float64)
    return observation, Box(-1.0, 1.0, (spec.action_dim,), np.float32)


def frames_per_second(spec: AgentSpec) -> int:
    """Environment steps per second, rounded as in gymnasium's own MuJoCo tasks."""
    return max(1, round(1 / spec.dt))


def _masked(values: dict[str, Array], mask: Mask) -> dict[str, Any]:
    """Values (B,) of the bodies in the mask (B,), in the format of `VectorEnv._add_info`."""
    if not mask.any():
        return {}
    info: dict[str, Any] = {}
    for name, value in values.items():
        info[name] = np.where(mask, value, 0.0)
        info[f"_{name}"] = mask.copy()
    return info


class BatchedAgentEnv(gymnasium.vector.VectorEnv[Array, Actions, Any]):
    """A batch of bodies that are stepped together. The paper's agents use C++ threads.

    In every autoreset mode it behaves like gymnasium's SyncVectorEnv of `AgentEnv`s with a time
    limit. Seed s starts body i in the same way as seed s + i starts a single body. So two runs
    with neighbouring seeds would share bodies. To avoid this, draw a seed for each body and give
    the list. `AgentEnv` documents the info of a step and copies of the environment.

    Args:
        agent: the agent, or the name of a shipped one.
        num_envs: B.
        num_threads: number of threads that step the bodies.
        max_episode_steps: time limit, or −1 for none. The default is the agent's own limit.
        autoreset_mode: what happens to a body whose episode is over.

    Raises:
        ValueError: unknown agent or autoreset mode; a number that is not positive.
    """

    def __init__(
        self,
        agent: AgentSpec | str,
        num_envs: int = 1,
        *,
        num_threads: int = 1,
        max_episode_steps: int | None = None,
        autoreset_mode: AutoresetMode = AutoresetMode.NEXT_STEP,
    ) -> None:
        super().__init__()
        self._spec: EnvSpec | None = None
        self.agent = spec_of(agent)
        self._limit = _limit(self.agent, max_episode_steps)
        self.bodies = self.agent.make_bodies(num_envs, num_threads)
        self.num_envs = num_envs
        self.single_observation_space, self.single_action_space = spaces(self.agent)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._mode = AutoresetMode(autoreset_mode)
        self.metadata = {
            "render_fps": frames_per_second(self.agent),
            "autoreset_mode": self._mode,
        }
        self._generators, self._seeds = map(
            list, zip(*(seeding.np_random() for _ in range(num_envs)), strict=True)
        )
        self._started = np.zeros(num_envs, dtype=np.bool_)
        self._steps = np.zeros(num_envs, dtype=np.int64)
        self._over = np.zeros(num_envs, dtype=np.bool_)

    @property
    def spec(self) -> EnvSpec | None:
        """Gymnasium's specification of this environment, with the time limit in use."""
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        limit = None if math.isinf(self._limit) else int(self._limit)
        self._spec = spec and replace(spec, max_episode_steps=limit)

    @property
    def dt(self) -> float:
        """Duration of one environment step, s."""
        return self.agent.dt

    @property  # type: ignore[misc]
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """Generator of each body, as in SyncVectorEnv."""
        return tuple(self._generators)

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """Seed of each body's generator."""
        return tuple(self._seeds)

    def reset(
        self,
        *,
        seed: int | list[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Array, dict[str, Any]]:
        """Start episodes of all bodies, or of those in options["reset_mask"], bool (B,).

        Raises:
            ValueError: the number of seeds differs from the number of bodies, or the mask has a
                wrong shape or type, or selects no body.
        """
        seeds = self._seed_of_each(seed)
        mask = np.asarray((options or {}).get("reset_mask", np.ones(self.num_envs, np.bool_)))
        if mask.shape != (self.num_envs,) or mask.dtype != np.bool_ or not mask.any():
            raise ValueError(
                f"reset_mask should be a boolean array ({self.num_envs},) with at least one True"
            )
        rows = np.flatnonzero(mask)
        for row in rows:
            if seeds[row] is not None:
                self._generators[row], self._seeds[row] = seeding.np_random(seeds[row])
        self._restart(rows)
        return self.bodies.states.copy(), {}

    def step(
        self, actions: Actions
    ) -> tuple[Array, Array, NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """One step of all bodies; actions (B, A) are clipped to the box.

        Raises:
            ResetNeeded: a body has not been reset yet.
            ValueError: the actions have a wrong shape or are not finite; or autoreset is disabled
                and a body whose episode is over has not been reset.
            SimulationError: a body's simulation diverged.
        """
        if np.shape(actions) != self.action_space.shape:
            raise ValueError(
                f"actions have the shape {np.shape(actions)}, should be {self.action_space.shape}"
            )
        self.check_started("step")
        clipped = np.clip(np.asarray(actions, dtype=np.float64), -1, 1)
        waiting = self._over.copy()
        if waiting.any() and self._mode == AutoresetMode.DISABLED:
            raise ValueError(f"bodies {np.flatnonzero(waiting)} are over and must be reset first")
        going = np.flatnonzero(~waiting)
        if not waiting.any():
            self.bodies.step(clipped)
        elif len(going):
            self.bodies.step(clipped[going], going)
        self._steps[going] += 1
        if waiting.any():
            self._restart(np.flatnonzero(waiting))
        states = self.bodies.states.copy()
        rewards = np.where(waiting, 0.0, self.agent.reward(states, clipped))
        terms = self.agent.reward_terms(states, clipped)
        terminated = self.bodies.over() & ~waiting
        truncated = (self._steps >= self._limit) & ~waiting
        self._over = terminated | truncated
        if self._over.any() and self._mode == AutoresetMode.SAME_STEP:
            over = self._over.copy()
            info = self._final(states, terms) | _masked(terms, ~over)
            self._restart(np.flatnonzero(over))
            return self.bodies.states.copy(), rewards, terminated, truncated, info
        return states, rewards, terminated, truncated, _masked(terms, ~waiting)

    def get_sim_state(self) -> Any:
        """States of the simulator, (B, n) for the paper's agents; without the generators."""
        return self.bodies.get_sim_state()

    def set_sim_state(self, sim_states: Any) -> Array:
        """Restore states from `get_sim_state`; the environment then continues with the same bits.

        This needs the same autoreset mode and the same time limit.

        Returns:
            Observations (B, S).

        Raises:
            ValueError: the states have a wrong shape, or are not finite.
        """
        self.bodies.set_sim_state(sim_states)
        self._steps = self.bodies.steps_taken()
        self._over = self.bodies.over() | (self._steps >= self._limit)
        self._started[:] = True
        return self.bodies.states.copy()

    def close_extras(self, **_kwargs: Any) -> None:
        """End the threads."""
        self.bodies.close()

    def check_started(self, what: str) -> None:
        """Raise ResetNeeded, which names the calling method, unless all bodies have been reset."""
        if not self._started.all():
            raise ResetNeeded(f"{what}() before reset(), bodies {np.flatnonzero(~self._started)}")

    def _seed_of_each(self, seed: int | list[int | None] | None) -> list[int | None]:
        """One seed for each body, or None if the body keeps its generator."""
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, (int, np.integer)):
            return [int(seed) + body for body in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ValueError(f"{len(seed)} seeds for {self.num_envs} bodies")
        return [None if one is None else operator.index(one) for one in seed]

    def _restart(self, rows: NDArray[np.intp]) -> None:
        self.bodies.reset(rows.tolist(), [self._generators[row] for row in rows])
        self._steps[rows] = 0
        self._over[rows] = False
        self._started[rows] = True

    def _final(self, states: Array, terms: dict[str, Array]) -> dict[str, Any]:
        """Info on the last steps of the bodies whose episode is over, as in SyncVectorEnv."""
        last = np.full(self.num_envs, None, dtype=object)
        for row in np.flatnonzero(self._over):
            last[row] = states[row].copy()
        return {
            "final_obs": last,
            "_final_obs": self._over.copy(),
            "final_info": _masked(terms, self._over),
            "_final_info": self._over.copy(),
        }


def _limit(spec: AgentSpec, steps: int | None) -> float:
    """Time limit of an episode, steps; infinity if `steps` is −1, as in gymnasium's registry.

    Raises:
        ValueError: `steps` is another number below 1.
    """
    if steps is None:
        return spec.episode_steps
    if steps == -1:
        return math.inf
    if steps < 1:
        raise ValueError(f"max_episode_steps should be 1 at least, or -1 for none, is {steps}")
    return steps

"""The agents as gymnasium environments: a batch (`VectorEnv`) and a single one (`Env`)."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from mbmf.agents.bodies import Array, Bodies
from mbmf.agents.rewards import reward_function
from mbmf.agents.specs import AgentSpec, get_agent

Actions = NDArray[np.float32]


def _spaces(spec: AgentSpec) -> tuple[Any, Any]:
    """Observation space (the state) and action space of one body, both Box."""
    observation = Box(-np.inf, np.inf, (spec.state_dim,), np.float64)
    return observation, Box(-1.0, 1.0, (spec.action_dim,), np.float32)


class AgentEnv(gymnasium.Env[Array, Actions]):
    """One body; the time limit is `gymnasium.make`'s TimeLimit.

    Args:
        agent: name of the agent.
    """

    def __init__(self, agent: str) -> None:
        self.agent = get_agent(agent)
        self.metadata = {"render_modes": []}
        self.observation_space, self.action_space = _spaces(self.agent)
        self.bodies = Bodies(self.agent, 1)
        self._reward = reward_function(self.agent, self.agent.reward)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Start an episode; see `gymnasium.Env.reset`."""
        super().reset(seed=seed, options=options)
        self.bodies.reset([0], [self.np_random])
        return self.bodies.states[0].copy(), {}

    def step(self, action: Actions) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """One step; see `gymnasium.Env.step`. Actions are clipped to the box."""
        clipped = np.clip(np.asarray(action, dtype=np.float64)[None], -1, 1)
        self.bodies.step(clipped)
        states = self.bodies.states.copy()
        reward = float(self._reward(states, clipped)[0])
        return states[0], reward, bool(self.bodies.over()[0]), False, {}

    def close(self) -> None:
        """End the simulator."""
        self.bodies.close()


class BatchedAgentEnv(gymnasium.vector.VectorEnv[Array, Actions, Any]):
    """A batch of bodies, stepped together in C++ threads.

    Behaves as gymnasium's SyncVectorEnv of `AgentEnv`s with a time limit, in every
    autoreset mode: seed s starts body i as seed s + i starts a single one. Runs of
    neighbouring seeds would share bodies so; give a list of seeds drawn for each body.

    Args:
        agent: name of the agent.
        num_envs: B.
        num_threads: C++ threads.
        max_episode_steps: time limit; the agent's own by default.
        autoreset_mode: what happens to a body whose episode is over.

    Raises:
        ValueError: unknown agent; a number that is not positive.
    """

    def __init__(
        self,
        agent: str,
        num_envs: int = 1,
        *,
        num_threads: int = 1,
        max_episode_steps: int | None = None,
        autoreset_mode: AutoresetMode = AutoresetMode.NEXT_STEP,
    ) -> None:
        super().__init__()
        self.agent = get_agent(agent)
        if max_episode_steps is not None and max_episode_steps < 1:
            raise ValueError(f"max_episode_steps should be 1 at least, is {max_episode_steps}")
        self.bodies = Bodies(self.agent, num_envs, num_threads)
        self._reward = reward_function(self.agent, self.agent.reward)
        self.num_envs = num_envs
        self.single_observation_space, self.single_action_space = _spaces(self.agent)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.metadata = {"render_modes": [], "autoreset_mode": AutoresetMode(autoreset_mode)}
        self._limit = max_episode_steps or self.agent.episode_steps
        self._mode = AutoresetMode(autoreset_mode)
        self._generators = [np.random.default_rng() for _ in range(num_envs)]
        self._steps = np.zeros(num_envs, dtype=np.int64)
        self._over = np.zeros(num_envs, dtype=np.bool_)

    @property
    def dt(self) -> float:
        """Duration of one environment step, s."""
        return self.agent.dt

    def reset(
        self,
        *,
        seed: int | list[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Array, dict[str, Any]]:
        """Start episodes of all bodies, or of those in options["reset_mask"], bool (B,).

        Raises:
            ValueError: as many seeds as bodies are needed; a mask of another shape or type.
        """
        generators = self._new_generators(seed)
        mask = np.asarray((options or {}).get("reset_mask", np.ones(self.num_envs, np.bool_)))
        if mask.shape != (self.num_envs,) or mask.dtype != np.bool_ or not mask.any():
            raise ValueError(
                f"reset_mask should be a boolean array ({self.num_envs},), one at least True"
            )
        rows = np.flatnonzero(mask)
        for row in rows:
            self._generators[row] = generators[row] or self._generators[row]
        self._restart(rows)
        return self.bodies.states.copy(), {}

    def step(
        self, actions: Actions
    ) -> tuple[Array, Array, NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """One step of all bodies; actions (B, A) are clipped to the box.

        Raises:
            ValueError: actions of another shape or not finite; with autoreset disabled, a
                body whose episode is over has not been reset.
            SimulationError: a body's simulation diverged.
        """
        if np.shape(actions) != self.action_space.shape:
            raise ValueError(
                f"actions have the shape {np.shape(actions)}, should be {self.action_space.shape}"
            )
        clipped = np.clip(np.asarray(actions, dtype=np.float64), -1, 1)
        waiting = self._over.copy()
        if waiting.any() and self._mode == AutoresetMode.DISABLED:
            raise ValueError(f"bodies {np.flatnonzero(waiting)} are over and must be reset first")
        going = np.flatnonzero(~waiting)
        if len(going):
            self.bodies.step(clipped[going], going)
        self._steps[going] += 1
        if waiting.any():
            self._restart(np.flatnonzero(waiting))
        states = self.bodies.states.copy()
        rewards = np.where(waiting, 0.0, self._reward(states, clipped))
        terminated = self.bodies.over() & ~waiting
        truncated = (self._steps >= self._limit) & ~waiting
        self._over = terminated | truncated
        info: dict[str, Any] = {}
        if self._over.any() and self._mode == AutoresetMode.SAME_STEP:
            info = self._final(states)
            self._restart(np.flatnonzero(self._over))
            states = self.bodies.states.copy()
        return states, rewards, terminated, truncated, info

    def get_sim_state(self) -> Array:
        """(B, n) states of the simulator, see `Bodies.get_sim_state`; not the generators'."""
        return self.bodies.get_sim_state()

    def set_sim_state(self, sim_states: Array) -> Array:
        """Go on from what `get_sim_state` gave, with the same bits; in the same mode and limit.

        The steps taken in the episode follow from the simulator's clock.

        Returns:
            Observations (B, S).

        Raises:
            ValueError: states of another shape, or not finite.
        """
        self.bodies.set_sim_state(sim_states)
        clocks = self.bodies.get_sim_state()[:, 0]
        self._steps = np.rint(clocks / self.dt).astype(np.int64)
        self._over = self.bodies.over() | (self._steps >= self._limit)
        return self.bodies.states.copy()

    def close_extras(self, **_kwargs: Any) -> None:
        """End the threads."""
        self.bodies.close()

    def _new_generators(
        self, seed: int | list[int | None] | None
    ) -> list[np.random.Generator | None]:
        """One generator for each body; None where it keeps its own."""
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, (int, np.integer)):
            seed = [int(seed) + body for body in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise ValueError(f"{len(seed)} seeds for {self.num_envs} bodies")
        return [None if one is None else np.random.default_rng(one) for one in seed]

    def _restart(self, rows: NDArray[np.intp]) -> None:
        self.bodies.reset(rows.tolist(), [self._generators[row] for row in rows])
        self._steps[rows] = 0
        self._over[rows] = False

    def _final(self, states: Array) -> dict[str, Any]:
        """Last observations of the bodies whose episode is over, as SyncVectorEnv tells them."""
        final: dict[str, Any] = {}
        for row in np.flatnonzero(self._over):
            last = {"final_obs": states[row].copy(), "final_info": {}}
            final = self._add_info(final, last, int(row))
        return final

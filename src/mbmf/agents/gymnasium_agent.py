"""A task of your own from any environment of gymnasium's that observes and acts in boxes.

The environment simulates. What it does not tell, and the planner needs, is the reward as a
function of the next state and the action, for the planner asks for it in states that the dynamics
model predicts; so you write that. See `examples/pendulum.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from mbmf.agents.spec import AgentSpec, SimulatedBodies, StartKind
from mbmf.base.errors import InputError, SimulationError

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class GymnasiumAgent(AgentSpec):
    """A task on an environment of gymnasium's. Subclass it, and give `reward`.

    The state is the environment's observation; actions live in [−1, 1] and are stretched to the
    environment's box. Every kind of rollout starts as the environment's own reset does.

    `reward(next_state, action)` gets NumPy arrays from the environment and torch tensors from the
    planner. Returns sum it, not what the environment pays. Where the environment ends episodes,
    give `terminated(state)` too: the planner then knows. The end itself is the environment's word.

    What an environment does must follow from the seed of its reset and the actions since. No
    pictures are drawn of it, and so no clip.

    Attributes:
        environment: gymnasium's identifier, "module:name" for one that a module registers.
        observation_names: name and unit of each element of the observation.
    """

    environment: str
    observation_names: tuple[str, ...]

    @property
    def state_names(self) -> tuple[str, ...]:
        """Name and unit of each state element."""
        return self.observation_names

    @property
    def action_dim(self) -> int:
        """A, elements of the action."""
        return len(self.action_box[0])

    @property
    def dt(self) -> float:
        """Duration of one environment step, s; 1 where the environment has no `dt`."""
        return self._facts[1]

    @property
    def action_box(self) -> tuple[Array, Array]:
        """(A,) lowest and highest action of the environment."""
        return self._facts[0]

    def make_environment(self) -> gymnasium.Env[Any, Any]:
        """One environment, without a time limit.

        Raises:
            InputError: there is none of that name, or it cannot be made.
        """
        try:
            return gymnasium.make(self.environment, max_episode_steps=-1)
        except (gymnasium.error.Error, ImportError, TypeError) as error:
            raise InputError(f"{self.name}: environment {self.environment}: {error}") from error

    def make_bodies(self, count: int, num_threads: int = 1) -> SimulatedBodies:
        """See `AgentSpec.make_bodies`; they are stepped one after the other."""
        if count < 1 or num_threads < 1:
            raise ValueError(
                f"count and num_threads should be 1 at least, are {count} and {num_threads}"
            )
        return GymnasiumBodies(self, count)

    @cached_property
    def _facts(self) -> tuple[tuple[Array, Array], float]:
        """Action box and duration of a step, as an environment tells them.

        Raises:
            InputError: it does not observe or act in a bounded box, or the names do not fit.
        """
        env = self.make_environment()
        observed, acted = env.observation_space, env.action_space
        dt = float(getattr(env.unwrapped, "dt", 1.0))
        env.close()
        for what, space in (("observation", observed), ("action", acted)):
            if not isinstance(space, Box) or len(space.shape) != 1:
                raise InputError(
                    f"{self.name}: the {what} space of {self.environment} should be a Box of one "
                    f"axis, is {space}"
                )
        assert isinstance(acted, Box)
        assert observed.shape is not None
        if not acted.is_bounded():
            raise InputError(f"{self.name}: the actions of {self.environment} have no bounds")
        if observed.shape != (self.state_dim,):
            raise InputError(
                f"{self.name}: observation_names has {self.state_dim} names, but an observation "
                f"of {self.environment} has {observed.shape[0]} elements"
            )
        return (acted.low.astype(np.float64), acted.high.astype(np.float64)), dt


class GymnasiumBodies:
    """B environments as `mbmf.agents.spec.SimulatedBodies`.

    Args:
        spec: the agent.
        count: B.

    Attributes:
        states: (B, S) current states; read, never write.
    """

    def __init__(self, spec: GymnasiumAgent, count: int) -> None:
        self.spec = spec
        self._low, self._high = spec.action_box
        self._envs = [spec.make_environment() for _ in range(count)]
        self._dtype = self._envs[0].action_space.dtype
        self._over = np.zeros(count, dtype=np.bool_)
        self._steps = np.zeros(count, dtype=np.int64)
        self.states = np.zeros((count, spec.state_dim))

    def __len__(self) -> int:
        return len(self._envs)

    def reset(
        self,
        rows: Sequence[int],
        generators: Sequence[np.random.Generator],
        _start: StartKind = "policy",
    ) -> None:
        """Put some bodies at their start; each gets a seed drawn from its own generator."""
        for row, generator in zip(rows, generators, strict=True):
            # A seed anew in each episode, so that none depends on those before.
            seed = int(generator.integers(2**31))
            self.states[row] = self._envs[row].reset(seed=seed)[0]
            self._over[row], self._steps[row] = False, 0

    def step(self, actions: NDArray[Any], rows: NDArray[np.intp] | None = None) -> None:
        """One environment step of some bodies (all by default).

        Args:
            actions: (N, A), clipped to [−1, 1].
            rows: (N,) which bodies.

        Raises:
            ValueError: actions of another shape, or not finite. No body has moved then.
            SimulationError: an observation is not finite; names the body.
        """
        index = np.arange(len(self)) if rows is None else rows
        actions = np.asarray(actions, dtype=np.float64)
        if actions.shape != (len(index), self.spec.action_dim):
            expected = (len(index), self.spec.action_dim)
            raise ValueError(f"actions have the shape {actions.shape}, should be {expected}")
        if not np.isfinite(actions).all():
            raise ValueError("actions must be finite")
        share = (np.clip(actions, -1, 1) + 1) / 2
        stretched = (self._low + share * (self._high - self._low)).astype(self._dtype)
        for row, action in zip(index.tolist(), stretched, strict=True):
            observation, _, terminated, _, _ = self._envs[row].step(action)
            if not np.isfinite(observation).all():
                raise SimulationError(f"the simulation of {self.spec.name} diverged in body {row}")
            self.states[row], self._over[row] = observation, terminated
            self._steps[row] += 1

    def over(self, rows: NDArray[np.intp] | None = None) -> NDArray[np.bool_]:
        """(N,) whether the environment ended the episode of some bodies (all by default)."""
        over = self._over if rows is None else self._over[rows]
        return over.copy()

    def steps_taken(self) -> NDArray[np.int64]:
        """(B,) environment steps since each body's reset."""
        return self._steps.copy()

    def get_sim_state(self) -> tuple[Any, ...]:
        """Copies of the environments and all that is known of them."""
        return deepcopy((self._envs, self._over, self._steps, self.states))

    def set_sim_state(self, sim_states: tuple[Any, ...]) -> None:
        """Set all bodies to what `get_sim_state` gave.

        Raises:
            ValueError: it is of another number of bodies.
        """
        if len(sim_states[0]) != len(self):
            raise ValueError(f"states of {len(sim_states[0])} bodies, should be {len(self)}")
        envs, over, steps, states = deepcopy(sim_states)
        self._envs = envs
        self._over[:], self._steps[:], self.states[:] = over, steps, states

    def close(self) -> None:
        """Close the environments."""
        for env in self._envs:
            env.close()

"""Your own task, from any gymnasium environment whose observations and actions are boxes.

The environment simulates. The planner also needs the reward as a function of the next state and the
action, because it evaluates the reward in states that the dynamics model predicts. An environment
does not provide this function, so you write it. See `examples/pendulum.py`.
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
from gymnasium.utils import EzPickle
from numpy.typing import NDArray

from mbmf.agents.spec import AgentSpec, SimulatedBodies, StartKind
from mbmf.base.errors import InputError, SimulationError

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class GymnasiumAgent(AgentSpec):
    """A task on a gymnasium environment. Subclass it and define `reward`.

    The state is the environment's observation. Actions lie in [−1, 1] and are scaled to the
    environment's box. Every kind of rollout starts with the environment's own reset.

    `reward(next_state, action)` gets NumPy arrays from the environment and torch tensors from the
    planner. A return is the sum of this reward, not of the environment's. If the environment ends
    episodes, define `terminated(state)` too, for the planner. In rollouts the environment itself
    decides when an episode ends.

    The environment must be deterministic, given the seed of its reset and the actions since then.
    It has no pictures and no clips.

    Attributes:
        environment: gymnasium's identifier; "module:name" if a module registers it.
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
        """Duration of one environment step, s; 1 if the environment has no `dt`."""
        return self._facts[1]

    @property
    def action_box(self) -> tuple[Array, Array]:
        """(A,) lowest and highest action of the environment."""
        return self._facts[0]

    def make_environment(self) -> gymnasium.Env[Any, Any]:
        """One environment, without a time limit.

        Raises:
            InputError: there is no environment of that name, or it cannot be made.
        """
        try:
            return gymnasium.make(self.environment, max_episode_steps=-1)
        except ModuleNotFoundError as error:
            # As imageio, which gymnasium's MuJoCo environments import and do not install.
            remedy = f"; pip install {error.name}" if error.name else ""
            raise InputError(
                f"{self.name}: environment {self.environment}: {error}{remedy}"
            ) from error
        except (gymnasium.error.Error, ImportError, TypeError) as error:
            raise InputError(f"{self.name}: environment {self.environment}: {error}") from error

    def make_bodies(self, count: int, num_threads: int = 1) -> SimulatedBodies:
        """See `AgentSpec.make_bodies`; the bodies are stepped one after the other."""
        if count < 1 or num_threads < 1:
            raise ValueError(
                f"count and num_threads should be 1 at least, are {count} and {num_threads}"
            )
        return GymnasiumBodies(self, count)

    @cached_property
    def _facts(self) -> tuple[tuple[Array, Array], float]:
        """Action box and duration of a step, from an environment.

        Raises:
            InputError: observations or actions are not a Box of one axis, the actions have no
                bounds, or the number of `observation_names` is wrong.
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
        """Reset some bodies; each gets a seed that its own generator draws."""
        for row, generator in zip(rows, generators, strict=True):
            # A new seed for each episode, so that no episode depends on earlier ones.
            seed = int(generator.integers(2**31))
            self.states[row] = self._envs[row].reset(seed=seed)[0]
            self._over[row], self._steps[row] = False, 0

    def step(self, actions: NDArray[Any], rows: NDArray[np.intp] | None = None) -> None:
        """One environment step of some bodies (all by default).

        Args:
            actions: (N, A), clipped to [−1, 1].
            rows: (N,) which bodies.

        Raises:
            ValueError: the actions have a wrong shape, or are not finite. No body has moved then.
            SimulationError: an observation is not finite. The message names the body.
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
        """Copies of the environments, with their step counts, states and ends of episodes."""
        envs = [_copied(env) for env in self._envs]
        return (*deepcopy((self._over, self._steps, self.states)), envs)

    def set_sim_state(self, sim_states: tuple[Any, ...]) -> None:
        """Set all bodies to states from `get_sim_state`.

        Raises:
            ValueError: the number of bodies differs.
        """
        over, steps, states, envs = sim_states
        if len(envs) != len(self):
            raise ValueError(f"states of {len(envs)} bodies, should be {len(self)}")
        self._envs = [_copied(env) for env in envs]
        self._over[:], self._steps[:], self.states[:] = over, steps, states

    def close(self) -> None:
        """Close the environments."""
        for env in self._envs:
            env.close()


def _copied(env: gymnasium.Env[Any, Any]) -> gymnasium.Env[Any, Any]:
    """A copy of an environment that goes on from where it is.

    `EzPickle`, which gymnasium's MuJoCo environments are, makes an environment anew where it is
    copied. What the environment holds is therefore copied beside it.
    """
    copy = deepcopy(env)
    inner, own = copy.unwrapped, env.unwrapped
    if isinstance(own, EzPickle):
        memo = {id(own): inner}
        for name, value in vars(own).items():
            if name != "mujoco_renderer":  # there are no pictures
                setattr(inner, name, deepcopy(value, memo))
    return copy

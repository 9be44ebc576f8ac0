"""Interface of an agent: a body, its task, and the layout of its state.

The method, the environments and the figures use this interface alone, so they do not depend on the
simulator. `mbmf.agents.mujoco_agent` simulates the paper's four agents, and
`mbmf.agents.gymnasium_agent` any gymnasium environment.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

StartKind = Literal["random", "policy", "mpc"]
"""Who acts in a rollout: random actions, a policy (imitation, TRPO), or the planner."""

RewardFunction = Callable[[Any, Any], Any]
"""Rewards (...,) of actions (..., A) and of the states (..., S) that they led to."""

Termination = Callable[[Any], Any]
"""Whether states (..., S) end an episode, bool (...,)."""


class SimulatedBodies(Protocol):
    """B bodies of one agent, each at its own point in time.

    The next state of a body depends on its own state and action alone, not on other bodies.
    `mbmf.agents.bodies.Bodies` documents each function.

    Attributes:
        states: (B, S) current states; read, never write.
    """

    states: NDArray[np.float64]

    def __len__(self) -> int: ...

    def reset(
        self,
        rows: Sequence[int],
        generators: Sequence[np.random.Generator],
        start: StartKind = "policy",
    ) -> None:
        """Reset some bodies; each start is drawn from the body's own generator."""
        ...

    def step(self, actions: NDArray[Any], rows: NDArray[np.intp] | None = None) -> None:
        """One environment step of some bodies (all by default); actions are clipped to [−1, 1]."""
        ...

    def over(self, rows: NDArray[np.intp] | None = None) -> NDArray[np.bool_]:
        """(N,) whether the current state of some bodies (all by default) ends an episode."""
        ...

    def steps_taken(self) -> NDArray[np.int64]:
        """(B,) environment steps since each body's reset."""
        ...

    def get_sim_state(self) -> Any:
        """Full states of the simulator, for `set_sim_state`."""
        ...

    def set_sim_state(self, sim_states: Any) -> None:
        """Set all bodies to states from `get_sim_state`."""
        ...

    def close(self) -> None:
        """Free the resources of the simulator."""
        ...


@dataclass(frozen=True, kw_only=True)
class AgentSpec(ABC):
    """One agent and its task.

    Rewards and terminations are pure functions of batches, which are NumPy arrays or torch tensors.
    They take states of the simulator and states that the dynamics model predicts.

    Attributes:
        name: name in configuration files.
        title: name in figures; made from `name` if empty.
        source: argument that makes `mbmf.storage.code_digest` cover the task. `get_agent` sets it.
        episode_steps: time limit of an episode.
        frame_skip: simulator steps in one environment step, for estimates of time.
        random_rollouts_end: whether rollouts of random actions end with the episode.
    """

    name: str
    title: str = ""
    source: str = ""
    episode_steps: int
    frame_skip: int = 1
    random_rollouts_end: bool = True

    @property
    @abstractmethod
    def state_names(self) -> tuple[str, ...]:
        """Name and unit of each state element."""

    @property
    @abstractmethod
    def action_dim(self) -> int:
        """A, elements of the action."""

    @property
    @abstractmethod
    def dt(self) -> float:
        """Duration of one environment step, s."""

    @abstractmethod
    def reward(self, next_state: Any, action: Any) -> Any:
        """Reward of the environment. Every reported return is a sum of it.

        Args:
            next_state: (..., S), the state that the action led to.
            action: (..., A), in [−1, 1].

        Returns:
            (...,).
        """

    def planner_reward(self, next_state: Any, action: Any) -> Any:
        """Reward that the planner maximises; by default `reward`, with the same arguments."""
        return self.reward(next_state, action)

    @property
    def terminated(self) -> Termination | None:
        """The planner's rule of which states end an episode; None if no state does."""
        return None

    @abstractmethod
    def make_bodies(self, count: int, num_threads: int = 1) -> SimulatedBodies:
        """Simulated bodies.

        Args:
            count: B.
            num_threads: number of threads that step the bodies, if the simulator uses threads.

        Raises:
            ValueError: no body, or no thread.
        """

    def reward_terms(self, _states: Any, _actions: Any) -> dict[str, Any]:
        """Values for the info of an environment's steps, (B,) each; arguments as for `reward`."""
        return {}

    @property
    def state_dim(self) -> int:
        """S, elements of the state."""
        return len(self.state_names)

    @property
    def env_id(self) -> str:
        """Gymnasium's identifier of a shipped task: half_cheetah gives mbmf/HalfCheetah-v0."""
        return f"mbmf/{''.join(part.capitalize() for part in self.name.split('_'))}-v0"

    def element(self, name: str) -> int:
        """Index of a state element; raises ValueError if there is no element of that name."""
        return self.state_names.index(name)

    def renamed(self, name: str) -> Self:
        """The same task under the configuration's name, with a title made from that name."""
        return self if name == self.name else replace(self, name=name, title="")

"""What an agent is to all that learns: a body, its task, and how its state is laid out.

The method, the environments and the figures ask an agent for what stands here and nothing else,
so that they do not care who simulates it: `mbmf.agents.mujoco_agent` the paper's four, and
`mbmf.agents.gymnasium_agent` any environment of gymnasium's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

StartKind = Literal["random", "policy", "mpc"]
"""Whose rollout starts: random actions', a policy's (imitation, TRPO), or the planner's."""

RewardFunction = Callable[[Any, Any], Any]
"""Rewards (...,) of states (..., S) that actions led to, and these actions (..., A)."""

Termination = Callable[[Any], Any]
"""Whether states (..., S) end an episode, bool (...,)."""


class SimulatedBodies(Protocol):
    """B bodies of one agent, each at its own point in time.

    The next state of a body depends on its state and action alone, and on nothing that another
    body did. `mbmf.agents.bodies.Bodies` says what each function does.

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
        """Put some bodies at their start, each drawn from its own generator."""
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
        """All that the bodies' future depends on, for `set_sim_state`."""
        ...

    def set_sim_state(self, sim_states: Any) -> None:
        """Set all bodies to what `get_sim_state` gave."""
        ...

    def close(self) -> None:
        """Give back what the simulator holds."""
        ...


@dataclass(frozen=True, kw_only=True)
class AgentSpec(ABC):
    """One agent and its task.

    Rewards and terminations are pure functions of batches, as NumPy arrays or torch tensors: of
    the simulator's states, and of those that the dynamics model predicts.

    Attributes:
        name: as configuration files name it.
        title: as figures show it; made from the name if empty.
        source: by which `mbmf.storage.code_digest` covers the task; `get_agent` sets it.
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
        """What the environment pays, and every reported return sums.

        Args:
            next_state: (..., S), that the action led to.
            action: (..., A), in [−1, 1].

        Returns:
            (...,).
        """

    def planner_reward(self, next_state: Any, action: Any) -> Any:
        """What the planner maximises; arguments as for `reward`, which it is by default."""
        return self.reward(next_state, action)

    @property
    def terminated(self) -> Termination | None:
        """Whether a state ends an episode, as the planner knows it; None if none does."""
        return None

    @abstractmethod
    def make_bodies(self, count: int, num_threads: int = 1) -> SimulatedBodies:
        """Simulated bodies.

        Args:
            count: B.
            num_threads: that step them, where the simulator has threads.

        Raises:
            ValueError: no body, or no thread.
        """

    def reward_terms(self, _states: Any, _actions: Any) -> dict[str, Any]:
        """What an environment's info tells of its steps, (B,) each; arguments as for `reward`."""
        return {}

    @property
    def state_dim(self) -> int:
        """S, elements of the state."""
        return len(self.state_names)

    @property
    def env_id(self) -> str:
        """gymnasium's identifier of a task that is shipped: half_cheetah is mbmf/HalfCheetah-v0."""
        return f"mbmf/{''.join(part.capitalize() for part in self.name.split('_'))}-v0"

    def element(self, name: str) -> int:
        """Where a state element stands; raises ValueError if there is none of that name."""
        return self.state_names.index(name)

    def renamed(self, name: str) -> Self:
        """The same task under a configuration's name for it, and a title made from that."""
        return self if name == self.name else replace(self, name=name, title="")

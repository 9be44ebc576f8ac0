"""The agents as gymnasium environments: a batch (`VectorEnv`) and a single one (`Env`)."""

from __future__ import annotations

import math
import operator
from importlib import import_module
from typing import Any

import gymnasium
import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Box
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from mbmf.agents.bodies import Array, Bodies
from mbmf.agents.rewards import forward_speed, reward_function, squared
from mbmf.agents.spec import AgentSpec, get_agent
from mbmf.base.render_modes import RENDER_MODES, checked_render_mode, warn_of_no_mode

Actions = NDArray[np.float32]
Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_PICTURE = (640, 480)  # width, height, pixels: all that gymnasium's models have room for


def _spaces(spec: AgentSpec) -> tuple[Any, Any]:
    """Observation space (the state) and action space of one body, both Box."""
    observation = Box(-np.inf, np.inf, (spec.state_dim,), np.float64)
    return observation, Box(-1.0, 1.0, (spec.action_dim,), np.float32)


def _metadata(spec: AgentSpec) -> dict[str, Any]:
    """What gymnasium and its wrappers ask; frames per second as its own MuJoCo tasks round them."""
    return {"render_modes": list(RENDER_MODES), "render_fps": round(1 / spec.dt)}


def _terms(spec: AgentSpec, states: Array, actions: Array) -> dict[str, Array]:
    """Terms of the reward, named as in gymnasium's MuJoCo tasks, and where the body is.

    Args:
        spec: the agent.
        states: (B, S), that the actions led to.
        actions: (B, A), in [−1, 1].

    Returns:
        (B,) each. The terms, in their order, add up to the reward; positions (m) and
        velocities (m/s) are of the centre of mass.
    """
    speed = forward_speed(spec, states)
    terms = {
        "reward_forward": speed,
        "reward_ctrl": -spec.reward.action_cost * squared(actions),
    }
    if spec.reward.survival:
        terms["reward_survive"] = np.full(len(states), spec.reward.survival)
    return terms | {"x_position": states[:, spec.element("com x [m]")], "x_velocity": speed}


def _masked(values: dict[str, Array], mask: Mask) -> dict[str, Any]:
    """Values (B,) and masks as `VectorEnv._add_info` makes them of the bodies in the mask (B,)."""
    if not mask.any():
        return {}
    info: dict[str, Any] = {}
    for name, value in values.items():
        info[name] = np.where(mask, value, 0.0)
        info[f"_{name}"] = mask.copy()
    return info


class _Pictures:
    """Pictures of bodies; what draws them is made for the first, and is not copied with it."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self._painter: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _Pictures, (self._bodies,)

    def draw(self) -> tuple[Picture, ...]:
        """One picture (480, 640, 3) of each body.

        Raises:
            DrawingError: this machine has nothing to draw with.
        """
        if self._painter is None:
            # By its name as text: no run's results depend on how a body is drawn.
            painter = import_module("mbmf.agents.drawing").Painter
            self._painter = painter(self._bodies.spec, *_PICTURE)
        last = 1 + self._bodies.model.nq
        return tuple(
            self._painter.picture(qpos) for qpos in self._bodies.get_sim_state()[:, 1:last]
        )

    def close(self) -> None:
        """Give back what the GL library holds."""
        if self._painter is not None:
            self._painter.close()
        self._painter = None


class AgentEnv(gymnasium.Env[Array, Actions]):
    """One body; the time limit is `gymnasium.make`'s TimeLimit.

    A step's info holds the terms of the reward, see `_terms`. A copy of the environment, by
    `copy.deepcopy` or `pickle`, goes on with the same bits.

    Args:
        agent: name of the agent.
        render_mode: "rgb_array" for pictures, or None.

    Raises:
        ValueError: unknown agent or render mode.
    """

    # gymnasium looks here before there is an environment.
    metadata = {"render_modes": list(RENDER_MODES)}  # noqa: RUF012

    def __init__(self, agent: str, *, render_mode: str | None = None) -> None:
        self.agent = get_agent(agent)
        self.metadata = _metadata(self.agent)
        self.render_mode = checked_render_mode(render_mode)
        self.observation_space, self.action_space = _spaces(self.agent)
        self.bodies = Bodies(self.agent, 1)
        self._pictures = _Pictures(self.bodies)
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
            ValueError: an action of another shape, or not finite.
            SimulationError: the simulation diverged.
        """
        if not self._started:
            raise ResetNeeded("step() before reset()")
        clipped = np.clip(np.asarray(action, dtype=np.float64)[None], -1, 1)
        self.bodies.step(clipped)
        states = self.bodies.states.copy()
        reward = float(reward_function(self.agent, self.agent.reward)(states, clipped)[0])
        terms = _terms(self.agent, states, clipped)
        info = {name: float(value[0]) for name, value in terms.items()}
        return states[0], reward, bool(self.bodies.over()[0]), False, info

    def render(self) -> Any:
        """Picture (480, 640, 3), uint8, of the body as it is; None without a render mode.

        Raises:
            ResetNeeded: no episode has been started.
            DrawingError: this machine has nothing to draw with.
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


class BatchedAgentEnv(gymnasium.vector.VectorEnv[Array, Actions, Any]):
    """A batch of bodies, stepped together in C++ threads.

    Behaves as gymnasium's SyncVectorEnv of `AgentEnv`s with a time limit, in every
    autoreset mode: seed s starts body i as seed s + i starts a single one. Runs of
    neighbouring seeds would share bodies so; give a list of seeds drawn for each body. A step's
    info and copies of the environment are as `AgentEnv` says.

    Args:
        agent: name of the agent.
        num_envs: B.
        num_threads: C++ threads.
        max_episode_steps: time limit; −1 for none; the agent's own by default.
        autoreset_mode: what happens to a body whose episode is over.
        render_mode: "rgb_array" for pictures, or None.

    Raises:
        ValueError: unknown agent, autoreset mode or render mode; a number that is not positive.
    """

    metadata = {"render_modes": list(RENDER_MODES)}  # noqa: RUF012

    def __init__(
        self,
        agent: str,
        num_envs: int = 1,
        *,
        num_threads: int = 1,
        max_episode_steps: int | None = None,
        autoreset_mode: AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ) -> None:
        super().__init__()
        self.agent = get_agent(agent)
        self._limit = _limit(self.agent, max_episode_steps)
        self.render_mode = checked_render_mode(render_mode)
        self.bodies = Bodies(self.agent, num_envs, num_threads)
        self._pictures = _Pictures(self.bodies)
        self.num_envs = num_envs
        self.single_observation_space, self.single_action_space = _spaces(self.agent)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._mode = AutoresetMode(autoreset_mode)
        self.metadata = _metadata(self.agent) | {"autoreset_mode": self._mode}
        self._generators, self._seeds = map(
            list, zip(*(seeding.np_random() for _ in range(num_envs)), strict=True)
        )
        self._started = np.zeros(num_envs, dtype=np.bool_)
        self._steps = np.zeros(num_envs, dtype=np.int64)
        self._over = np.zeros(num_envs, dtype=np.bool_)

    @property
    def dt(self) -> float:
        """Duration of one environment step, s."""
        return self.agent.dt

    @property  # type: ignore[misc]
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """Generator of each body, as SyncVectorEnv has them."""
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
            ValueError: as many seeds as bodies are needed; a mask of another shape or type.
        """
        seeds = self._seed_of_each(seed)
        mask = np.asarray((options or {}).get("reset_mask", np.ones(self.num_envs, np.bool_)))
        if mask.shape != (self.num_envs,) or mask.dtype != np.bool_ or not mask.any():
            raise ValueError(
                f"reset_mask should be a boolean array ({self.num_envs},), one at least True"
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
            ResetNeeded: no episode of a body has been started.
            ValueError: actions of another shape or not finite; with autoreset disabled, a
                body whose episode is over has not been reset.
            SimulationError: a body's simulation diverged.
        """
        if np.shape(actions) != self.action_space.shape:
            raise ValueError(
                f"actions have the shape {np.shape(actions)}, should be {self.action_space.shape}"
            )
        self._check_started("step")
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
        reward = reward_function(self.agent, self.agent.reward)
        rewards = np.where(waiting, 0.0, reward(states, clipped))
        terms = _terms(self.agent, states, clipped)
        terminated = self.bodies.over() & ~waiting
        truncated = (self._steps >= self._limit) & ~waiting
        self._over = terminated | truncated
        if self._over.any() and self._mode == AutoresetMode.SAME_STEP:
            over = self._over.copy()
            info = self._final(states, terms) | _masked(terms, ~over)
            self._restart(np.flatnonzero(over))
            return self.bodies.states.copy(), rewards, terminated, truncated, info
        return states, rewards, terminated, truncated, _masked(terms, ~waiting)

    def render(self) -> tuple[Picture, ...] | None:
        """A picture (480, 640, 3), uint8, of each body; None without a render mode.

        Raises:
            ResetNeeded: no episode of a body has been started.
            DrawingError: this machine has nothing to draw with.
        """
        if self.render_mode is None:
            warn_of_no_mode()
            return None
        self._check_started("render")
        return self._pictures.draw()

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
        self._started[:] = True
        return self.bodies.states.copy()

    def close_extras(self, **_kwargs: Any) -> None:
        """End the threads."""
        self._pictures.close()
        self.bodies.close()

    def _check_started(self, what: str) -> None:
        if not self._started.all():
            raise ResetNeeded(f"{what}() before reset(), bodies {np.flatnonzero(~self._started)}")

    def _seed_of_each(self, seed: int | list[int | None] | None) -> list[int | None]:
        """One seed for each body; None where it keeps its generator."""
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
        """Last steps of the bodies whose episode is over, as SyncVectorEnv tells them."""
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
    """Time limit of an episode, steps; infinity where `steps` is −1, as in gymnasium's registry.

    Raises:
        ValueError: another number below 1.
    """
    if steps is None:
        return spec.episode_steps
    if steps == -1:
        return math.inf
    if steps < 1:
        raise ValueError(f"max_episode_steps should be 1 at least, or -1 for none, is {steps}")
    return steps

"""A batch of simulated bodies, stepped in C++ threads by `mujoco.batch`."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from mbmf.agents.mujoco_agent import MujocoAgent, Spread, Start
from mbmf.agents.physics import batch, mujoco
from mbmf.agents.spec import StartKind
from mbmf.base.errors import SimulationError

Array = NDArray[np.float64]
_Index = NDArray[np.intp] | slice

_PHYSICS = mujoco.mjtState.mjSTATE_FULLPHYSICS
# The root's body: its subtree is the whole agent.
_ROOT = 1
# The first joint positions are the root's; `MujocoAgent.largest` is about the others.
_ROOT_POSITIONS = 3
# In the order of the state: the centre of mass, then total momentum over total mass.
_SENSORS = (mujoco.mjtSensor.mjSENS_SUBTREECOM, mujoco.mjtSensor.mjSENS_SUBTREELINVEL)
# No force has a part in what they measure.
_FORCES = (
    mujoco.mjtDisableBit.mjDSBL_ACTUATION
    | mujoco.mjtDisableBit.mjDSBL_CONSTRAINT
    | mujoco.mjtDisableBit.mjDSBL_DAMPER
    | mujoco.mjtDisableBit.mjDSBL_GRAVITY
    | mujoco.mjtDisableBit.mjDSBL_SPRING
)
_ALL = slice(None)
# No body moves that far (m, rad) or that fast (per second). MuJoCo itself calls an acceleration of
# 1e10 unstable. Such an acceleration exceeds this limit within one simulator step.
_LARGEST = 1e6


def build_model(spec: MujocoAgent) -> Any:
    """MuJoCo model of an agent (mujoco.MjModel).

    Raises:
        ValueError: gymnasium's model does not have the joints and actuators of the spec.
    """
    assets = Path(gymnasium.__file__).parent / "envs" / "mujoco" / "assets"
    with warnings.catch_warnings():
        # gymnasium's half-cheetah sets an attribute that newer MuJoCo wants elsewhere.
        warnings.filterwarnings("ignore", message=".*settotalmass.*")
        body = mujoco.MjSpec.from_file(str(assets / spec.model_file))
        # A wrong number of actuators raises the error below.
        for actuator, gear in zip(body.actuators, spec.gears, strict=False):
            actuator.gear = [gear, 0, 0, 0, 0, 0]
        body.option.timestep = spec.timestep
        if spec.armature is not None:
            for joint in body.joints:
                joint.armature = spec.armature
        for geom in body.geoms if spec.contact_impedance else ():
            geom.solimp[: len(spec.contact_impedance)] = spec.contact_impedance
        root = body.bodies[_ROOT].name
        for sensor in _SENSORS:
            body.add_sensor(type=sensor, objtype=mujoco.mjtObj.mjOBJ_BODY, objname=root)
        model = body.compile()
    found = (model.nq, model.nv, model.nu)
    expected = (len(spec.positions), len(spec.velocities), spec.action_dim)
    if found != expected:
        raise ValueError(
            f"{spec.model_file} of gymnasium {gymnasium.__version__} has (positions, velocities, "
            f"actuators) {found}, should be {expected}"
        )
    # With this on, MuJoCo would silently reset a diverging body to its start.
    model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    # One body is one island of constraints. The search for more islands took 5 to 7 percent of
    # the time of the three agents that touch the ground.
    model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_ISLAND)
    # During a step, the sensors would measure the state before it.
    model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_SENSOR)
    if not _can_touch(model):
        # The swimmer has no contacts, and the search for them took a tenth of its time.
        model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_CONTACT)
    return model


def _can_touch(model: Any) -> bool:
    """Whether any two geometries may collide, by MuJoCo's rule on their types."""
    types, affinities = model.geom_contype, model.geom_conaffinity
    return bool(np.triu(types[:, None] & affinities | affinities[:, None] & types, 1).any())


def _sensing(model: Any) -> Any:
    """A copy that computes what the sensors measure, and as little else as possible."""
    bare = copy.copy(model)
    sensor = int(mujoco.mjtDisableBit.mjDSBL_SENSOR)
    bare.opt.disableflags = (model.opt.disableflags | int(_FORCES)) & ~sensor
    bare.opt.density = bare.opt.viscosity = 0
    return bare


class Bodies:
    """B bodies of one agent, each at its own point in time.

    The next state depends on state and action alone, because the constraint solver starts each
    environment step cold. So a body that is set to a recorded state continues as the recorded
    body did. `mj_step` would start the solver from the last step's accelerations. It finds the
    same minimum: velocities agree to 1e-13 after a step.

    Args:
        spec: the agent.
        count: B.
        num_threads: number of C++ threads that step the bodies.

    Raises:
        ValueError: no body, or no thread.

    Attributes:
        states: (B, S) current states; read, never write.
    """

    def __init__(self, spec: MujocoAgent, count: int, num_threads: int = 1) -> None:
        if count < 1 or num_threads < 1:
            raise ValueError(
                f"count and num_threads should be 1 at least, are {count} and {num_threads}"
            )
        self.spec = spec
        # The simulator has a copy.
        self.model = build_model(spec)
        self._start = np.array(spec.start) if spec.start else self.model.qpos0.copy()
        self._num_threads = num_threads
        self._terminated = spec.terminated
        size = mujoco.mj_stateSize(self.model, _PHYSICS)
        # Arrays of a batch are live: what is written there holds from its next call on.
        self._batch = batch.Batch(self.model, count, num_threads)
        self._physics: Array = self._batch.state[:, :size]
        self._sensors = batch.Batch(_sensing(self.model), count, num_threads)
        self._sensed = self._sensors.bind("sensordata")
        self.states = np.empty((count, spec.state_dim))

    def __len__(self) -> int:
        return len(self._physics)

    def __reduce__(self) -> tuple[Any, ...]:
        # Threads cannot be copied. A copy starts its own threads and continues with the same bits.
        return _again, (self.spec, self._num_threads, self.get_sim_state(), self.states)

    def close(self) -> None:
        """End the threads. The bodies can then be read, but no longer be set or moved."""
        self._physics = self._physics.copy()
        # The threads end with the last array of their batch.
        self._batch = self._sensors = self._sensed = None

    def reset(
        self,
        rows: Sequence[int],
        generators: Sequence[np.random.Generator],
        start: StartKind = "policy",
    ) -> None:
        """Reset some bodies to random states around their start, as in the authors' fork of rllab.

        Args:
            rows: which bodies, N.
            generators: N generators. Each draws its body's positions, then its velocities.
            start: the kind of rollout that begins.

        Raises:
            RuntimeError: the bodies are closed.
        """
        self._check_open()
        nq, nv = self.model.nq, self.model.nv
        spread: Start = getattr(self.spec.starts, start)
        for row, generator in zip(rows, generators, strict=True):
            physics = np.zeros(self._physics.shape[1])
            physics[1 : 1 + nq] = self._start + _drawn(spread.positions, generator, nq)
            physics[1 + nq : 1 + nq + nv] = _drawn(spread.velocities, generator, nv)
            if self.spec.orientation:
                physics[4:8] /= np.linalg.norm(physics[4:8])
            self._physics[row] = physics
        self._read(np.asarray(rows, dtype=np.intp))

    def step(self, actions: NDArray[Any], rows: NDArray[np.intp] | None = None) -> None:
        """One environment step of some bodies (all by default).

        Args:
            actions: (N, A), clipped to [−1, 1].
            rows: (N,) which bodies, each at most once.

        Raises:
            RuntimeError: the bodies are closed.
            ValueError: the actions have a wrong shape, or are not finite.
            SimulationError: a body's simulation diverged. The message names the body. No body has
                moved then.
        """
        self._check_open()
        count = len(self) if rows is None else len(rows)
        actions = np.asarray(actions, dtype=np.float64)
        if actions.shape != (count, self.spec.action_dim):
            expected = (count, self.spec.action_dim)
            raise ValueError(f"actions have the shape {actions.shape}, should be {expected}")
        if not np.isfinite(actions).all():
            raise ValueError("actions must be finite")
        index = _ALL if rows is None else rows
        self._simulate(index, np.clip(actions, -1, 1))
        self._read(index)

    def over(self, rows: NDArray[np.intp] | None = None) -> NDArray[np.bool_]:
        """(N,) whether the current state of some bodies (all by default) ends an episode."""
        index = _ALL if rows is None else rows
        over = np.zeros(len(self) if rows is None else len(rows), dtype=np.bool_)
        if self._terminated is not None:
            over |= self._terminated(self.states[index])
        if np.isfinite(self.spec.largest):
            # This tests the simulator's velocities, because the state may clip them.
            inner = self._physics[index, 1 + _ROOT_POSITIONS :]
            over |= (np.abs(inner) >= self.spec.largest).any(axis=1)
        return over

    def steps_taken(self) -> NDArray[np.int64]:
        """(B,) environment steps since each body's reset, by the simulator's clock."""
        return np.rint(self._physics[:, 0] / self.spec.dt).astype(np.int64)

    def get_sim_state(self) -> Array:
        """(B, P) full physics, for `set_sim_state`: time (s), joint positions and velocities."""
        return self._physics.copy()

    def set_sim_state(self, sim_states: Array) -> None:
        """Set all bodies to states from `get_sim_state`.

        Raises:
            RuntimeError: the bodies are closed.
            ValueError: the states have a wrong shape, or are not finite.
        """
        self._check_open()
        sim_states = np.asarray(sim_states, dtype=np.float64)
        if sim_states.shape != self._physics.shape:
            raise ValueError(
                f"states have the shape {sim_states.shape}, should be {self._physics.shape}"
            )
        if not np.isfinite(sim_states).all():
            raise ValueError("states must be finite")
        self._physics[:] = sim_states
        self._read(_ALL)

    def _check_open(self) -> None:
        if self._batch is None:
            raise RuntimeError("the bodies are closed")

    def _simulate(self, index: _Index, actions: Array) -> None:
        """Advance some bodies by one environment step, with actions (N, A)."""
        bodies = self._batch
        before = bodies.state[index].copy()
        bodies.ctrl[index] = actions
        bodies.qacc_warmstart[index] = 0
        bodies.warning[index] = 0
        with _no_log_file(), suppress(batch.SimulationError):
            bodies.step(_sorted(index), nstep=self.spec.frame_skip)
        failed = bodies.status[index] != 0
        warned = bodies.warning[index].any(axis=(1, 2))
        # The comparison is false for NaN as well.
        near = (np.abs(self._physics[index, 1:]) < _LARGEST).all(axis=1)
        sound = near & ~failed & ~warned
        if not sound.all():
            bodies.state[index] = before
            body = int(np.arange(len(self))[index][~sound][0])
            raise SimulationError(f"the simulation of {self.spec.name} diverged in body {body}")

    def _read(self, index: _Index) -> None:
        """Update the states of some bodies from their physics."""
        nq, spec = self.model.nq, self.spec
        physics = self._physics[index]
        self._sensors.state[index, : physics.shape[1]] = physics
        self._sensors.forward(_sorted(index), stage=mujoco.mjtStage.mjSTAGE_VEL.value)
        velocities = np.clip(physics[:, 1 + nq :], -spec.largest_velocity, spec.largest_velocity)
        parts = [
            physics[:, 1 + spec.hidden_positions : 1 + nq],
            velocities,
            self._sensed[index],
        ]
        if spec.orientation:
            parts.append(_cosines_and_sines(physics[:, 4:8]))
        self.states[index] = np.concatenate(parts, axis=1)


def _sorted(index: _Index) -> NDArray[np.intp] | None:
    """The bodies as a batch wants them, None for all."""
    return None if isinstance(index, slice) else np.sort(index)


def _again(spec: MujocoAgent, num_threads: int, physics: Array, states: Array) -> Bodies:
    """Rebuild copied bodies."""
    bodies = Bodies(spec, len(physics), num_threads)
    bodies._physics[:] = physics
    bodies.states[:] = states
    return bodies


def _drawn(spread: Spread, generator: np.random.Generator, count: int) -> Array:
    """Draw (count,) deviations from the start."""
    if spread.kind == "uniform":
        return generator.uniform(-spread.size, spread.size, count)
    return spread.size * generator.normal(size=count)


@contextmanager
def _no_log_file() -> Iterator[None]:
    """Keep MuJoCo from writing MUJOCO_LOG.TXT to the working directory; errors are raised."""
    config = mujoco.MjLogConfig.get()
    to_file, config.logto_file = config.logto_file, False
    mujoco.MjLogConfig.set(config)
    try:
        yield
    finally:
        config.logto_file = to_file
        mujoco.MjLogConfig.set(config)


def _cosines_and_sines(quaternions: Array) -> Array:
    """(N, 6) cosines, then sines, of roll, pitch and yaw of quaternions (N, 4), w first."""
    w, x, y, z = quaternions.T / np.linalg.norm(quaternions, axis=1)
    roll = np.arctan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    pitch = np.arcsin(np.clip(2 * (w * y - z * x), -1, 1))
    yaw = np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    angles = np.stack([roll, pitch, yaw], axis=1)
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1)

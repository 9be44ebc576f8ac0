"""Environment steps with random actions. Arguments: kind, agent, bodies, threads, steps.

Kinds: `ours`; `async` and `sync`, gymnasium's vector environments of its own task with
steps as long, one worker process or none for each body; `envpool`; `rollout`,
`mujoco.rollout` alone, without observation or reward.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from worker import serve

# s in a simulator step of gymnasium's own models; as many make one environment step of ours.
TIMESTEPS = {"swimmer": 0.01, "half_cheetah": 0.01, "hopper": 0.002, "ant": 0.01}
TASKS = {
    "swimmer": "Swimmer",
    "half_cheetah": "HalfCheetah",
    "hopper": "Hopper",
    "ant": "Ant",
}


def rollout_task(agent: str, threads: int, actions: Any) -> Callable[[], object]:
    """All steps in one call of `mujoco.rollout`."""
    import mujoco
    from mujoco.rollout import Rollout

    from mbmf.agents import get_agent
    from mbmf.agents.bodies import build_model

    spec = get_agent(agent)
    model, bodies = build_model(spec), actions.shape[1]
    workers = [mujoco.MjData(model) for _ in range(threads)]
    rollout = Rollout(nthread=threads if threads > 1 else 0)
    start = mujoco.MjData(model)
    size = mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_FULLPHYSICS)
    state = np.empty(size)
    mujoco.mj_getState(model, start, state, mujoco.mjtState.mjSTATE_FULLPHYSICS)
    controls = np.repeat(actions.transpose(1, 0, 2), spec.frame_skip, axis=1).astype(float)
    states = np.tile(state, (bodies, 1))
    return lambda: rollout.rollout([model] * bodies, workers, states, controls)


def gymnasium_env(kind: str, agent: str, bodies: int, threads: int) -> Any:
    """A vector environment of gymnasium's interface."""
    import gymnasium

    from mbmf.agents import get_agent

    spec = get_agent(agent)
    frames = round(spec.dt / TIMESTEPS[agent])
    if kind == "envpool":
        import envpool

        return envpool.make_gymnasium(
            f"{TASKS[agent]}-v5",
            num_envs=bodies,
            num_threads=threads,
            frame_skip=frames,
        )
    if kind == "ours":
        return gymnasium.make_vec(spec.env_id, num_envs=bodies, num_threads=threads)
    return gymnasium.make_vec(
        f"{TASKS[agent]}-v5",
        num_envs=bodies,
        vectorization_mode=kind,
        frame_skip=frames,
    )


def main() -> None:
    """Serve calls that step all bodies `steps` times."""
    kind, agent, (bodies, threads, steps) = *sys.argv[1:3], map(int, sys.argv[3:])
    dim = {"swimmer": 2, "half_cheetah": 6, "hopper": 3, "ant": 8}[agent]
    actions = np.random.default_rng(0).uniform(-1, 1, (steps, bodies, dim)).astype(np.float32)
    if kind == "rollout":
        serve(rollout_task(agent, threads, actions))
        return
    env = gymnasium_env(kind, agent, bodies, threads)
    env.reset(seed=None if kind == "envpool" else 0)  # envpool seeds at its making

    def task() -> None:
        for action in actions:
            env.step(action)

    serve(task)


if __name__ == "__main__":
    main()

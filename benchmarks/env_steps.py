"""Environment steps of the swimmer. Arguments: ours | async | rollout, bodies, threads, steps.

`async` is gymnasium's AsyncVectorEnv of its own Swimmer-v5 with the same frames per step, one
worker process for each body; `rollout` is `mujoco.rollout` alone, without observation or reward.
"""

import sys

import gymnasium
import mujoco
import numpy as np
from mujoco.rollout import Rollout
from worker import serve

import mbmf  # noqa: F401  registers the environments
from mbmf.agents import get_agent
from mbmf.agents.bodies import build_model


def main() -> None:
    """Serve calls that step all bodies `steps` times with random actions."""
    kind, (bodies, threads, steps) = sys.argv[1], map(int, sys.argv[2:])
    spec = get_agent("swimmer")
    actions = np.random.default_rng(0).uniform(-1, 1, (steps, bodies, 2)).astype(np.float32)
    if kind == "rollout":
        model = build_model(spec)
        workers = [mujoco.MjData(model) for _ in range(threads)]
        rollout = Rollout(nthread=threads if threads > 1 else 0)
        size = mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_FULLPHYSICS)
        controls = np.repeat(actions.transpose(1, 0, 2), spec.frame_skip, axis=1).astype(float)
        serve(
            lambda: rollout.rollout([model] * bodies, workers, np.zeros((bodies, size)), controls)
        )
        return
    if kind == "ours":
        env = gymnasium.make_vec("mbmf/Swimmer-v0", num_envs=bodies, num_threads=threads)
    else:
        env = gymnasium.make_vec(
            "Swimmer-v5",
            num_envs=bodies,
            vectorization_mode="async",
            frame_skip=spec.frame_skip,
        )
    env.reset(seed=0)

    def task() -> None:
        for action in actions:
            env.step(action)

    serve(task)


if __name__ == "__main__":
    main()

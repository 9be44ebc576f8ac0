"""The step that draws how an agent moves under each controller of a finished run."""

from __future__ import annotations

from pathlib import Path

from mbmf.agents.gl_backends import write_message
from mbmf.agents.mujoco_agent import MujocoAgent
from mbmf.agents.spec import AgentSpec
from mbmf.base.random_streams import Purpose, integer_seeds, torch_stream
from mbmf.clips import gait
from mbmf.method.imitation import ImitationRunSettings
from mbmf.method.mpc import MpcController
from mbmf.method.planners.base import new_planner
from mbmf.method.policy import MeanController, observed_elements
from mbmf.method.random_data import RandomDataSettings, generate
from mbmf.method.rollouts import Controller, Rollouts, collect
from mbmf.steps.model_based import read_models
from mbmf.steps.policy_files import read_policy
from mbmf.storage.atomic_files import written_whole


def write_gait(
    spec: AgentSpec,
    settings: ImitationRunSettings,
    seed: int,
    model: Path,
    policies: dict[str, Path],
    output: Path,
) -> None:
    """Roll out each controller for some seconds and write the clip.

    An agent that is not a `MujocoAgent` has no clip. A picture with a message takes its place.

    Args:
        spec: the agent.
        settings: settings of the imitation run, with those of the controller and the policy.
        seed: seed of the runs.
        model: model that the expert of the imitation plans with.
        policies: policies of imitation and TRPO, by the names that the clip shows.
        output: animated WebP to write.

    Raises:
        InputError: a model or a policy is missing or damaged, or has another agent or shape.
    """
    if not isinstance(spec, MujocoAgent):
        write_message(f"No clip: {spec.name} is none of MuJoCo's bodies that mbmf draws.", output)
        return
    # At most as long as the rollouts that the model and the policy have learned from.
    steps = min(gait.clip_steps(spec), settings.expert.steps)
    network = read_models(model, spec)[0][-1]
    read = {name: read_policy(path, spec, settings.policy)[0] for name, path in policies.items()}
    random = RandomDataSettings(rollouts=1, validation_rollouts=1, steps=steps)
    shown: dict[str, Rollouts] = {"random actions": generate(spec, random, seed).validation}
    planner = new_planner(network, spec, settings.expert.planning)
    elements = observed_elements(spec, settings.policy)
    controllers: dict[str, Controller] = {
        "MPC (Mb)": MpcController(planner, torch_stream(seed, Purpose.EXPERT_PLANNING, 0)),
        **{name: MeanController(policy, elements) for name, policy in read.items()},
    }
    # All controllers start from the same state, the start of the first expert rollout.
    start = integer_seeds(seed, Purpose.EXPERT_RESET, 0, count=1)
    for name, controller in controllers.items():
        shown[name] = collect(spec, start, steps, controller, "mpc")
    for name, rollout in shown.items():
        print(f"{spec.name}, {name}: return {rollout.returns[0]:.2f} in {rollout.lengths[0]} steps")
    with written_whole(output) as aside:
        aside.write_bytes(gait.encoded(gait.clip(spec, shown)))

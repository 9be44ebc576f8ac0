"""Wrong settings that concern several parts: one line each, with file and key."""

import pytest

from mbmf.base.errors import InputError
from mbmf.workflow.configuration import load_configuration
from refused_overlays import BASE


@pytest.mark.parametrize(
    ("overlay", "line"),
    [
        (
            "agents: {swimmer: {fine_tuning: {kl: 0.0}}}",
            "agents.swimmer.fine_tuning.kl: Input should be greater than 0 (found 0.0)",
        ),
        (
            "agents: {swimmer: {model_free: {initial_std: -1.0}}}",
            "agents.swimmer.model_free.initial_std: Input should be greater than 0 (found -1.0)",
        ),
        (
            "agents: {ant: {model_free: {batch_size: 1000, bodies: 10}}}",
            "agents.ant.model_free: batch_size (1000) must hold one episode of each body at "
            "least: bodies x episode_steps = 10000",
        ),
        (
            "agents: {swimmer: {model_free: {bodies: 7}}}",
            "agents.swimmer.model_free: batch_size (50000) must be a multiple of bodies (7)",
        ),
        (
            "agents: {hopper: {imitation: {rollouts: 50}}}",
            "agents.hopper.imitation: rollouts (50) must be at most evaluation_rollouts (10)",
        ),
        (
            "agents: {swimmer: {fine_tuning: {episode_steps: 100}}}",
            "agents.swimmer: fine_tuning.episode_steps (100) must be "
            "model_based.aggregation.steps (333): returns of episodes of another length do not "
            "compare",
        ),
        (
            "agents: {swimmer: {policy: {hidden_layers: []}}}",
            "agents.swimmer.policy.hidden_layers: List should have at least 1 item after "
            "validation, not 0",
        ),
        (
            "agents: {swimmer: {policy: {absolute_position: 1}}}",
            "agents.swimmer.policy.absolute_position: Input should be a valid boolean (found 1)",
        ),
        (
            "figures: {figure_7: {agents: [no_such_agent]}}",
            "figures.figure_7.agents[0]: unknown agent; should be one of swimmer, half_cheetah, "
            "hopper, ant (found 'no_such_agent')",
        ),
        (
            "figures: {figure_5: {steps: 1001}}",
            "figures.figure_5.steps: at most 1000, the shorter of half_cheetah's "
            "random_data.steps and aggregation.steps (found 1001)",
        ),
        (
            "agents: {no_such_agent: {model_based: {}}}",
            "agents.no_such_agent: unknown task no_such_agent; should be one of ant, "
            "half_cheetah, hopper, swimmer, or the path of a Python file",
        ),
        (
            "figures: {figure_7: {seeds: [1, 1]}}",
            "figures.figure_7.seeds: 1 is listed twice; each may stand once",
        ),
    ],
)
def test_refused(tmp_path, overlay, line):
    path = tmp_path / "overlay.yaml"
    path.write_text(overlay)
    with pytest.raises(InputError) as caught:
        load_configuration([*BASE, path])
    assert str(caught.value) == f"{path}: {line}"

"""How much work a job is, by the parameters that Snakemake hands to it."""

from pathlib import Path

import pytest

from mbmf.method.algorithm_1 import ModelBasedSettings
from mbmf.method.trpo import TrpoRunSettings
from mbmf.workflow import run_cost
from mbmf.workflow.configuration import load_configuration

CONFIG = Path(__file__).parents[3] / "config"


@pytest.fixture(scope="module")
def swimmer():
    return load_configuration([CONFIG / "agents.yaml", CONFIG / "config.yaml"]).agents["swimmer"]


def test_work_grows_as_the_method_does(swimmer, job):
    def units(parameter, value):
        settings = swimmer.model_based.replaced(parameter, value).model_dump_json()
        run = job("model_based/seed~0", agent="swimmer", settings=settings)
        return run_cost.of_job(run)

    base = units("planning.num_samples", 5000)
    for parameter, value in (("planning.num_samples", 10000), ("planning.horizon", 40)):
        assert units(parameter, value) / base == pytest.approx(2, rel=0.1)
    assert units("dynamics.epochs", 60) > base


def test_work_of_trpo_is_simulator_steps(swimmer, job):
    settings = TrpoRunSettings(policy=swimmer.policy, trpo=swimmer.model_free)
    run = job("trpo/seed~0", agent="swimmer", settings=settings.model_dump_json())
    assert run_cost.of_job(run) == 500 * 50000 * 15


def test_work_of_imitation_goes_by_the_network_that_it_plans_with(swimmer, job):
    from mbmf.method.imitation import ExpertSettings, ImitationRunSettings

    own = ImitationRunSettings(
        expert=ExpertSettings(planning=swimmer.model_based.planning, steps=100),
        policy=swimmer.policy,
        imitation=swimmer.imitation,
    ).model_dump_json()

    def units(width):
        content = swimmer.model_based.model_dump()
        content["dynamics"]["hidden_layers"] = [width, width]
        source = ModelBasedSettings.model_validate(content).model_dump_json()
        before = job("model_based/seed~0", agent="swimmer", settings=source)
        return run_cost.of_job(job("imitation/seed~0", before, agent="swimmer", settings=own))

    assert units(2000) > 2 * units(1000) > 0


def test_random_data_are_simulator_steps_and_what_is_short_is_one_unit(job):
    settings = '{"rollouts": 3, "validation_rollouts": 1, "steps": 10}'
    data = job("random_data/1", agent="swimmer", settings=settings)
    assert run_cost.of_job(data) == 4 * 10 * 15
    assert run_cost.of_job(job("figure_6_table")) == 1


def test_provenance_of_older_code_tells_no_work():
    for facts in ({}, {"agent": "swimmer", "settings": {"planning": 1}}, {"settings": None}):
        assert run_cost.of_provenance("model_based", facts) is None
    assert run_cost.of_provenance("figure_6", {}) is None

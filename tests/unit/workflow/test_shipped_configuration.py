"""The shipped configuration files: the paper's values, and what an overlay may change of them."""

from pathlib import Path

import pytest

from mbmf.agents import AGENTS
from mbmf.experiments.runs import with_sources
from mbmf.workflow.configuration import load_configuration, merge, read_yaml

CONFIG = Path(__file__).parents[3] / "config"
BASE = [CONFIG / "agents.yaml", CONFIG / "config.yaml"]
SCALES = {"paper": BASE} | {
    scale: [*BASE, CONFIG / f"{scale}.yaml"] for scale in ("quick", "smoke")
}


def merged(scale):
    """What the files say, with the agents' defaults filled in."""
    content = {}
    for path in SCALES[scale]:
        content = merge(content, read_yaml(path))
    agents = load_configuration(SCALES[scale]).agents
    return content | {"agents": {name: own.model_dump() for name, own in agents.items()}}


@pytest.mark.parametrize("scale", SCALES)
def test_shipped_files_load(scale):
    configuration = load_configuration(SCALES[scale])
    assert configuration.scale == scale
    assert set(configuration.agents) == set(AGENTS)


# agent: random rollouts and steps, epochs, fraction, H, K, iterations, rollouts, training, steps
PAPER = {
    "swimmer": (25, 333, 30, 0.9, 20, 5000, 6, 10, 9, 333),
    "half_cheetah": (10, 1000, 60, 0.9, 20, 1000, 7, 10, 9, 1000),
    "hopper": (20, 200, 40, 0.9, 40, 1000, 5, 11, 10, 1000),
    "ant": (700, 1000, 20, 0.5, 5, 15000, 1, 2, 1, 1000),
}


@pytest.mark.parametrize("agent", PAPER)
def test_paper_scale_has_the_papers_values(agent):
    own = load_configuration(SCALES["paper"]).agents[agent].model_based
    assert (
        own.random_data.rollouts,
        own.random_data.steps,
        own.dynamics.epochs,
        own.dynamics.on_policy_fraction,
        own.planning.horizon,
        own.planning.num_samples,
        own.aggregation.iterations,
        own.aggregation.rollouts,
        own.aggregation.training_rollouts,
        own.aggregation.steps,
    ) == PAPER[agent]
    assert own.dynamics.hidden_layers == [500]
    assert own.dynamics.learning_rate == 0.001
    assert own.dynamics.batch_size == 512


def assert_no_larger(reduced, paper, where=""):
    if isinstance(paper, dict):
        assert reduced.keys() == paper.keys(), where
        for key in paper:
            assert_no_larger(reduced[key], paper[key], f"{where}.{key}")
    elif isinstance(paper, list):
        if all(isinstance(value, int | float) for value in paper):
            if set(reduced) <= set(paper):  # values are left out
                return
            assert 0 < len(reduced) <= len(paper), where
            reduced, paper = sorted(reduced), sorted(paper)
        else:
            assert len(reduced) == len(paper), where
        for index, (small, large) in enumerate(zip(reduced, paper, strict=False)):
            assert_no_larger(small, large, f"{where}[{index}]")
    elif isinstance(paper, str):
        assert reduced == paper or where == ".scale", where
    else:
        assert type(reduced) is type(paper), where
        assert reduced <= paper, where


@pytest.mark.parametrize("scale", ["quick", "smoke"])
def test_an_overlay_only_makes_numbers_smaller(scale):
    reduced, paper = merged(scale), merged("paper")
    # Figure 7 shows the swimmer alone at paper scale; the reduced ones show all four agents.
    sevenths = [content["figures"]["figure_7"] for content in (reduced, paper)]
    shown = [section.pop("agents") for section in sevenths]
    assert set(shown[0]) == set(AGENTS)
    assert set(shown[1]) <= set(AGENTS)
    for one in sevenths[1].pop("agent_seeds"):
        assert set(sevenths[0]["seeds"]) <= set(one["seeds"])
    assert sevenths[0].pop("agent_seeds") == []
    # Figure 9 shows one agent of the two and some of the methods, with fewer samples.
    ninth = [content["figures"].pop("figure_9") for content in (reduced, paper)]
    assert set(ninth[0]["agents"]) <= set(ninth[1]["agents"])
    methods = [section["methods"] for section in ninth]
    names, samples = (
        [{one["name"] for one in listed} for listed in methods],
        [max(max(one["num_samples"]) for one in listed) for listed in methods],
    )
    assert names[0] <= names[1]
    assert samples[0] <= samples[1]
    for content in (reduced, paper):
        for section in content["figures"].values():
            section["seeds"] = section.get("seeds") or content["seeds"]
    # The paper scale's claims need further seeds of some settings.
    for sweep in [
        *reduced["figures"]["figure_6"]["sweeps"],
        *paper["figures"]["figure_6"]["sweeps"],
    ]:
        sweep.pop("seeds", None)
        sweep.pop("value_seeds", None)
    for section in reduced["figures"].values():
        if section["seeds"] is None:  # those of all figures
            section["seeds"] = reduced["seeds"]
    assert_no_larger(reduced, paper)
    assert reduced["agents"]["swimmer"] != paper["agents"]["swimmer"]


def sections(scale):
    experiments = load_configuration(SCALES[scale]).experiments
    return {name: experiment.section for name, experiment in experiments.items()}


@pytest.mark.parametrize("scale", ["quick", "smoke"])
def test_an_overlay_leaves_no_figure_agent_or_panel_out(scale):
    reduced, paper = sections(scale), sections("paper")
    assert list(reduced) == list(paper)
    assert reduced["figure_5"].agent == paper["figure_5"].agent
    assert reduced["figure_5"].elements == paper["figure_5"].elements
    assert reduced["figure_6"].agents == paper["figure_6"].agents
    panels, expected = (
        [(sweep.panel, sweep.parameter) for sweep in section["figure_6"].sweeps]
        for section in (reduced, paper)
    )
    assert panels == expected
    assert reduced["figure_6e"].agents == paper["figure_6e"].agents


def test_number_of_runs_at_paper_scale():
    # Swimmer's own epochs (30) are not in the sweep, all other own values are:
    # 1 + 5 + 4 + 3 + 3 + 3 for the swimmer, 1 + 4 + 4 + 3 + 3 + 3 for the half-cheetah.
    # 10 seeds of what a claim compares: both own settings, and all 4 other shares of on-policy
    # data, a horizon of 5, K of 100, 5 and 100 rollouts (8 each); of the swimmer 20, 40, 60 and 80
    # epochs, of the half-cheetah a horizon of 40. 5 seeds of the rest.
    compared = 2 + 2 * 8 + 4 + 1
    # 5 seeds: of Figure 6e two layers; of Figure 9 CEM, iCEM and MPPI with 3 numbers of samples
    # each, and PETS. Random shooting with one layer is Figure 6's.
    further = 2 * (3 * 3 + 1 + 1)
    experiments = load_configuration(SCALES["paper"]).experiments.values()
    runs = with_sources(run for experiment in experiments for run in experiment.asked_for())
    assert (
        len([run for run in runs if run.kind == "model_based"])
        == compared * 10 + (19 + 18 - compared + further) * 5
    )

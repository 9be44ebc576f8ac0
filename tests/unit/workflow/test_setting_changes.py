"""Each setting of the configuration: what it changes is asked for anew, and nothing else."""

import pytest

from mbmf.experiments.runs import ModelBasedRun, identity, with_sources
from mbmf.storage.yaml_files import read_yaml
from mbmf.workflow.asked import Asks
from mbmf.workflow.configuration import check_configuration, merge
from setting_changes import CHANGES, ROOT, TINY, leaves, overlay_of

BASES = [ROOT / "config/agents.yaml", ROOT / "config/config.yaml", TINY]


@pytest.fixture(autouse=True)
def repository(monkeypatch):
    monkeypatch.chdir(ROOT)


def jobs(overlay):
    """What is asked of each job of the default target, by a name that is its path's."""
    layers = [(path.name, read_yaml(path)) for path in BASES] + [("overlay", overlay)]
    asks = Asks(check_configuration(layers))
    experiments = asks.experiments.values()
    runs = with_sources(run for experiment in experiments for run in experiment.asked_for())
    found = {identity(run): asks.run(run) for run in runs}
    for run in runs:
        if isinstance(run, ModelBasedRun):
            data = run.settings.random_data.model_dump()
            found[f"{run.agent} {data} {run.seed}"] = asks.random_data(run.agent, data, run.seed)
    for experiment in experiments:
        found |= {job.rule: asks.tables(experiment, job) for job in experiment.tables()}
        found[experiment.name] = asks.drawing(experiment)
        found |= {f"gait {name}": asks.clip(run) for name, run in experiment.clips().items()}
    return found | {"claims": asks.claims(), "claims_figure": asks.claims_figure()}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_setting_changes_is_asked_for_anew(name):
    before, after = jobs({}), jobs(overlay_of(name))
    anew = {
        one.rule
        for job, one in after.items()
        if job not in before or before[job].identity != one.identity
    }
    assert anew == CHANGES[name][1]


def test_every_setting_is_changed_once():
    content = {}
    for path in BASES:
        content = merge(content, read_yaml(path))
    content["agents"] = {"swimmer": content["agents"]["swimmer"]}
    known = leaves(content) - {"scale", "figures.figure_6e.experiment"}
    # They must be the length of the model-based rollouts, and are changed with it.
    known -= {f"agents.swimmer.{name}.episode_steps" for name in ("fine_tuning", "model_free")}
    assert known <= CHANGES.keys()

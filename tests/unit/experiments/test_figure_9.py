"""Figure 9's methods: which runs they are, and what is wrong in one line."""

import pytest

from mbmf.base.errors import InputError
from mbmf.experiments.runs import identity
from mbmf.storage.yaml_files import read_yaml
from mbmf.workflow.configuration import check_configuration, merge
from setting_changes import ROOT

BASE = merge(*(read_yaml(ROOT / f"config/{name}.yaml") for name in ("agents", "config")))
CEM = {"name": "CEM", "planning": {"planner": "cem"}, "num_samples": [100, 500]}
PETS = {
    "name": "PETS",
    "dynamics": {"model": "probabilistic_ensemble", "propagation": "TS1"},
    "planning": {"planner": "cem", "particles": 5, "rounds": 2},
    "num_samples": [10],
}


def experiment(*methods, agents=("swimmer",)):
    section = {"agents": list(agents), "seeds": [0, 1], "methods": list(methods)}
    overlay = {"figures": {"figure_9": section}}
    return check_configuration([("base", BASE), ("overlay", overlay)]).experiments["figure_9"]


def test_a_method_lays_its_settings_over_the_agents_own():
    runs = experiment(CEM, PETS).curves()
    assert len({identity(run) for run in runs}) == len(runs) == 2 * 3
    first, last = runs[0].settings, runs[-1].settings
    own = BASE["agents"]["swimmer"]["model_based"]
    assert (first.planning.planner, first.planning.num_samples) == ("cem", 100)
    assert first.planning.horizon == own["planning"]["horizon"]
    assert first.dynamics.model_dump(exclude_defaults=True) == own["dynamics"]
    assert last.dynamics.propagation == "TS1"
    assert last.dynamics.hidden_layers == own["dynamics"]["hidden_layers"]


def test_random_shooting_with_an_agents_own_k_is_the_run_of_the_other_figures():
    agents = {"swimmer": 5000, "half_cheetah": 1000}
    for agent, num_samples in agents.items():
        shooting = {"name": "random shooting", "num_samples": [num_samples]}
        found = experiment(shooting, agents=[agent])
        assert [identity(run) for run in found.curves()] == [
            identity(found.model_based(agent, seed)) for seed in (0, 1)
        ]


def test_cells_tell_methods_apart_and_count_what_a_plan_predicts():
    cells = experiment(CEM | {"drawn": 100}, PETS).cells()
    assert [(one["method"], one["num_samples"], one["drawn"]) for one in cells] == [
        ("CEM", 100, True), ("CEM", 500, False), ("PETS", 10, True),
    ]  # fmt: skip
    assert [one["sequences"] for one in cells] == [501, 2501, (2 * 10 + 1) * 5]
    assert len({str(one["settings"]) for one in cells}) == 3
    assert cells[0]["settings"]["planning.particles"] is None
    assert cells[2]["settings"]["planning.particles"] == 5
    assert cells[0]["settings"]["dynamics.model"] == "mlp"


def test_a_method_may_be_one_agents():
    found = experiment(CEM | {"agents": ["swimmer"]}, PETS, agents=["swimmer", "half_cheetah"])
    assert [(one["agent"], one["method"]) for one in found.cells()] == [
        ("swimmer", "CEM"), ("swimmer", "CEM"), ("swimmer", "PETS"), ("half_cheetah", "PETS"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        ([CEM | {"planning": {"planner": "cme"}}], "planning.planner: unknown planner cme"),
        ([CEM | {"planning": {"planner": "cem", "elite": 3}}], "planning.elite: unknown key"),
        ([CEM | {"dynamics": {"propagation": "TS1"}}], "dynamics.propagation: unknown key"),
        ([CEM | {"drawn": 7}], r"methods\[0\]: drawn \(7\) must be one of num_samples"),
        ([CEM, PETS | {"name": "CEM"}], "swimmer has two methods of one name"),
        ([CEM | {"agents": ["ant bear"]}], "unknown agent"),
        ([CEM | {"num_samples": [5, 5]}], "5 is listed twice"),
        ([CEM | {"name": "$(touch hacked)"}], r"methods\[0\].name"),
    ],
)
def test_what_is_wrong_is_one_line(methods, message):
    with pytest.raises(InputError, match=message) as raised:
        experiment(*methods)
    assert str(raised.value).startswith("overlay: figures.figure_9")
    assert "\n" not in str(raised.value)

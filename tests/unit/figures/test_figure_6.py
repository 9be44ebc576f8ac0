"""Figure 6's selection of runs, and that each curve bears its own label."""

import numpy as np
import pandas as pd
import pytest

from mbmf.base.errors import InputError
from mbmf.figures import figure_6
from mbmf.figures.figure_6 import final_returns, select_sweep

SWEEPS = [
    {
        "panel": "a",
        "agent": "swimmer",
        "parameter": "dynamics.epochs",
        "values": [5, 30],
        "seeds": [[0, 1, 2]] * 2,
        "default": 30,
    },
    {
        "panel": "c1",
        "agent": "swimmer",
        "parameter": "planning.horizon",
        "values": [10, 20, 40],
        "seeds": [[0, 1, 2]] * 3,
        "default": 20,
    },
]


@pytest.fixture
def table():
    """Return = 1000 · epochs + 10 · horizon + seed + iteration, so that rows tell themselves."""
    settings = [(5, 20), (30, 20), (30, 10), (30, 40)]
    return pd.DataFrame(
        [
            {
                "agent": "swimmer",
                "dynamics.epochs": epochs,
                "planning.horizon": horizon,
                "seed": seed,
                "iteration": iteration,
                "return": 1000.0 * epochs + 10 * horizon + seed + iteration,
            }
            for epochs, horizon in settings
            for seed in (0, 1, 2)
            for iteration in (0, 1)
        ]
    )


def test_only_the_sweeps_own_parameter_varies(table):
    rows = select_sweep(table, SWEEPS[0], SWEEPS)
    assert set(rows["dynamics.epochs"]) == {5, 30}
    assert set(rows["planning.horizon"]) == {20}
    rows = select_sweep(table, SWEEPS[1], SWEEPS)
    assert set(rows["planning.horizon"]) == {10, 20, 40}
    assert set(rows["dynamics.epochs"]) == {30}


def test_a_missing_seed_of_a_value_is_told(table):
    lacking = table[~((table["planning.horizon"] == 40) & (table["seed"] == 1))]
    with pytest.raises(InputError, match=r"planning\.horizon = 40, seeds \[1\]"):
        select_sweep(lacking, SWEEPS[1], SWEEPS)


def test_each_curve_bears_the_label_of_its_value(table):
    figure = figure_6.design_decisions(table, SWEEPS, "quick")
    assert "quick scale, 3 seeds" in figure.get_suptitle()
    expected = [{5: 5200, 30: 30200}, {10: 30100, 20: 30200, 40: 30400}]
    for axes, sweep, levels in zip(figure.axes, SWEEPS, expected, strict=True):
        handles, labels = axes.get_legend_handles_labels()
        assert labels == [str(value) for value in sweep["values"]]
        for handle, value in zip(handles, sweep["values"], strict=True):
            # Mean over seeds 0, 1, 2 at iterations 0 and 1.
            np.testing.assert_allclose(handle.get_ydata(), [levels[value] + 1, levels[value] + 2])
        bold = [t.get_text() for t in axes.get_legend().get_texts() if t.get_fontweight() == "bold"]
        assert bold == [str(sweep["default"])]


def test_final_returns_are_those_of_the_last_iteration(table):
    returns = final_returns(table, SWEEPS)
    row = returns.loc[("swimmer", "c1", "controller's horizon", 40)]
    assert row.to_dict() == {"mean": 30402, "lowest": 30401, "highest": 30403, "seeds": 3}
    assert len(returns) == 5


def test_a_value_with_more_seeds_is_drawn_with_all_of_them(table):
    more = table[table["dynamics.epochs"] == 5].assign(seed=lambda rows: rows["seed"] + 3)
    sweeps = [SWEEPS[0] | {"seeds": [list(range(6)), [0, 1, 2]]}, SWEEPS[1]]
    both = pd.concat([table, more])
    figure = figure_6.design_decisions(both, sweeps, "quick", "Ablation")
    assert figure.get_suptitle().startswith("Ablation: ")
    assert "quick scale, 3 to 6 seeds" in figure.get_suptitle()
    # The table's returns, and those of the seeds added, which are copies of them.
    np.testing.assert_allclose(figure.axes[0].get_lines()[0].get_ydata(), [5201, 5202])
    with pytest.raises(InputError, match=r"dynamics\.epochs = 5, seeds \[3, 4, 5\]"):
        select_sweep(table, sweeps[0], sweeps)

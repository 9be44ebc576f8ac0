"""Figure 6's selection of runs, and that each curve bears its own label."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb

from mbmf.analysis.claims import check_claims
from mbmf.analysis.readings import readings
from mbmf.base.errors import InputError
from mbmf.figures import figure_6
from mbmf.figures.figure_6 import final_returns, select_sweep
from mbmf.figures.labels import EndLabel, label_ends, spread

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


def curves(axes):
    """Values of the curves of an upper panel, by the label in the legend's list."""
    handles, labels = axes.get_legend_handles_labels()
    return {label: handle for handle, label in zip(handles, labels, strict=True)}


def title_of(figure):
    """On one line."""
    return " ".join(figure.get_suptitle().split())


def written(axes):
    return {text.get_text(): text for text in axes.texts}


def test_each_curve_bears_the_label_of_its_value_at_its_end(table):
    figure = figure_6.design_decisions(table, SWEEPS, "quick")
    assert "quick scale, 3 seeds" in title_of(figure)
    expected = [{5: 5200, 30: 30200}, {10: 30100, 20: 30200, 40: 30400}]
    for axes, sweep, levels in zip(figure.axes[:2], SWEEPS, expected, strict=True):
        found, labels = curves(axes), written(axes)
        assert list(found) == [str(value) for value in sweep["values"]]
        for value in sweep["values"]:
            # Mean over seeds 0, 1, 2 at iterations 0 and 1.
            line, label = found[str(value)], labels[str(value)]
            np.testing.assert_allclose(line.get_ydata(), [levels[value] + 1, levels[value] + 2])
            assert label.xy == (1, levels[value] + 2)  # that it points at
            np.testing.assert_allclose(to_rgb(label.get_color()), to_rgb(line.get_color()))
        bold = [name for name, text in labels.items() if text.get_fontweight() == "bold"]
        assert bold == [str(sweep["default"])]


def test_labels_stand_apart_in_the_order_of_their_curves():
    figure, axes = plt.subplots()
    axes.set_xlim(0, 2)
    axes.set_ylim(0, 10)
    ends = [EndLabel(name, 1, y, "k") for name, y in [("c", 5.0), ("a", 4.99), ("b", 4.995)]]
    label_ends(axes, ends)
    figure.draw_without_rendering()
    # Of the words alone, without the lines that lead to them.
    boxes = [plt.Text.get_window_extent(written(axes)[name]) for name in "abc"]
    for below, above in pairwise(boxes):
        assert below.y1 <= above.y0 + 0.5  # pixels
    plt.close(figure)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1, 5], [1, 5]),
        ([4, 4], [3.5, 4.5]),  # apart by 1, and as near as can be: both moved alike
        ([0, 0, 9], [0, 1, 9]),  # not below 0
        ([10, 10, 10], [8, 9, 10]),  # not above 10
    ],
)
def test_spread_moves_as_little_as_it_can(values, found):
    np.testing.assert_allclose(spread(values, 1, 0, 10), found)


def test_lower_panels_show_every_seed_mean_and_interval(table):
    figure = figure_6.design_decisions(table, SWEEPS, "quick")
    for axes, expected in zip(figure.axes[2:], [[5200, 30200], [30100, 30200, 30400]], strict=True):
        dots = [part for part in axes.collections if isinstance(part, PathCollection)]
        assert [dot.get_offsets()[:, 1].tolist() for dot in dots] == [
            [level + 1, level + 2, level + 3] for level in expected
        ]
        # Student's factor for three seeds, 4.303, over the root of 3, at a deviation of 1.
        for bars, level in zip(axes.containers, expected, strict=True):
            ((_, low), (_, high)) = bars.lines[2][0].get_segments()[0]
            assert (low, high) == pytest.approx((level + 2 - 2.4841, level + 2 + 2.4841), abs=1e-3)


def test_a_claim_stands_below_its_panel_with_its_verdict(table):
    content = {
        "id": "more", "claim": "40 steps end higher than 10.", "source": "Figure 6c",
        "family": "Figure 6", "table": "figure_6", "comparison": "above", "threshold": 0,
        "agents": ["swimmer"],
        "statistic": {
            "name": "return_difference", "parameter": "planning.horizon", "of": 40, "minus": 10,
            "iteration": "last",
        },
    }  # fmt: skip
    noise = np.random.default_rng(0).normal(size=len(table))
    noisy = table.assign(**{"return": table["return"] + noise})
    start = content | {"id": "start", "claim": "They start so.", "family": None}
    start["statistic"] = content["statistic"] | {"iteration": "first"}
    both, problems = check_claims({"claims": [content, start]})
    assert not problems
    figure = figure_6.design_decisions(
        noisy, SWEEPS, "quick", readings=readings(both, {"figure_6": noisy})
    )
    left, right = figure.axes[2:]
    assert not left.texts
    said = " ".join(" ".join(text.get_text().split()) for text in right.texts)
    assert "● reproduced: 30" in said
    assert "40 steps end higher than 10." in said
    # A claim about the first iteration shows its seeds, too.
    assert len([part for part in right.collections if isinstance(part, PathCollection)]) == 6


def test_final_returns_are_those_of_the_last_iteration(table):
    returns = final_returns(table, SWEEPS)
    row = returns.loc[("swimmer", "c1", "controller's horizon", 40)]
    low, high = row.pop("low"), row.pop("high")
    assert row.to_dict() == {"mean": 30402, "lowest": 30401, "highest": 30403, "seeds": 3}
    assert (low, high) == pytest.approx((30402 - 2.4841, 30402 + 2.4841), abs=1e-3)
    assert len(returns) == 5


def test_a_value_with_more_seeds_is_drawn_with_all_of_them(table):
    more = table[table["dynamics.epochs"] == 5].assign(seed=lambda rows: rows["seed"] + 3)
    sweeps = [SWEEPS[0] | {"seeds": [list(range(6)), [0, 1, 2]]}, SWEEPS[1]]
    both = pd.concat([table, more])
    figure = figure_6.design_decisions(both, sweeps, "quick", "Ablation")
    assert figure.get_suptitle().startswith("Ablation: ")
    assert "quick scale, 3 to 6 seeds" in title_of(figure)
    # The table's returns, and those of the seeds added, which are copies of them.
    np.testing.assert_allclose(curves(figure.axes[0])["5"].get_ydata(), [5201, 5202])
    with pytest.raises(InputError, match=r"dynamics\.epochs = 5, seeds \[3, 4, 5\]"):
        select_sweep(table, sweeps[0], sweeps)


def test_widths_of_layers_are_a_lone_panel_with_a_column_for_each_agent(table):
    layers = {5: 500, 30: "500x500"}  # as a table has them that was read from a file
    own = table[table["planning.horizon"] == 20]
    swimmer = own.assign(**{"dynamics.hidden_layers": own["dynamics.epochs"].map(layers)})
    both = pd.concat([swimmer, swimmer.assign(agent="half_cheetah")])
    sweeps = [
        {
            "panel": "e", "agent": agent, "parameter": "dynamics.hidden_layers",
            "values": ["500", "500x500"], "seeds": [[0, 1, 2]] * 2, "default": "500",
        }
        for agent in ("swimmer", "half_cheetah")
    ]  # fmt: skip
    held = {"planning": {"num_samples": 1000}}
    figure = figure_6.design_decisions(both, sweeps, "quick", "Figure 6e", held=held)
    assert figure.axes[0].get_gridspec().get_geometry() == (2, 2)
    for axes, agent in zip(figure.axes[:2], ("Swimmer", "Half-cheetah"), strict=True):
        assert agent in axes.get_ylabel()
        np.testing.assert_allclose(curves(axes)["1 × 500"].get_ydata(), [5201, 5202])
        np.testing.assert_allclose(curves(axes)["2 × 500"].get_ydata(), [30201, 30202])
        assert written(axes)["1 × 500"].get_fontweight() == "bold"
    title = title_of(figure)
    assert "action samples K = 1000" in title
    assert "Verdicts" not in title
    returns = final_returns(both, sweeps)
    assert returns.loc[("half_cheetah", "e", "size of the network", "2 × 500"), "mean"] == 30202
    # A table whose runs all have one layer is read as numbers.
    one_layer = both[both["dynamics.hidden_layers"] == 500].assign(
        **{"dynamics.hidden_layers": 500}
    )
    alone = [sweep | {"values": ["500"], "seeds": [[0, 1, 2]]} for sweep in sweeps]
    assert len(select_sweep(one_layer, alone[0], alone)) == 6

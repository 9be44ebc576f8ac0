"""Figure 5's tables on a model whose errors are known, and what the figures draw of them."""

import numpy as np
import pytest
import torch

from mbmf.base.errors import InputError
from mbmf.figures import figure_5
from mbmf.method.models.mlp import Model
from mbmf.method.open_loop import error_table, trajectory_table
from mbmf.method.rollouts import Rollouts


def still_model(delta):
    """Predicts the same change of state always; spread of the state 2."""
    model = Model(2, 1, [4], torch.Generator().manual_seed(0))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    model.delta_mean.fill_(delta)
    model.input_std.fill_(2.0)
    return model


def moving(lengths, steps=10):
    """Rollouts whose state grows by 1 in each step, from 100 times the rollout's number."""
    count = len(lengths)
    states = np.arange(steps + 1.0)[None, :, None] + 100 * np.arange(count)[:, None, None]
    return Rollouts(
        np.repeat(states, 2, axis=2),
        np.zeros((count, steps, 1)),
        np.zeros((count, steps)),
        np.array(lengths),
        np.array(lengths),
    )


def test_error_of_each_model_after_each_step():
    """A model that sees no motion is off by 1 spread / 2 in each step; one that does by 0."""
    table = error_table(
        [still_model(0.0), still_model(1.0)], {"MPC": moving([10, 10])}, steps=4, starts=5
    )
    assert set(table["iteration"]) == {0, 1}
    assert set(table["rollouts"]) == {"MPC"}
    assert table.groupby("iteration")["start"].nunique().tolist() == [5, 5]
    first = table[table["iteration"] == 0].groupby("step")["error"]
    np.testing.assert_allclose(first.mean(), [0.5, 1.0, 1.5, 2.0], rtol=1e-5)
    np.testing.assert_allclose(first.std(), 0, atol=1e-5)
    np.testing.assert_allclose(table.loc[table["iteration"] == 1, "error"], 0, atol=1e-5)


def test_trajectory_is_the_middle_of_the_longest_rollout():
    table = trajectory_table(still_model(0.0), moving([4, 10, 8]), ["a", "b"], steps=4, dt=0.5)
    a = table[table["element"] == "a"]
    assert a["step"].tolist() == [0, 1, 2, 3, 4]
    assert a["time"].tolist() == [0, 0.5, 1, 1.5, 2]
    assert a["true"].tolist() == [103, 104, 105, 106, 107]
    np.testing.assert_allclose(a["predicted"], 103)


def test_rollouts_that_are_too_short_are_told():
    with pytest.raises(InputError, match="longest held-out rollout of the set MPC has 6"):
        error_table([still_model(0.0)], {"MPC": moving([3, 6])}, steps=7, starts=2)
    with pytest.raises(InputError, match="longest held-out rollout has 6"):
        trajectory_table(still_model(0.0), moving([3, 6]), ["a", "b"], steps=7, dt=1)


def test_figure_draws_truth_solid_and_prediction_dotted():
    table = trajectory_table(still_model(0.0), moving([10]), ["a", "b"], steps=4, dt=0.5)
    table = table.assign(agent="swimmer", seed=3)
    figure = figure_5.rollout_against_prediction(table, ["b", "a"], "quick")
    assert [axes.get_title() for axes in figure.axes[:2]] == ["b", "a"]
    for axes in figure.axes[:2]:
        lines = {line.get_label(): line for line in axes.get_lines()}
        assert lines["true rollout"].get_linestyle() == "-"
        assert lines["true rollout"].get_ydata().tolist() == [3, 4, 5, 6, 7]
        assert lines["prediction"].get_linestyle() == ":"
        np.testing.assert_allclose(lines["prediction"].get_ydata(), 3)
    title = figure.get_suptitle()
    assert "4 open-loop steps of 0.5 s" in title
    assert "quick scale, seed 3 of 1 seeds" in title


def test_figure_draws_a_curve_for_each_model():
    tables = error_table(
        [still_model(0.0), still_model(1.5)], {"random": moving([10]), "MPC": moving([9])}, 4, 3
    ).assign(agent="swimmer", seed=0)
    figure = figure_5.error_against_steps(tables, "quick")
    assert [axes.get_title() for axes in figure.axes] == [
        "held-out random rollouts",
        "held-out MPC rollouts",
    ]
    for axes in figure.axes:
        assert axes.get_yscale() == "log"
        drawn = [line.get_ydata() for line in axes.get_lines() if len(line.get_ydata())]
        np.testing.assert_allclose(drawn[0], [0.5, 1.0, 1.5, 2.0], rtol=1e-5)
        np.testing.assert_allclose(drawn[1], [0.25, 0.5, 0.75, 1.0], rtol=1e-5)
    labels = [text.get_text() for text in figure.axes[-1].get_legend().get_texts()]
    assert labels == ["0", "1"]

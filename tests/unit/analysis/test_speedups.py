"""The two numbers on made-up curves whose answer is known."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mbmf.analysis.authors_plots import read_authors_plots
from mbmf.analysis.speedups import Curves, plateau, speedups, steps_to_hold
from mbmf.base.errors import InputError
from mbmf.figures import figure_7

PLOTS = read_authors_plots(Path(__file__).parents[3] / "config/authors_plots.yaml")


def rows(kind, seed, env_steps, authors_steps, returns, agent="swimmer"):
    return pd.DataFrame(
        {
            "kind": kind,
            "agent": agent,
            "seed": seed,
            "iteration": range(len(returns)),
            "env_steps": env_steps,
            "authors_steps": authors_steps,
            "return": np.asarray(returns, float),
        }
    )


def made_up(seeds=(0, 1, 2), mb=30.0, top=60.0, faster=4, spread=0.0):
    """Mf rises by 1 each 1000 steps to `top`; Mb-Mf does so `faster` times as fast.

    The authors count fewer steps of Mb and of the imitation, and a batch more of TRPO.
    """
    parts = []
    for seed in seeds:
        shift = spread * (seed - 1)
        mf_steps = 1000.0 * np.arange(200)
        mf = np.minimum(np.arange(200) + shift, top)
        mbmf = np.minimum(faster * np.arange(200), top)
        parts += [
            rows("model_based", seed, [500.0, 1000.0], [400.0, 800.0], [5, mb]),
            rows("model_free", seed, mf_steps, 1000 + mf_steps, mf),
            rows("imitation", seed, [1500.0, 1600.0], [1200.0, 1300.0], [10, 20]),
            rows("fine_tuning", seed, 2000 + mf_steps, 2500 + mf_steps, mbmf),
        ]
    return pd.concat(parts, ignore_index=True)


def test_known_ratios():
    found = speedups(made_up())["swimmer"]
    # Mf returns 30 at 30,000 steps; Mb had used 1000.
    efficiency = found["sample_efficiency"]
    assert (efficiency["median"], efficiency["low"], efficiency["high"]) == (30, 30, 30)
    assert efficiency["seeds"] == 3
    assert efficiency["why"] is None
    # 99 % of 60 is 59.4: Mf at 59,400 steps, Mb-Mf at 2000 + 59,400 / 4.
    assert found["time_to_max"]["median"] == pytest.approx(59400 / (2000 + 14850))
    assert found["time_to_max"]["level"] == pytest.approx(59.4)


def test_known_ratios_as_the_authors_count():
    found = speedups(made_up())["swimmer"]
    # Mf returns 30 in the batch that ends at 31,000 steps; Mb had 800 training points.
    assert found["sample_efficiency_authors"]["median"] == pytest.approx(31000 / 800)
    assert found["sample_efficiency_authors"]["model_based_steps"] == 800
    assert found["time_to_max_authors"]["median"] == pytest.approx(60400 / (2500 + 14850))
    # The level is no matter of counting.
    for name in ("sample_efficiency", "time_to_max"):
        assert found[name]["level"] == found[f"{name}_authors"]["level"]


def test_seeds_of_different_length_are_averaged_point_by_point():
    """Where episodes end early a seed may need half the steps: the mean is over seeds."""
    table = made_up(seeds=(0, 1))
    short = (table["kind"] == "model_based") & (table["seed"] == 1)
    table.loc[short, ["env_steps", "authors_steps"]] /= 2
    found = speedups(table)["swimmer"]
    assert found["sample_efficiency"]["model_based_steps"] == 750
    assert found["sample_efficiency_authors"]["model_based_steps"] == 600
    # Resamples of one seed alone: 30,000 over 1000, or over 500.
    efficiency = found["sample_efficiency"]
    assert (efficiency["low"], efficiency["median"], efficiency["high"]) == (30, 40, 60)


def test_seeds_that_differ_make_an_interval():
    found = speedups(made_up(spread=5.0))["swimmer"]["sample_efficiency"]
    # Mean over the three seeds: 30. A single seed would say 25 or 35.
    assert 25 <= found["low"] < found["median"] < found["high"] <= 35
    assert found["median"] == pytest.approx(30, abs=1)


def test_a_return_that_mf_never_reaches_is_null_and_says_why():
    found = speedups(made_up(mb=70.0))["swimmer"]["sample_efficiency"]
    assert found["median"] is found["low"] is found["high"] is None
    assert found["why"] == "Mf does not reach and hold 70.0"


@pytest.mark.parametrize("name", ["sample_efficiency", "sample_efficiency_authors"])
def test_a_random_policy_that_is_good_enough_gives_no_ratio(name):
    """By the authors' counting too, where the random policy stands at the end of its batch."""
    found = speedups(made_up(mb=-1.0))["swimmer"][name]
    assert found["median"] is None
    assert "random policy" in found["why"]


@pytest.mark.parametrize("name", ["time_to_max", "time_to_max_authors"])
def test_a_random_policy_at_the_maximum_gives_no_ratio(name):
    found = speedups(made_up(top=-1.0))["swimmer"][name]
    assert found["median"] is None
    assert "after its start" in found["why"]


def test_mf_that_still_rises_has_no_maximum():
    found = speedups(made_up(top=1000.0))["swimmer"]["time_to_max"]
    assert found["median"] is None
    assert "still rising" in found["why"]


def test_mbmf_that_never_gets_there_is_told():
    table = made_up()
    table.loc[table["kind"] == "fine_tuning", "return"] /= 2
    found = speedups(table)["swimmer"]["time_to_max"]
    assert found["median"] is None
    assert found["why"] == "Mb-Mf does not reach and hold 59.4"


def test_a_seed_that_fails_now_and_then_opens_the_interval_at_its_end():
    """One of three seeds of Mf never learns: resamples of it alone never reach Mb's return."""
    table = made_up()
    failed = (table["kind"] == "model_free") & (table["seed"] == 2)
    table.loc[failed, "return"] = 0.0
    found = speedups(table)["swimmer"]["sample_efficiency"]
    assert found["median"] is not None
    assert found["low"] is not None
    assert found["high"] is None
    assert found["why"].startswith("Mf does not reach and hold its level in ")


def test_resamples_without_a_ratio_open_the_interval_at_both_ends():
    """One of three seeds still rises: resamples of it alone have no maximum to compare."""
    table = made_up()
    rising = (table["kind"] == "model_free") & (table["seed"] == 2)
    table.loc[rising, "return"] = np.minimum(np.arange(200), 180) / 3
    found = speedups(table)["swimmer"]["time_to_max"]
    assert found["median"] is not None
    assert found["low"] is found["high"] is None
    assert found["why"].startswith("Mf is still rising: it has no maximum yet in ")


@pytest.mark.parametrize(
    ("returns", "level", "expected"),
    [
        ([0, 1, 2, 3, 4, 5, 6, 7], 2.5, 25),
        ([0, 9, 0, 3, 4, 5, 6, 7], 2.5, 20 + 10 * 2.5 / 3),  # a peak is not held
        ([3, 3, 3, 3, 3, 3, 3, 3], 2.5, 0),
        ([0, 0, 0, 3, 3, 3, 3, 3], 2.5, 20 + 10 * 2.5 / 3),  # held to the end
        ([0, 0, 0, 0, 3, 3, 3, 3], 2.5, math.inf),  # too near the end to be held
        ([0, 0, 0, 0, 0, 0, 0, 2], 2.5, math.inf),
        ([3, 3], 2.5, 0),  # a curve shorter than that: throughout
        ([0, 3], 2.5, math.inf),
    ],
)
def test_steps_to_hold(returns, level, expected):
    steps = 10.0 * np.arange(len(returns))
    assert steps_to_hold(steps, np.array(returns, float), level) == pytest.approx(expected)


def test_plateau_is_the_last_tenth_and_knows_whether_the_curve_rises():
    assert plateau(np.r_[np.arange(90.0), np.full(110, 90.0)]) == (90.0, True)
    level, level_off = plateau(np.arange(100.0))
    assert level == 94.5
    assert not level_off


def test_curves_average_over_the_seeds_asked_for():
    curves = Curves(
        np.arange(2), np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 1.0], [2.0, 5.0]])
    )
    steps, returns = curves.mean(np.array([0, 1]))
    np.testing.assert_array_equal(steps, [2, 3])
    np.testing.assert_array_equal(returns, [1, 3])


def test_a_table_with_holes_is_refused():
    table = made_up()
    with pytest.raises(InputError, match="lacks iterations"):
        speedups(table.drop(index=table.index[5]))
    with pytest.raises(InputError, match="lacks imitation of swimmer"):
        speedups(table[table["kind"] != "imitation"])
    for column in ("env_steps", "authors_steps"):
        with pytest.raises(InputError, match=f"^the table lacks column {column}; .*$"):
            speedups(table.drop(columns=column))


def test_a_row_twice_is_refused():
    table = made_up()
    with pytest.raises(InputError, match="iteration 1 of model_based, swimmer, seed 0 twice"):
        speedups(pd.concat([table, table.iloc[[1]]]))


def test_seeds_that_are_not_the_same_are_refused():
    table = made_up()
    some = table[(table["kind"] != "model_based") | (table["seed"] < 2)]
    with pytest.raises(InputError, match=r"Mb has seeds \[0, 1\], Mf has \[0, 1, 2\]"):
        speedups(some)


def test_figure_shows_each_method_against_a_log_axis():
    table = pd.concat([made_up(), made_up().assign(agent="hopper")], ignore_index=True)
    figure = figure_7.comparison(table, "quick")
    assert "quick scale, 3 seeds" in figure.get_suptitle()
    for axes, title in zip(figure.axes, ["Swimmer", "Hopper"], strict=True):
        assert axes.get_title() == title
        assert axes.get_xscale() == "log"
        labels = [line.get_label() for line in axes.get_lines()]
        assert set(figure_7.LABELS.values()) < set(labels)
        (highest,) = [line for line in axes.get_lines() if line.get_linestyle() == "--"]
        assert highest.get_ydata()[0] == 60
        curve = axes.get_lines()[labels.index(figure_7.LABELS["Mb-Mf"])]
        assert curve.get_xdata()[0] == 1500
        assert curve.get_ydata()[0] == 10


def test_figure_shows_the_return_without_noise_where_every_seed_has_one():
    table = made_up()
    trpo = table["kind"].isin(["model_free", "fine_tuning"])
    measured = trpo & (table["iteration"] % 10 == 0)
    table["mean_return"] = table["return"].where(measured) + 5
    missing = (table["iteration"] == 20) & (table["seed"] == 1) & (table["kind"] == "model_free")
    table.loc[missing, "mean_return"] = np.nan
    figure = figure_7.comparison(table, "quick")
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert figure_7.WITHOUT_NOISE in legend
    assert figure_7.CROSSES not in legend
    thin = [line for line in figure.axes[0].get_lines() if line.get_linewidth() == figure_7.THIN]
    curves = dict(zip(figure_7.LABELS, figure.axes[0].get_lines(), strict=False))
    assert [line.get_color() for line in thin] == [
        curves["Mf"].get_color(),
        curves["Mb-Mf"].get_color(),
    ]
    assert thin[0].get_xdata()[:3].tolist() == [10000, 30000, 40000]
    assert thin[0].get_ydata()[:3].tolist() == [15, 35, 45]
    assert thin[1].get_xdata()[:3].tolist() == [2000, 12000, 22000]
    assert thin[1].get_ydata()[:3].tolist() == [5, 45, 65]


def test_figure_without_such_returns_says_nothing_of_them():
    figure = figure_7.comparison(made_up(), "quick")
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == list(figure_7.LABELS.values())


def test_figure_shows_what_was_read_off_the_authors_plots():
    figure = figure_7.comparison(made_up(), "paper", PLOTS)
    crosses = [line for line in figure.axes[0].get_lines() if line.get_marker() == "x"]
    assert list(crosses[0].get_xdata()) == [8000, 23000]
    assert list(crosses[0].get_ydata()) == [4, 27]
    assert [len(line.get_xdata()) for line in crosses] == [2, 4, 4]
    assert figure_7.CROSSES in [text.get_text() for text in figure.legends[0].get_texts()]


def test_table_has_both_countings_beside_both_targets():
    table = figure_7.speedup_table(speedups(made_up(mb=70.0)), PLOTS)
    assert len(table) == 4
    ours, authors = "every step", "as the authors' plots"
    for counted in (ours, authors):
        row = table.loc[("Swimmer", "Mf / Mb", counted)]
        assert pd.isna(row["median"])
        assert "does not reach" in row["why not"]
        assert (row["the text"], row["the authors' plots"]) == ("20", "25")
    rows = table.loc[("Swimmer", "Mf / Mb-Mf")]
    assert rows.loc[ours, "median"] == pytest.approx(3.525, 0.01)
    assert rows.loc[authors, "median"] == pytest.approx(3.481, 0.001)
    assert rows["the text"].tolist() == ["3", "3"]
    assert rows["the authors' plots"].tolist() == ["1.55 to 1.63"] * 2

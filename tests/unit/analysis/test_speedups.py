"""The two numbers on made-up curves whose answer is known."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mbmf.analysis.authors_plots import read_authors_plots
from mbmf.analysis.intervals import CAUTION
from mbmf.analysis.speedups import Curves, held_level, plateau, speedups, steps_to_hold
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


MB_STEPS = np.r_[500.0, 1000.0 + 100 * np.arange(5)]


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
            rows("model_based", seed, MB_STEPS, 0.8 * MB_STEPS, [5, *[mb] * 5]),
            rows("model_free", seed, mf_steps, 1000 + mf_steps, mf),
            rows("imitation", seed, [1500.0, 1600.0], [1200.0, 1300.0], [10, 20]),
            rows("fine_tuning", seed, 2000 + mf_steps, 2500 + mf_steps, mbmf),
        ]
    return pd.concat(parts, ignore_index=True)


def test_known_ratios():
    found = speedups(made_up())["swimmer"]
    # Mf returns 30 at 30,000 steps; Mb does so from 1000 on.
    efficiency = found["sample_efficiency"]
    assert efficiency["ratio"] == pytest.approx(30)
    assert (efficiency["seeds"], efficiency["bound"]) == (3, None)
    # Seeds that are all alike say nothing of other seeds.
    assert efficiency["low"] is efficiency["high"] is None
    assert "the same in every seed" in efficiency["why"]
    # 99 % of 60 is 59.4: Mf at 59,400 steps, Mb-Mf at 2000 + 59,400 / 4.
    assert found["time_to_max"]["ratio"] == pytest.approx(59400 / (2000 + 14850))
    assert found["time_to_max"]["level"] == pytest.approx(59.4)


def test_known_ratios_as_the_authors_count():
    found = speedups(made_up())["swimmer"]
    # Mf returns 30 in the batch that ends at 31,000 steps; Mb had 800 training points.
    assert found["sample_efficiency_authors"]["ratio"] == pytest.approx(31000 / 800)
    assert found["sample_efficiency_authors"]["fast_steps"] == 800
    assert found["time_to_max_authors"]["ratio"] == pytest.approx(60400 / (2500 + 14850))
    # The level is no matter of counting.
    for name in ("sample_efficiency", "time_to_max"):
        assert found[name]["level"] == found[f"{name}_authors"]["level"]


def test_what_mb_holds_is_not_one_noisy_point():
    table = made_up()
    table.loc[(table["kind"] == "model_based") & (table["iteration"] == 5), "return"] = 50.0
    found = speedups(table)["swimmer"]["sample_efficiency"]
    assert (found["level"], found["fast_steps"]) == (30, 1000)
    assert held_level(np.array([1.0, 9, 5, 6, 7, 8, 9, 2, 3])) == 5
    assert held_level(np.array([4.0, 3.0])) == 3


def test_seeds_of_different_length_are_averaged_point_by_point():
    """Where episodes end early a seed may need half the steps: the mean is over seeds."""
    table = made_up(seeds=(0, 1))
    short = (table["kind"] == "model_based") & (table["seed"] == 1)
    table.loc[short, ["env_steps", "authors_steps"]] /= 2
    found = speedups(table)["swimmer"]
    assert found["sample_efficiency"]["fast_steps"] == 750
    assert found["sample_efficiency_authors"]["fast_steps"] == 600
    assert found["sample_efficiency"]["ratio"] == pytest.approx(40)
    # One seed's ratio is 30, the other's 60: two seeds leave nearly all open.
    assert found["sample_efficiency"]["low"] < 1
    assert found["sample_efficiency"]["high"] > 1000


def test_seeds_that_differ_make_students_interval_by_the_jackknife():
    found = speedups(made_up(spread=5.0))["swimmer"]["sample_efficiency"]
    # Mean over the three seeds: 30. Without one seed: 27.5, 30 or 32.5.
    assert found["ratio"] == pytest.approx(30)
    error = np.sqrt(2 * np.var(np.log([27.5, 30, 32.5])))
    reach = np.exp(stats.t.isf(CAUTION * 0.025, 2) * error)
    assert (found["low"], found["high"]) == pytest.approx((30 / reach, 30 * reach))


def test_a_return_that_mf_never_reaches_bounds_the_ratio_from_below():
    found = speedups(made_up(mb=70.0, spread=0.1))["swimmer"]["sample_efficiency"]
    # The last five of 200 points begin at 195,000 steps.
    assert (found["ratio"], found["bound"]) == (195, "at least")
    assert (found["low"], found["high"], found["why"]) == (195, None, None)
    assert found["slow_steps"] is None


def test_a_miss_by_less_than_the_seeds_differ_is_no_sure_bound():
    """The mean curve of Mf stays 0.3 below 60.3, but its seeds differ by 1."""
    table = made_up(mb=60.3)
    mf = table["kind"] == "model_free"
    table.loc[mf, "return"] += table["seed"] - 1.0
    found = speedups(table)["swimmer"]["sample_efficiency"]
    assert (found["ratio"], found["bound"]) == (195, "at least")
    # Two seeds' error below 60 the curve is surely short of it.
    error = np.sqrt(1 / 3)
    sure = 60.3 - stats.t.isf(CAUTION * 0.025 / 2, 2) * error
    assert found["low"] == pytest.approx(np.floor(sure), abs=1)


@pytest.mark.parametrize("name", ["sample_efficiency", "sample_efficiency_authors"])
def test_a_random_policy_that_is_good_enough_gives_no_ratio(name):
    """By the authors' counting too, where the random policy stands at the end of its batch."""
    found = speedups(made_up(mb=-1.0))["swimmer"][name]
    assert found["ratio"] is None
    assert "random policy" in found["why"]


@pytest.mark.parametrize("name", ["time_to_max", "time_to_max_authors"])
def test_a_random_policy_at_the_maximum_gives_no_ratio(name):
    found = speedups(made_up(top=-1.0))["swimmer"][name]
    assert found["ratio"] is None
    assert "a random policy already returns" in found["why"]


def test_mf_that_still_rises_has_no_maximum():
    found = speedups(made_up(top=1000.0))["swimmer"]["time_to_max"]
    assert found["ratio"] is None
    assert "still rising" in found["why"]


def test_mbmf_that_never_gets_there_bounds_the_ratio_from_above():
    table = made_up(spread=0.1)
    table.loc[table["kind"] == "fine_tuning", "return"] /= 2
    found = speedups(table)["swimmer"]["time_to_max"]
    assert found["bound"] == "at most"
    # Mf needs 59,400 steps; of Mb-Mf the last five of 202 points begin at 2000 + 195,000.
    assert found["ratio"] == pytest.approx(59_400 / 197_000, rel=1e-3)
    assert found["low"] is None
    assert found["high"] == pytest.approx(found["ratio"], rel=0.05)


def test_a_seed_that_fails_opens_the_interval_at_its_end():
    """One of three seeds of Mf never learns; without another, Mf never reaches Mb's return."""
    table = made_up(mb=35.0)
    failed = (table["kind"] == "model_free") & (table["seed"] == 2)
    table.loc[failed, "return"] = 0.0
    found = speedups(table)["swimmer"]["sample_efficiency"]
    assert found["ratio"] == pytest.approx(35 * 3 / 2)
    assert found["bound"] is None
    assert found["low"] < found["ratio"]
    assert found["high"] is None


def test_a_seed_without_which_there_is_no_maximum_leaves_no_interval():
    table = made_up()
    rising = (table["kind"] == "model_free") & (table["seed"] == 2)
    table.loc[rising, "return"] = np.minimum(np.arange(200), 180) / 3
    found = speedups(table)["swimmer"]["time_to_max"]
    assert found["low"] is found["high"] is None
    assert "still rising" in found["why"]


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
    hopper = made_up().query("seed < 2").assign(agent="hopper")
    table = pd.concat([made_up(), hopper], ignore_index=True)
    figure = figure_7.comparison(table, "quick")
    assert "quick scale" in figure.get_suptitle()
    titles = ["Swimmer, 3 seeds", "Hopper, 2 seeds"]
    for axes, title in zip(figure.axes, titles, strict=True):
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
    table = figure_7.speedup_table(speedups(made_up(mb=70.0, spread=0.1)), PLOTS)
    assert len(table) == 4
    ours, authors = "every step", "as the authors' plots"
    for counted in (ours, authors):
        row = table.loc[("Swimmer", "Mf / Mb", counted)]
        assert row["bound"] == "at least"
        assert (row["the text"], row["the authors' plots"]) == ("20", "25")
    rows = table.loc[("Swimmer", "Mf / Mb-Mf")]
    assert rows.loc[ours, "ratio"] == pytest.approx(3.525, 0.01)
    assert rows.loc[authors, "ratio"] == pytest.approx(3.481, 0.001)
    assert rows["the text"].tolist() == ["3", "3"]
    assert rows["the authors' plots"].tolist() == ["1.55 to 1.63"] * 2

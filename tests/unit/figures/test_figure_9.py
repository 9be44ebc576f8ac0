"""Figure 9: which rows are a method's, and what is drawn of them."""

import pandas as pd
import pytest

from mbmf.base.errors import InputError
from mbmf.figures import figure_9

SETTINGS = ("planning.planner", "planning.num_samples", "dynamics.hidden_layers")


def cell(method, num_samples, planner, layers="500", drawn=True, **further):
    settings = dict(zip(SETTINGS, (planner, num_samples, layers), strict=True))
    return {
        "agent": "swimmer", "method": method, "num_samples": num_samples, "drawn": drawn,
        "sequences": 2 * num_samples, "settings": settings | further,
    }  # fmt: skip


PARTICLES = "planning.particles"
CELLS = [
    cell("random shooting", 1000, "random_shooting", **{PARTICLES: None}),
    cell("two layers", 1000, "random_shooting", "500x500", **{PARTICLES: None}),
    cell("CEM", 100, "cem", drawn=False, **{PARTICLES: None}),
    cell("CEM", 500, "cem", **{PARTICLES: None}),
    cell("PETS", 100, "cem", **{PARTICLES: 5}),
]


def returns(place, seed, iteration):
    """A number that tells cell, seed and iteration."""
    return 100.0 * place + 10 * iteration + seed


@pytest.fixture
def table():
    return pd.DataFrame(
        [
            {
                "agent": "swimmer",
                "seed": seed,
                "iteration": iteration,
                "env_steps": 1000 * (iteration + 1),
                "return": returns(place, seed, iteration),
                **one["settings"],
            }
            for place, one in enumerate(CELLS)
            for seed in (0, 1, 2)
            for iteration in (0, 1)
        ]
    )


@pytest.fixture
def times():
    return pd.DataFrame(
        [
            {"agent": "swimmer", "seed": seed, "seconds_per_action": 0.01 * (place + 1)}
            | one["settings"]
            for place, one in enumerate(CELLS)
            for seed in (0, 1, 2)
        ]
    )


def test_each_method_has_its_own_rows(table):
    for place, one in enumerate(CELLS):
        rows = figure_9.rows_of(table, one)
        assert len(rows) == 6
        assert set(rows["return"] // 100) == {place}


def test_a_method_that_the_table_lacks_is_named(table):
    with pytest.raises(InputError, match="lacks swimmer, PETS, K 100"):
        figure_9.rows_of(table[table[PARTICLES].isna()], CELLS[-1])


def test_the_drawn_k_of_each_method_is_a_curve_of_means_over_seeds(table):
    left, right = figure_9.comparison(table, CELLS, "test").axes
    curves = [line.get_ydata().tolist() for line in left.get_lines() if line.get_marker() == "None"]
    assert curves == [[100.0 * place + 1, 100.0 * place + 11] for place in (0, 1, 3, 4)]
    assert {line.get_xdata()[0] for line in left.get_lines()} == {1000}
    # Each K of a method is a point of its line, by the number of its sequences.
    lines = [line for line in right.get_lines() if line.get_linestyle() == "-"]
    points = [list(zip(*line.get_data(), strict=True)) for line in lines]
    assert [(200.0, 211.0), (1000.0, 311.0)] in points


def test_the_measured_time_is_the_other_axis(table, times):
    (axes,) = figure_9.against_time(table, times, CELLS, "test").axes
    lines = [line for line in axes.get_lines() if line.get_linestyle() == "-"]
    points = [list(zip(*line.get_data(), strict=True)) for line in lines]
    assert [(pytest.approx(30), 211.0), (pytest.approx(40), 311.0)] in points


def test_numbers_are_those_of_the_last_iteration(table, times):
    found = figure_9.in_numbers(table, times, CELLS)
    assert found["mean"].tolist() == [100.0 * place + 11 for place in range(len(CELLS))]
    assert found["ms per action"].tolist() == pytest.approx([10, 20, 30, 40, 50])
    assert found.loc[("swimmer", "CEM", 500), "sequences"] == 1000
    assert (found["low"] < found["mean"]).all()

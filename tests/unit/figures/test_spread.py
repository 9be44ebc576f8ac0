"""What the bands in the figures are of: seeds, whole and all of them."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from mbmf.analysis.authors_plots import AUTHORS_PLOTS, read_authors_plots
from mbmf.analysis.speedups import Curves, speedups
from mbmf.base.errors import InputError
from mbmf.figures import figure_5 as five
from mbmf.figures import figure_6 as six
from mbmf.figures import figure_7 as seven

plt.switch_backend("agg")
SWEEP = {
    "panel": "a", "agent": "swimmer", "parameter": "dynamics.epochs", "values": [20, 30],
    "seeds": [[0, 1, 2], [0, 1, 2]], "default": 30,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def bands(axes):
    """Lowest and highest value of each band at its first point."""
    found = []
    for band in axes.collections:
        ((points, *_),) = [[path.vertices for path in band.get_paths()]]
        at = points[points[:, 0] == points[:, 0].min(), 1]
        found.append((at.min(), at.max()))
    return found


def errors(by_seed, starts):
    """Errors of one model: `by_seed` at every step, spread over start states."""
    return pd.DataFrame(
        [
            {
                "agent": "half_cheetah", "seed": seed, "iteration": 0, "rollouts": "MPC",
                "start": start, "step": step, "error": level * 10.0**spread,
            }
            for seed, level in enumerate(by_seed)
            for start, spread in enumerate(starts)
            for step in (1, 2, 3)
        ]
    )  # fmt: skip


def test_figure_5s_band_is_over_seeds_and_not_over_start_states():
    # Start states differ by four orders of magnitude, seeds not at all.
    figure = five.error_against_steps(errors([2.0, 2.0, 2.0], [-2, -1, 0, 1, 2]), "quick")
    assert bands(figure.axes[0]) == [pytest.approx((2, 2))]
    figure = five.error_against_steps(errors([1.0, 2.0, 4.0], [-2, -1, 0, 1, 2]), "quick")
    assert figure.axes[0].get_lines()[0].get_ydata()[0] == pytest.approx(2)
    # Student's 95 % interval of the three logarithms: 4.303 standard errors of ln 2 / sqrt(3).
    reach = 2 ** (4.30265 / 3**0.5)
    assert bands(figure.axes[0]) == [pytest.approx((2 / reach, 2 * reach), rel=1e-5)]
    assert "3 seeds" in figure.get_suptitle()


def test_figure_6_refuses_a_table_without_some_seed():
    rows = [
        {"agent": "swimmer", "seed": seed, "iteration": i, "dynamics.epochs": epochs, "return": 1.0}
        for epochs in (20, 30)
        for seed in (0, 1, 2)
        for i in (0, 1)
    ]
    with pytest.raises(InputError, match=r"lacks swimmer, dynamics.epochs = 30, seeds \[2\]"):
        six.design_decisions(pd.DataFrame(rows[:-2]), [SWEEP], "quick")


def test_figure_7s_seeds_meet_on_a_common_grid():
    """Two straight lines of slope 1 and 3, at steps that differ by seed: the mean's slope is 2."""
    steps = np.array([[0.0, 10, 20, 30], [0, 12, 26, 40]])
    found = seven.on_common_grid(Curves(np.arange(2), steps, steps * [[1], [3]]))
    assert found.columns[0] > 0
    assert found.columns[-1] == 30  # further on, one seed would be left out
    np.testing.assert_allclose(found.mean(), 2 * found.columns)


def figure_7(mf):
    kinds = {"model_based": [1, 2], "model_free": mf, "imitation": [3], "fine_tuning": [4, 5]}
    ends = {"imitation": 3000, "fine_tuning": 4000}
    rows = [
        {
            "kind": kind, "agent": "swimmer", "seed": seed, "iteration": i,
            "env_steps": ends.get(kind, 0) + 1000 * (i + 1), "return": float(value + seed),
        }
        for kind, values in kinds.items()
        for seed in (0, 1)
        for i, value in enumerate(values)
    ]  # fmt: skip
    return seven.comparison(pd.DataFrame(rows), "quick").axes[0]


@pytest.mark.parametrize(
    ("mf", "said"),
    [
        ([0.0] * 5 + [50.0] * 45, "Mf's plateau"),
        (range(50), "Mf's last tenth, still rising: no maximum yet"),
    ],
)
def test_figure_7_calls_a_plateau_only_what_is_one(mf, said):
    axes = figure_7(list(mf))
    assert [text.get_text() for text in axes.texts] == ["Mb", "Mf", "Mb-Mf", said]
    (line,) = [line for line in axes.get_lines() if line.get_linestyle() == "--"]
    assert line.get_ydata()[0] == pytest.approx(np.mean(list(mf)[-5:]) + 0.5)


def test_figure_7_shows_each_ratio_at_its_return_and_names_both_targets():
    kinds = {
        "model_based": ([1000, 2000], [5, 10]),
        "model_free": (np.arange(1, 51) * 1e4, [*range(2, 42, 2), *[40] * 30]),
        "imitation": ([3000], [12]),
        "fine_tuning": (np.arange(1, 51) * 5e3, [*range(2, 42, 2), *[40] * 30]),
    }
    table = pd.DataFrame(
        [
            {
                "kind": kind, "agent": "swimmer", "seed": seed, "iteration": i, "env_steps": at,
                "authors_steps": at, "return": value * (1 + 0.01 * seed),
            }
            for kind, (steps, returns) in kinds.items()
            for seed in (0, 1)
            for i, (at, value) in enumerate(zip(steps, returns, strict=True))
        ]
    )  # fmt: skip
    plots = read_authors_plots(AUTHORS_PLOTS)
    figure = seven.comparison(table, "quick", speedups=speedups(table), read=plots)
    bars = [line for line in figure.axes[0].get_lines() if line.get_marker() == "|"]
    # Mb holds what its lower point has; Mf is there at 2 + 2i = 5, so at 2.5e4 steps.
    mb, mbmf = bars
    np.testing.assert_allclose(mb.get_xdata(), [1000, 25_000])
    np.testing.assert_allclose(mb.get_ydata(), 5 * 1.005)
    # 99 % of 40 is reached 0.8 of the way from 38 to 40, in both; Mb-Mf is twice as fast.
    np.testing.assert_allclose(mbmf.get_xdata(), [99_000, 198_000])
    said = "\n".join(text.get_text() for text in figure.axes[0].texts)
    assert "Mf / Mb: 25" in said
    words = " ".join(said.split())
    assert "Mf / Mb at a return of 5.025: 25 (" in words
    assert "The text: 20; their plot: 25." in words
    assert "The text: 3; their plot: 1.55 to 1.63." in words

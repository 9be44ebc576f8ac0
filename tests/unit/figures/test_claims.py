"""All claims in one picture: where each effect lies, its targets, and what is told in words."""

import matplotlib.pyplot as plt
import pytest

from mbmf.analysis.claims import check_claims
from mbmf.analysis.readings import Reading
from mbmf.base.errors import InputError
from mbmf.figures.claims import forest
from mbmf.figures.labels import VERDICTS
from mbmf.steps.draw_claims import draw_claims

FACTOR = {
    "id": "factor", "claim": "At least 20 times.", "source": "s", "label": "Mf / Mb",
    "family": "Figure 7", "table": "t", "comparison": "above", "threshold": 20,
    "agents": ["swimmer", "half_cheetah"],
    "statistic": {"name": "sample_efficiency", "counting": "every_step"},
}  # fmt: skip
PLOTTED = FACTOR | {
    "id": "plotted", "label": "as in the plot", "comparison": "as_plotted", "threshold": 1.5
}  # fmt: skip
DIFFERENCE = {
    "id": "more_rewards", "claim": "More.", "source": "s", "family": "Dyna-Q", "table": "t",
    "comparison": "above", "threshold": 0,
    "statistic": {"name": "reward_difference", "figure": "8.4"},
}  # fmt: skip


def reading(claim, verdict, statistic, low, high, threshold, agent=None, **more):
    (parsed,), _ = check_claims({"claims": [claim]})
    return Reading(
        parsed,
        {
            "id": claim["id"], "agent": agent, "verdict": verdict, "statistic": statistic,
            "low": low, "high": high, "threshold": threshold, "family": claim["family"],
            "seeds": 5, "bound": None, "part": None, "why": None, "refused": False,
        } | more,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def marks(axes, marker):
    """Where a marker is drawn."""
    lines = [line for line in axes.get_lines() if line.get_marker() == marker]
    return [(*map(float, (line.get_xdata()[0], line.get_ydata()[0])),) for line in lines]


def words(axes):
    return [text.get_text() for text in axes.texts]


def test_ratios_are_in_multiples_of_the_text_with_both_targets_marked():
    text = reading(FACTOR, "reproduced", 40.0, 30.0, 60.0, [20.0, None], "swimmer")
    # The plot's factor is 25: a range of 1.5 either way.
    plot = reading(PLOTTED, "not reproduced", 10.0, 8.0, 12.0, [25 / 1.5, 25 * 1.5], "swimmer")
    axes = forest([text, plot], "paper").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "Mf / Mb, swimmer", "as in the plot, swimmer"
    ]  # fmt: skip
    assert marks(axes, VERDICTS["reproduced"][1]) == [(2, 0)]
    assert marks(axes, VERDICTS["not reproduced"][1]) == [(0.5, 1)]
    assert marks(axes, "|") == [(1, 0), (1, 1)]
    assert marks(axes, "x") == [pytest.approx((1.25, 0)), pytest.approx((1.25, 1))]
    intervals = [line.get_xdata() for line in axes.get_lines() if line.get_linewidth() == 1.6]
    assert [list(ends) for ends in intervals] == [[1.5, 3], [0.4, 0.6]]
    assert {"> 20", "40 (30 to 60)", "5", "● reproduced", "✕ not reproduced"} <= set(words(axes))


def test_differences_are_in_multiples_of_the_interval_s_farther_end():
    found = reading(DIFFERENCE, "undecided", -1.0, -4.0, 2.0, [0.0, None])
    axes = forest([found], "paper").axes[0]
    assert marks(axes, "o") == [(-0.25, 0)]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["more rewards"]


def test_claims_without_a_number_are_told_with_the_reason():
    none = {"statistic": None, "low": None, "high": None, "threshold": [20.0, None]}
    one = reading(FACTOR, "undecided", **none, agent="swimmer", why="one seed")
    missing = [
        reading(FACTOR | {"id": f"c{n}", "family": "B"}, "undecided", **none, agent="swimmer",
                why="results/t: there is no table t", refused=True)
        for n in range(3)
    ]  # fmt: skip
    figure = forest([one, *missing], "quick")
    first, second = figure.axes
    assert "one seed" in words(first)
    assert words(second) == ["not computed yet"]
    assert [label.get_text() for label in second.get_yticklabels()] == ["3 claims"]
    assert figure.get_suptitle() == (
        "4 claims at quick scale: 0 reproduced, 0 not reproduced, 0 undecided, 4 without a number"
    )


@pytest.mark.parametrize(
    "why", ["planner = cem, num_samples = 500 is not run at this scale", 20 * "why "]
)
def test_long_reasons_leave_the_panels_their_room(why):
    none = {"statistic": None, "low": None, "high": None, "threshold": [20.0, None]}
    found = reading(FACTOR, "reproduced", 50.0, 30.0, 80.0, [20.0, None], "swimmer")
    figure = forest([found, reading(FACTOR, "undecided", **none, agent="ant", why=why)], "quick")
    figure.draw_without_rendering()
    inches = figure.axes[0].get_position().width * figure.get_figwidth()
    assert inches > 1.5


def test_what_is_off_the_axis_is_an_arrow_at_its_edge():
    far = reading(FACTOR, "reproduced", 1e6, 1e5, None, [20.0, None], "swimmer")
    axes = forest([far], "paper").axes[0]
    _, last = axes.get_xlim()
    assert last == 32
    assert marks(axes, ">") == [(32, 0)]
    assert marks(axes, "o") == [(32, 0)]


def test_verdicts_of_other_claims_are_refused(tmp_path):
    (tmp_path / "claims.json").write_text('[{"id": "gone", "verdict": "undecided"}]')
    with pytest.raises(InputError, match=r"claims\.json: no verdict on .*; judge the claims again"):
        draw_claims(tmp_path)

"""Numbers of the trajectories figure, worked out by hand, and what it draws."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from mbmf.figures.trajectories import along_paths, in_numbers

AXES = {
    "swimmer": ["com x [m]", "com y [m]"],
    "half_cheetah": ["com x [m]", "com z [m]"],
}
CORNERS = [[float(place), 0.0] for place in range(8)]
PATHS = {
    "swimmer": {"straight": CORNERS, "left turn": CORNERS},
    "half_cheetah": {"forward": CORNERS},
}


def rollout(agent, path, seed, distances, segment):
    count = len(distances)
    return pd.DataFrame(
        {
            "agent": agent, "seed": seed, "path": path, "step": range(count),
            "time": [0.1 * step for step in range(count)], "x": range(count), "y": distances,
            "segment": [0] * (count - 1) + [segment], "distance": distances,
        }
    )  # fmt: skip


TABLE = pd.concat(
    [
        rollout("swimmer", "straight", 0, [0.0, 0.1, 0.2], 2),
        rollout("swimmer", "straight", 1, [0.0, 0.6], 1),
        rollout("swimmer", "left turn", 0, [0.0, 0.0], 6),
        rollout("swimmer", "left turn", 1, [0.0, 0.0], 6),
        rollout("half_cheetah", "forward", 0, [0.0, 0.5], 3),
        rollout("half_cheetah", "forward", 1, [0.0, 0.5], 3),
    ]
)


def test_a_mean_over_seeds_of_the_mean_over_a_rollout():
    found = in_numbers(TABLE).loc[("swimmer", "straight")]
    # Seeds are 0.1 and 0.3 m off: a mean of 0.2 and, with Student's 12.706, ± 1.2706.
    assert found["mean distance [m]"] == pytest.approx(0.2)
    assert found["high"] - found["low"] == pytest.approx(2 * 12.7062 * 0.1, rel=1e-4)
    assert (found["segments"], found["steps"], found["seeds"]) == (1.5, 1.5, 2)


def test_a_panel_for_each_path_and_the_line_against_time():
    figure = along_paths(TABLE, PATHS, AXES, "smoke")
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title().split("\n")[0] for axes in shown] == [
        "straight", "left turn", "forward"
    ]  # fmt: skip
    assert shown[0].get_title().endswith("0.20 m off, 1.5 of 6 segments")
    assert [axes.get_xlabel() for axes in shown] == ["x [m]", "x [m]", "time [s]"]
    assert "smoke scale, 2 seeds" in figure.get_suptitle()
    plt.close(figure)

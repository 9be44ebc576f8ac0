"""The book's numbers, at its settings, and the tables that hold them."""

from pathlib import Path

import pytest

from mbmf.dyna.curves import cumulative_rewards, steps_per_episode
from mbmf.dyna.mazes import MAZES
from mbmf.dyna.settings import DynaSettings
from mbmf.figures import figure_8
from mbmf.workflow.configuration import read_yaml

CONFIG = Path(__file__).parents[3] / "config"
SETTINGS = DynaSettings.model_validate(read_yaml(CONFIG / "config.yaml")["dyna"])


@pytest.fixture(scope="module")
def episodes():
    return steps_per_episode(SETTINGS)


@pytest.fixture(scope="module")
def rewards():
    return cumulative_rewards(SETTINGS)


def mean_at(rewards, figure, method, step):
    rows = rewards[(rewards["figure"] == figure) & (rewards["method"] == method)]
    return rows.loc[rows["step"] == step, "cumulative_reward"].mean()


def test_settings_are_the_books():
    assert SETTINGS.runs == 30
    assert (SETTINGS.discount, SETTINGS.exploration) == (0.95, 0.1)
    figure = SETTINGS.figure_8_2
    assert (figure.step_size, figure.planning_steps, figure.episodes) == (0.1, [0, 5, 50], 50)
    assert (SETTINGS.figure_8_4.change, SETTINGS.figure_8_4.steps) == (1000, 3000)
    assert (SETTINGS.figure_8_5.change, SETTINGS.figure_8_5.steps) == (3000, 6000)


def test_episodes_to_epsilon_optimal_are_the_books(episodes):
    """25, 5 and 3, read by eye: each within the bootstrap interval, and at most 3 away."""
    panel = figure_8.episodes_to_optimal(episodes).loc["a", :]
    for n, book in {0: 25, 5: 5, 50: 3}.items():
        row = panel.loc[("Dyna-Q", n)]
        assert row["the book"] == book
        assert row["low"] <= book <= row["high"]
        assert abs(row["reached"] - book) <= 3


def test_last_episodes_are_near_the_optimum(episodes):
    """14 steps, walked epsilon-greedily 15.9; without planning alpha 0.1 is still learning."""
    last = episodes[episodes["episode"] > 40].groupby(["panel", "method", "planning_steps"])
    for key, steps in last["steps"].mean().items():
        assert 15 < steps < (19 if key[2] == 0 else 17.5), key


def test_first_episode_is_the_same_for_every_n(episodes):
    first = episodes[episodes["episode"] == 1].pivot_table(
        index="run", columns=["panel", "method", "planning_steps"], values="steps"
    )
    assert first.shape == (30, 5)
    assert (first.nunique(axis=1) == 1).all()
    # All values are zero: a random walk, whose mean of 868.7 steps is exact. Its standard
    # deviation is 789 steps, of the mean of 30 runs 144.
    walked = MAZES["mbmf/DynaMaze-v0"].optimal_steps(1.0)
    assert walked == pytest.approx(868.7, abs=0.1)
    assert abs(first.iloc[:, 0].mean() - walked) < 3 * 144


def test_more_planning_is_faster(episodes):
    second = episodes[(episodes["episode"] == 2) & (episodes["panel"] == "a")]
    means = second.groupby("planning_steps")["steps"].mean()
    assert means[0] > 2 * means[5] > 4 * means[50]


def test_prioritised_sweeping_is_faster_than_dyna_q(episodes):
    second = episodes[(episodes["episode"] == 2) & (episodes["panel"] == "b")]
    means = second.groupby("method")["steps"].mean()
    assert means["Dyna-Q"] > 2 * means["prioritised sweeping"]


def test_blocking_maze(rewards):
    """Both stand still when the wall moves; Dyna-Q+ finds the new gap in every run."""
    for method in ("Dyna-Q", "Dyna-Q+"):
        halt = mean_at(rewards, "8.4", method, 1050) - mean_at(rewards, "8.4", method, 1000)
        assert halt < 1
    later = rewards[(rewards["figure"] == "8.4") & (rewards["method"] == "Dyna-Q+")]
    by_run = later.pivot_table(index="run", columns="step", values="cumulative_reward")
    assert (by_run[3000] - by_run[1000] > 50).all()
    assert mean_at(rewards, "8.4", "Dyna-Q+", 3000) > mean_at(rewards, "8.4", "Dyna-Q", 3000) + 50


def test_shortcut_maze(rewards):
    """Dyna-Q keeps to the way of 16 steps, Dyna-Q+ takes the new one of 10."""
    rates = {
        method: mean_at(rewards, "8.5", method, 6000) - mean_at(rewards, "8.5", method, 5000)
        for method in ("Dyna-Q", "Dyna-Q+")
    }
    old, new = (1000 / MAZES["mbmf/ShortcutMaze-v0"].optimal_steps(0.1, phase) for phase in (0, 1))
    assert rates["Dyna-Q"] == pytest.approx(old, rel=0.1)
    assert rates["Dyna-Q+"] > 0.85 * new
    assert new > 1.5 * old


def test_tables_are_whole(episodes, rewards):
    assert len(episodes) == 5 * 30 * 50
    keys = ["panel", "method", "step_size", "planning_steps", "run", "episode"]
    assert not episodes.duplicated(keys).any()
    assert (episodes["steps"] >= 14).all()
    assert len(rewards) == 2 * 30 * (301 + 601)
    assert not rewards.duplicated(["figure", "method", "run", "step"]).any()
    grouped = rewards.sort_values("step").groupby(["figure", "method", "run"])
    assert (grouped["cumulative_reward"].diff().dropna() >= 0).all()
    assert (grouped["cumulative_reward"].first() == 0).all()


def test_the_same_runs_again(episodes):
    few = SETTINGS.model_copy(update={"runs": 3})
    again = steps_per_episode(few)
    expected = episodes[episodes["run"] < 3].reset_index(drop=True)
    assert again.equals(expected)


def test_change_and_end_are_in_the_table_of_rewards():
    odd = SETTINGS.figure_8_4.model_copy(update={"steps": 77, "change": 33})
    settings = SETTINGS.model_copy(update={"runs": 1, "figure_8_4": odd})
    table = cumulative_rewards(settings)
    steps = table.loc[table["figure"] == "8.4", "step"].unique()
    assert steps.tolist() == [0, 10, 20, 30, 33, 40, 50, 60, 70, 77]

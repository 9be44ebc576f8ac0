"""Seconds an action, from provenance and curve of finished runs."""

import json

import pandas as pd
import pytest

from mbmf.base.errors import InputError
from mbmf.steps.planning_times import read_planning_times, write_planning_times


def run(folder, seed, **settings):
    """Two iterations, of 3 rollouts of 10 steps and of 2 of 20, in 7 and in 14 seconds."""
    folder.mkdir()
    curve = pd.DataFrame({"rollouts": [3, 2], "rollout_steps": [10.0, 20.0]})
    for name, value in {"agent": "swimmer", "seed": seed, **settings}.items():
        curve[name] = value
    curve.to_csv(folder / "curve.csv", index=False)
    seconds = [{"training": 100.0, "rollouts": 7.0}, {"training": 100.0, "rollouts": 14.0}]
    (folder / "provenance.json").write_text(json.dumps({"seconds": seconds}))
    return folder / "provenance.json"


def test_each_run_has_its_settings_and_the_time_of_an_action(tmp_path):
    own = {"planning.planner": "cem", "planning.num_samples": 100}
    paths = [
        run(tmp_path / "a", 3, **own),
        run(tmp_path / "b", 4, **{"planning.num_samples": 7}),
    ]
    output = tmp_path / "times.json"
    write_planning_times(paths, output, {"planning.planner": "random_shooting"})
    rows = read_planning_times(output)
    assert rows == [
        {"agent": "swimmer", "seed": 3, **own, "seconds_per_action": pytest.approx(0.3)},
        {
            "agent": "swimmer", "seed": 4, "planning.planner": "random_shooting",
            "planning.num_samples": 7, "seconds_per_action": pytest.approx(0.3),
        },
    ]  # fmt: skip


@pytest.mark.parametrize("content", ["", "{}", '{"seconds": [{}]}', '{"seconds": 3}', "[]"])
def test_a_damaged_provenance_is_named(tmp_path, content):
    path = run(tmp_path / "a", 0)
    path.write_text(content)
    with pytest.raises(InputError, match=r"provenance.json: not the provenance of a run"):
        write_planning_times([path], tmp_path / "times.json", {})


def test_a_lacking_file_of_times_is_named(tmp_path):
    with pytest.raises(InputError, match=r"times.json: not a JSON file of planning times"):
        read_planning_times(tmp_path / "times.json")

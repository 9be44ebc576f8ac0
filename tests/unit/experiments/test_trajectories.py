"""Trajectory following in the configuration: its jobs, and what is wrong in one line."""

import json

import pytest

from mbmf.agents.paths.base import PATHS
from mbmf.base.errors import InputError
from mbmf.storage.yaml_files import read_yaml
from mbmf.workflow.configuration import check_configuration, merge
from setting_changes import ROOT

BASE = merge(*(read_yaml(ROOT / f"config/{name}.yaml") for name in ("agents", "config")))


def experiment(**section):
    overlay = {"figures": {"trajectories": section}}
    return check_configuration([("base", BASE), ("overlay", overlay)]).experiments["trajectories"]


# rollouts and steps of random data, epochs, H, K, noise: the authors' *_trajfollow.yaml.
PAPER = {
    "swimmer": (200, 500, 70, 5, 5000, 0.0),
    "half_cheetah": (200, 1000, 40, 10, 1000, 0.005),
    "ant": (700, 1000, 60, 15, 7000, 0.0),
}


def test_paper_scale_has_the_authors_values():
    jobs = {job.rule: json.loads(job.settings) for job in experiment().tables() if job.settings}
    assert set(jobs) == {f"trajectories_{agent}_{seed}" for agent in PAPER for seed in (0, 1, 2)}
    for agent, expected in PAPER.items():
        own = jobs[f"trajectories_{agent}_0"]
        data, dynamics, planning = (own[part] for part in ("random_data", "dynamics", "planning"))
        found = (data["rollouts"], data["steps"], dynamics["epochs"])
        found += (planning["horizon"], planning["num_samples"], own.get("action_noise", 0.0))
        assert found == expected
        assert dynamics["hidden_layers"] == [500]
        assert own["steps"] == 1000


def test_a_job_depends_on_its_own_agent_and_paths_alone():
    (job, *_) = experiment(agents=["ant"], seeds=[4]).tables()
    assert job.code == [
        "mbmf.steps.following",
        "mbmf.agents.tasks.ant",
        "mbmf.agents.paths.ant",
        "mbmf.method.planners.random_shooting",
        "mbmf.method.models.mlp",
    ]
    assert "--seed 4" in job.command
    assert not job.inputs


def test_any_planner_follows():
    settings = {"swimmer": {"planning": {"planner": "cem"}}}
    job = experiment(agents=["swimmer"], settings=settings).tables()[0]
    assert json.loads(job.settings)["planning"]["planner"] == "cem"
    assert "mbmf.method.planners.cem" in job.code


def test_paths_of_ones_own_are_a_file(tmp_path):
    own = tmp_path / "square.py"
    own.write_text(
        "from mbmf.agents.paths.base import Path, Trajectories\n"
        "CORNERS = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0), (1, 0), (1, 1))\n"
        "TRAJECTORIES = Trajectories(('com x [m]', 'com y [m]'),\n"
        "    {'square': Path(CORNERS, progress=100.0, distance=1.0)})\n"
    )
    found = experiment(agents=["ant"], settings={"ant": {"paths": str(own)}})
    assert str(own) in found.tables()[0].code
    assert list(found.drawing().parameters["paths"]["ant"]) == ["square"]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"agents": ["hopper"]}, "agents: unknown file of trajectories hopper"),
        ({"settings": {"ants": {}}}, "settings.ants: unknown agent; should be one of"),
        (
            {"settings": {"ant": {"paths": "swimmer"}}},
            "settings.ant.paths: swimmer: ant has no state element joint 1",
        ),
        (
            {"settings": {"ant": {"planning": {"planner": "cme"}}}},
            "settings.ant.planning.planner: unknown planner cme",
        ),
        ({"settings": {"ant": {"dynamics": {"epochs": -1}}}}, "settings.ant.dynamics.epochs"),
        ({"settings": {"ant": {"speed": 1}}}, "settings.ant.speed: unknown key"),
        ({"steps": 0}, "trajectories.steps"),
    ],
)
def test_what_is_wrong_is_one_line(section, message):
    with pytest.raises(InputError, match=message) as raised:
        experiment(**section)
    assert str(raised.value).startswith("overlay: figures.trajectories")
    assert "\n" not in str(raised.value)


def test_shipped_files_are_the_papers_three_agents():
    assert PATHS.names() == ["ant", "half_cheetah", "swimmer"]

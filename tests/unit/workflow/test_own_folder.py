"""The folder that `mbmf new` writes: the workflow, and a configuration that is right."""

import shutil

import pytest

from mbmf.base.errors import InputError
from mbmf.storage.yaml_files import read_yaml
from mbmf.workflow.claimed_tables import tables_asked_for
from mbmf.workflow.configuration import load_configuration
from mbmf.workflow.own_folder import write_own_folder
from setting_changes import ROOT

TASK = ROOT / "examples/pendulum.py"


def configuration(folder, monkeypatch):
    monkeypatch.chdir(folder)
    return load_configuration([folder / "config/agents.yaml", folder / "config/config.yaml"])


@pytest.mark.parametrize("name", ["pendulum", "my_task"])
def test_its_configuration_is_of_the_one_agent(tmp_path, monkeypatch, name):
    task = tmp_path / f"{name}.py"
    shutil.copy(TASK, task)
    folder = tmp_path / "own"
    write_own_folder(folder, task)
    found = configuration(folder, monkeypatch)
    assert list(found.agents) == [name]
    assert found.agents[name].task == f"{name}.py"
    assert set(found.experiments) == {"figure_6", "figure_7"}
    runs = found.experiments["figure_7"].runs()
    assert {run.kind for run in runs} == {"model_based", "imitation", "trpo"}
    assert {run.agent for run in runs} == {name}
    claims = read_yaml(folder / "config/claims.yaml")
    assert len(tables_asked_for(claims, found.experiments)) == 2
    assert [claim["agents"] for claim in claims["claims"]] == [[name], [name]]


def test_it_has_the_whole_workflow_and_the_pendulum(tmp_path):
    write_own_folder(tmp_path, None)
    for part in ("rules", "notebooks", "report"):
        here, there = (
            {path.name for path in (root / "workflow" / part).iterdir() if path.is_file()}
            for root in (tmp_path, ROOT)
        )
        assert here == there
    assert (tmp_path / "workflow/Snakefile").read_bytes() == (
        ROOT / "workflow/Snakefile"
    ).read_bytes()
    assert (tmp_path / "pendulum.py").read_bytes() == TASK.read_bytes()
    assert not (tmp_path / "src").exists()


def test_what_is_there_is_not_touched(tmp_path):
    kept = tmp_path / "notes.txt"
    kept.write_text("mine")
    with pytest.raises(InputError, match="is not empty"):
        write_own_folder(tmp_path, None)
    assert [*tmp_path.iterdir()] == [kept]


@pytest.mark.parametrize("name", ["nowhere.py", "My-Task.py", "task.txt"])
def test_a_task_that_cannot_be_an_agent_is_refused(tmp_path, name):
    if name != "nowhere.py":
        shutil.copy(TASK, tmp_path / name)
    with pytest.raises(InputError):
        write_own_folder(tmp_path / "own", tmp_path / name)
    assert not (tmp_path / "own").exists()

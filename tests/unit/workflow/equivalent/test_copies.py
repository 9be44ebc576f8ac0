"""Copies of commits, and the short runs with networks and planners of full size."""

import subprocess
import sys
import time

import psutil
import pytest
import yaml

from mbmf.base.errors import InputError
from mbmf.experiments.runs import with_sources
from mbmf.storage.yaml_files import read_yaml
from mbmf.workflow.configuration import load_configuration
from mbmf.workflow.equivalent import copies

IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@example.org")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with a file in each part that is compared, and one outside of them."""
    monkeypatch.chdir(tmp_path)
    for name in ("src/a.py", "config/smoke.yaml", "workflow/dvc/smoke/dvc.yaml", "README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "workflow/Snakefile").write_text("")
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "one")):
        subprocess.run(["git", *IDENTITY, *command], check=True)
    return tmp_path


def test_a_copy_holds_what_is_committed_and_no_stage_of_dvc(repository):
    (repository / "src/a.py").write_text("changed")
    copies.lay_out(copies.commit_of("--since", "HEAD"), repository / "copy")
    found = {p.relative_to(repository / "copy").as_posix() for p in repository.glob("copy/**/*.*")}
    assert found == {"src/a.py", "config/smoke.yaml"}
    assert (repository / "copy/workflow/Snakefile").is_file()
    assert (repository / "copy/src/a.py").read_text() == "src/a.py"


@pytest.mark.parametrize("name", ["src/a.py", "src/new.py", "config/other.yaml", "workflow/x.smk"])
def test_what_is_not_committed_is_refused_by_name(repository, name):
    copies.refuse_changes()
    (repository / "README.md").write_text("changed")
    copies.refuse_changes()
    (repository / name).write_text("changed")
    with pytest.raises(InputError, match=rf"^{name}: is not as committed"):
        copies.refuse_changes()


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("revision", ["no_such_revision", "--all", "", "HEAD:src/a.py"])
def test_an_unknown_commit_is_refused(revision):
    with pytest.raises(InputError, match=r"^--until .*: no such commit"):
        copies.commit_of("--until", revision)


@pytest.mark.parametrize("scale", ["no_such_scale", "../config/smoke", ""])
def test_a_scale_that_a_commit_lacks_is_refused(repository, scale):
    assert copies.overlay_of(repository, "smoke") == "config/smoke.yaml"
    with pytest.raises(InputError, match="both commits need an overlay"):
        copies.overlay_of(repository, scale)


def test_a_workflow_that_fails_is_told_in_its_own_words(repository):
    (repository / "workflow/Snakefile").write_text("import sys; sys.exit('unmistakable')")
    (repository / "config/smoke.yaml").write_text("scale: smoke")
    with pytest.raises(InputError, match=r"^.*snakemake\.log: its workflow failed.*unmistakable$"):
        copies.run_workflow(repository, "config/smoke.yaml", 1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_a_killed_call_ends_its_snakemake(repository):
    script = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
    (repository / "workflow/Snakefile").write_text(script)
    (repository / "config/smoke.yaml").write_text("scale: smoke")
    call = (
        "from pathlib import Path; from mbmf.workflow.equivalent.copies import run_workflow; "
        "run_workflow(Path('.'), 'config/smoke.yaml', 1)"
    )
    process = subprocess.Popen([sys.executable, "-c", call])
    pid = repository / "pid"
    wait_until(lambda: pid.exists() and pid.read_text())
    snakemake = psutil.Process(int(pid.read_text()))
    process.kill()
    process.wait()
    snakemake.wait(timeout=60)


def wait_until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def shipped(request):
    return request.config.rootpath


def test_one_short_run_of_each_agent_has_networks_and_planners_of_full_size(shipped, tmp_path):
    overlay = tmp_path / "full_size.yaml"
    overlay.write_text(copies.full_size_overlay([shipped, shipped], shipped))
    base = [shipped / "config/agents.yaml", shipped / "config/config.yaml"]
    paper, short = load_configuration(base), load_configuration([*base, overlay])
    asked = with_sources(run for one in short.experiments.values() for run in one.asked_for())
    made = [run for run in asked if run.kind == "model_based"]
    runs = {run.agent: run.settings for run in made}
    assert len(runs) == len(made)
    assert set(runs) == set(paper.agents)
    for agent, settings in runs.items():
        own = paper.agents[agent].model_based
        assert settings.planning == own.planning
        assert settings.dynamics.model_copy(update={"epochs": own.dynamics.epochs}) == own.dynamics
        assert settings.aggregation.steps > settings.planning.horizon
        assert settings.aggregation.iterations == settings.dynamics.epochs == 1


def test_only_agents_of_both_commits_are_run(shipped, tmp_path):
    (tmp_path / "config").mkdir()
    known = read_yaml(shipped / "config/agents.yaml")["agents"]
    fewer = {name: known[name] for name in list(known)[:-1]} | {"no_such_agent": {}}
    (tmp_path / "config/agents.yaml").write_text(yaml.safe_dump({"agents": fewer}))
    content = yaml.safe_load(copies.full_size_overlay([shipped, tmp_path], shipped))
    assert list(content["agents"]) == list(known)[:-1]
    assert content["figures"]["figure_7"]["agents"] == list(known)[:-1]

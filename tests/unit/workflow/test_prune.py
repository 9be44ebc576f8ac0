"""What is named for removal, and that nothing else goes."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbmf.workflow.dag import Dag, Job
from mbmf.workflow.prune import remove, size, surplus

RESULTS = Path("results/smoke")
RUN = RESULTS / "runs/trpo/agent~ant/settings~1/seed~0"
OUTPUTS = (
    RUN / "curve.csv",
    RUN / "provenance.json",
    RESULTS / "models/trpo/agent~ant/policy.safetensors",
)
DATA = RESULTS / "data/random/agent~ant/seed~0.safetensors"
LOG = RESULTS / "logs/trpo/agent~ant/settings~1/seed~0.log"


def dag_of(*outputs, results=RESULTS, log=LOG):
    """Jobs of one agent's data, and of a run that has these outputs."""
    ant = {"agent": "ant"}
    measured = results / "benchmarks/trpo/seed~0.tsv"
    name = log.relative_to(results / "logs").with_suffix("").as_posix()
    run = Job("trpo", name, {}, ant, outputs, log, measured)
    return Dag(results, (run,))


ASKED = dag_of(*OUTPUTS, DATA)


@pytest.fixture(autouse=True)
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in (*OUTPUTS, LOG):
        write(path)
    return tmp_path


def write(path, text="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def named():
    return [path.relative_to(RESULTS).as_posix() for path in surplus(ASKED)]


def test_what_is_asked_for_stays():
    assert named() == []


def test_old_runs_and_what_they_left_are_named_as_folders():
    write(RESULTS / "models/trpo/code~old/agent~ant/policy.safetensors")
    write(RESULTS / "data/random/code~old/seed~0.safetensors")
    write(RESULTS / "data/random/code~old/seed~1.safetensors")
    write(RESULTS / "runs/trpo/agent~ant/settings~2/seed~0/curve.csv")
    write(RESULTS / "logs/trpo/agent~ant/settings~2/seed~0.log")
    assert named() == [
        "data/random",
        "logs/trpo/agent~ant/settings~2",
        "models/trpo/code~old",
        "runs/trpo/agent~ant/settings~2",
    ]


def test_a_checkpoint_of_a_run_that_is_asked_for_stays():
    write(RUN / "checkpoint.safetensors")
    write(RUN / "expert.safetensors")
    write(RUN / ".curve.1234.csv")  # of a kill
    assert named() == [(RUN / ".curve.1234.csv").relative_to(RESULTS).as_posix()]


def test_files_of_git_tables_and_what_lies_beside_stay():
    write(RESULTS / "data/.gitignore")
    write(RESULTS / "tables/old.csv")
    write(RESULTS / "claims.json")
    write(Path("results/paper/runs/trpo/seed~0/curve.csv"))
    assert named() == []


def test_records_of_jobs_that_are_not_asked_for_are_named():
    run = RESULTS / "made/trpo/agent~ant/settings~1/seed~0.json"
    for path in (run, RESULTS / "made/trpo/agent~ant/settings~2/seed~0.json"):
        write(path)
    write(RESULTS / "made/my_figure.json")
    write(RESULTS / "report/made/claims.json")
    found = [path.as_posix() for path in surplus(dag_of(*OUTPUTS, run))]
    assert found == [
        "results/smoke/made/my_figure.json",
        "results/smoke/made/trpo/agent~ant/settings~2",
    ]


def test_clips_that_are_not_asked_for_are_named():
    kept = RESULTS / "clips/trajectories/swimmer.webp"
    for path in (kept, RESULTS / "clips/trajectories/ant.webp"):
        write(path)
    assert surplus(dag_of(*OUTPUTS, kept)) == [RESULTS / "clips/trajectories/ant.webp"]


def test_links_are_not_followed(tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write(elsewhere / "precious")
    (RESULTS / "models/linked").symlink_to(elsewhere)
    (RESULTS / "data").symlink_to(elsewhere)
    old = RESULTS / "models/trpo/code~old"
    old.mkdir()
    (old / "policy.safetensors").symlink_to(elsewhere / "precious")
    assert named() == ["models/trpo/code~old"]
    remove(old)
    assert not old.exists()
    remove(RESULTS / "models/linked")
    assert (elsewhere / "precious").read_text() == "x"


def test_no_results_at_all():
    assert surplus(Dag(Path("results/nowhere"), ())) == []


NAMES = st.sampled_from(["runs", "models", "a", "b", "c"])
PATHS = st.sets(st.lists(NAMES, min_size=2, max_size=4).map(tuple), max_size=8)


@given(PATHS, PATHS)
def test_removal_leaves_what_is_asked_for_and_nothing_else(asked, other):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        results = Path("results/x")
        files = {results.joinpath(*path).with_suffix(".file") for path in asked | other}
        kept = {results.joinpath(*path).with_suffix(".file") for path in asked}
        for path in files:
            write(path)
        marks = [results / top / "d/asked" for top in ("runs", "models")]
        for path in surplus(dag_of(*kept, *marks, results=results, log=results / "logs/a.log")):
            assert results in path.parents
            assert size(path) > 0
            remove(path)
        left = {path for path in files if path.exists()}
        beside = {path.parent for path in kept if path.parts[2] == "runs"}
        tops = {"runs", "models"} | {path.parts[2] for path in kept}
        watched = {p for p in files if p.parts[2] in tops}
        assert left == kept | (files - watched) | {p for p in files if p.parent in beside}

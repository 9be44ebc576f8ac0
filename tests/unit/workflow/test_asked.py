"""What is asked of each job: what changes before a job changes what is asked of it."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from mbmf.storage.job_records import DIFFERENCES, Asked
from mbmf.storage.yaml_files import read_yaml
from mbmf.workflow.asked import Asks, asked, newer_input, remove_left_inputs
from mbmf.workflow.configuration import check_configuration
from mbmf.workflow.dvc_stages import configuration_at

ROOT = Path(__file__).parents[3]
CODE = 16 * "0"


@pytest.fixture(autouse=True)
def repository(monkeypatch):
    monkeypatch.chdir(ROOT)


def job(rule, inputs=None, code=CODE, **settings):
    return asked(rule, settings, inputs or {}, code)


def test_a_change_anywhere_before_a_job_changes_what_is_asked_of_it():
    def chain(value, code):
        first = job("a", code=code, value=value)
        return job("c", {"b": [job("b", {"a": [first]})]})

    base, other, newer = chain(1, CODE), chain(2, CODE), chain(1, 16 * "1")
    assert base.identity != other.identity
    assert base.inputs.keys() == other.inputs.keys()
    # Code is told apart by itself, for it may be recorded as equal.
    assert base.identity == newer.identity
    assert newer.code == {"a": [16 * "1"], "b": [CODE], "c": [CODE]}


def test_inputs_have_an_order_and_names():
    first, second = job("a", value=1), job("a", value=2)
    found = [
        job("c", {"x": [first, second]}),
        job("c", {"x": [second, first]}),
        job("c", {"x": [first], "y": [second]}),
        job("c", {"x": [second], "y": [first]}),
        job("c", {"x": [first]}),
    ]
    assert len({one.identity for one in found}) == len(found)
    assert found[0].code == {"a": [CODE], "c": [CODE]}


def test_files_count_by_their_content(tmp_path):
    path = tmp_path / "notebook.ipynb"
    seen = set()
    for content in (None, "", "one", "two"):
        if content is not None:
            path.write_text(content)
        seen.add(job("a", {"notebook": [path]}).identity)
        os.utime(path, (0, 0)) if path.exists() else None
        assert job("a", {"notebook": [path]}).identity in seen
    assert len(seen) == 4


def asks(overlay=None):
    names = ("agents", "config", "smoke")
    layers = [(name, read_yaml(ROOT / f"config/{name}.yaml")) for name in names]
    return Asks(check_configuration([*layers, ("overlay", overlay or {})]))


def test_a_run_looks_back_at_all_before_it():
    one = asks()
    figure = one.experiments["figure_7"]
    mf, mb_mf = (make("ant", 0) for make in (figure.model_free, figure.fine_tuning))
    assert one.run(mf).code.keys() == {"trpo"}
    assert one.run(mb_mf).code.keys() == {"trpo", "imitation", "model_based", "random_data"}
    (start,) = one.run(mb_mf).inputs
    other = asks({"agents": {"ant": {"imitation": {"epochs": 4}}}})
    changed = other.experiments["figure_7"].fine_tuning("ant", 0)
    assert other.run(changed).settings == one.run(mb_mf).settings
    assert other.run(changed).inputs[start] != one.run(mb_mf).inputs[start]


VERDICTS = {"claims", "claims_figure"}


def all_asked(one):
    """What is asked of every job of the default target."""
    experiments = one.experiments.values()
    found = {
        job.rule: one.tables(experiment, job) for experiment in experiments
        for job in experiment.tables()
    }  # fmt: skip
    found |= {experiment.name: one.drawing(experiment) for experiment in experiments}
    clips = {name: run for experiment in experiments for name, run in experiment.clips().items()}
    found |= {f"gait {name}": one.clip(run) for name, run in clips.items()}
    return found | {"claims": one.claims(), "claims_figure": one.claims_figure()}


@pytest.mark.parametrize(
    ("overlay", "rules"),
    [
        ({}, set()),
        # A default that is spelled out is no change.
        ({"agents": {"ant": {"model_based": {"planning": {"planner": "random_shooting"}}}}}, set()),
        ({"dyna": {"runs": 3}}, {"dyna_tables", "dyna", *VERDICTS}),
        ({"figures": {"figure_5": {"steps": 24}}}, {"figure_5_tables", "figure_5", *VERDICTS}),
        ({"figures": {"figure_5": {"seeds": [0]}}}, {"figure_5_tables", "figure_5", *VERDICTS}),
        (
            {"agents": {"ant": {"imitation": {"epochs": 4}}}},
            {"figure_7_table", "speedups", "figure_7", "gait ant", *VERDICTS},
        ),
    ],
)
def test_what_a_setting_changes(overlay, rules):
    before, after = all_asked(asks()), all_asked(asks(overlay))
    assert before.keys() == after.keys()
    assert {rule for rule in before if before[rule].identity != after[rule].identity} == rules


def test_pages_of_the_report_rest_on_what_they_show():
    one = Asks(configuration_at("smoke", ROOT))
    page = one.notebook_page("dyna", ["workflow/report/head.html.j2"])
    assert {"dyna", "dyna_tables", "notebook_page"} == page.code.keys()
    assert one.runs_page("dyna", []).code.keys() == {"runs_page", "dyna_tables"}
    assert "trpo" in one.runs_page("figure_7", []).code
    assert one.claims_page([]).code.keys() >= {"claims", "figure_7_table", "claims_page"}
    assert isinstance(page, Asked)


@pytest.mark.parametrize("age", [-1000, 0, 1000])
def test_a_folder_that_is_newer_than_a_file_of_the_job(tmp_path, monkeypatch, age):
    monkeypatch.chdir(tmp_path)
    made = [tmp_path / name for name in ("curve", "record")]
    for path in made:
        path.touch()
        os.utime(path, (path.stat().st_mtime + age,) * 2)
    for _ in range(2):
        folder = Path(newer_input("settings", made))
        assert folder == Path(f".snakemake/changed/{platform.node()}.{os.getpid()}/settings")
        assert folder.stat().st_mtime > min(path.stat().st_mtime for path in made)
    # Snakemake lists the folder above once.
    assert {path.name for path in folder.parent.iterdir()} == set(DIFFERENCES)


def test_what_killed_processes_left_is_removed(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here, elsewhere = platform.node(), "another.host"
    kept = {f"{here}.{os.getpid()}", f"{elsewhere}.{ended.pid}"}
    for name in {f"{here}.{ended.pid}", *kept}:
        (tmp_path / name / "code").mkdir(parents=True)
    remove_left_inputs(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept
    remove_left_inputs(tmp_path / "nowhere")

"""What is asked of a finished tree after a change, without Snakemake's notes on what it made."""

import json
import random
import re
import shutil
from base64 import urlsafe_b64encode

import pytest
import yaml

from first_of import first_of
from setting_changes import CHANGES, MODELLED, overlay_of

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("tiny")]

PIPELINE = "workflow/dvc/smoke/dvc.yaml"
STATES = """
import json
from pathlib import Path
from mbmf.workflow.dag import read_dag
from mbmf.workflow.job_states import FINISHED, read_calls, states
dag = read_dag(Path("results/smoke"), [Path("config/smoke.yaml")])
found = states(dag, read_calls("smoke"))
print(json.dumps(sorted({job.rule for job, state in found.items() if state not in FINISHED})))
"""


def change(clone, name):
    """Change one setting of the smoke scale."""
    path = clone.folder / "config/smoke.yaml"
    path.write_text(yaml.safe_dump(laid_over(yaml.safe_load(path.read_text()), overlay_of(name))))


def laid_over(base, overlay):
    both = dict(base)
    for key, value in overlay.items():
        known = both.get(key)
        nested = isinstance(known, dict) and isinstance(value, dict)
        both[key] = laid_over(known, value) if nested else value
    return both


@pytest.fixture
def copied(undisturbed, tmp_path):
    """A finished small tree without `.snakemake`."""
    shutil.copytree(undisturbed.folder, tmp_path / "mbmf", symlinks=True)
    clone = type(undisturbed)(tmp_path / "mbmf")
    shutil.rmtree(clone.folder / ".snakemake")
    return clone


@pytest.mark.parametrize("seed", first_of([1, 0]))
def test_what_depends_on_a_setting_is_planned_and_nothing_else(copied, seed):
    for name in random.Random(seed).sample(sorted(CHANGES), 2):
        before = (copied.folder / "config/smoke.yaml").read_text()
        change(copied, name)
        assert set(copied.planned()) == CHANGES[name][1], name
        status = copied.run("python", "-c", STATES)
        assert set(json.loads(status.stdout.splitlines()[-1])) == CHANGES[name][1], name
        (copied.folder / "config/smoke.yaml").write_text(before)
    assert copied.planned() == {}


def test_a_target_that_is_a_file_is_made_anew_too(copied):
    change(copied, "dyna.runs")
    assert copied.planned("--", "results/smoke/figures/figure_8_2.svg") == {
        "dyna_tables": 1, "dyna": 1
    }  # fmt: skip
    assert copied.planned("--", "results/smoke/figures/figure_6.svg") == {}


@pytest.mark.long
def test_dvc_makes_anew_what_a_clone_was_not_asked_for(copied):
    table = copied.folder / "results/smoke/tables/dyna_episodes.csv"
    before = table.read_text()
    call = ("dvc", "repro", "--single-item", f"{PIPELINE}:dyna")
    assert copied.run("dvc", "status", f"{PIPELINE}:dyna").returncode == 0
    change(copied, "dyna.runs")
    done = copied.run(*call)
    assert done.returncode == 0, done.stdout[-3000:]
    assert len(table.read_text().splitlines()) > len(before.splitlines())
    assert "dyna" not in json.loads(copied.run("dvc", "status", "--json", PIPELINE).stdout)
    assert set(copied.planned()) == {"claims", "claims_figure"}


@pytest.mark.parametrize("left", ["a mark", "no record"])
@pytest.mark.parametrize("lost", first_of(["figures/figure_6.*", "*/figure_[67]*"]))
def test_a_job_that_was_killed_hides_no_other_that_is_missing(copied, left, lost):
    """Behind an ancient input Snakemake would not see what rests on a job that runs."""
    results = copied.folder / "results/smoke"
    (data,) = results.glob("data/random/**/*.safetensors")
    if left == "a mark":
        marks = copied.folder / ".snakemake/incomplete"
        marks.mkdir(parents=True)
        name = str(data.relative_to(copied.folder)).encode()
        (marks / urlsafe_b64encode(name).decode()).touch()
    else:
        shutil.rmtree(results / "made/random_data")
    for path in results.glob(lost):
        path.unlink()
    planned = copied.planned()
    assert planned["random_data"] == 1
    assert planned.keys() == {"random_data"} | MODELLED


@pytest.fixture
def without_data(copied):
    """What a clone has at paper scale: nothing that git ignores."""
    for part in ("data", "models/model_based", "divergence", "benchmarks", "logs"):
        shutil.rmtree(copied.folder / "results/smoke" / part)
    assert copied.planned() == {}
    return copied


def horizon(clone, steps):
    """Folder of the run with this horizon."""
    (found,) = clone.folder.glob(f"results/smoke/runs/model_based/*/*/*/horizon~{steps}/**/seed~0")
    return found


def test_nothing_of_finished_runs_is_pruned(without_data):
    pruned = without_data.run("mbmf", "prune", "--scale", "smoke")
    assert (pruned.returncode, pruned.stdout) == (0, "")


def test_what_one_run_lacks_makes_no_other_run_anew(without_data):
    """D_RAND is made for the run that is lost, and is the input of all."""
    shutil.rmtree(horizon(without_data, 3))
    assert without_data.planned("--", "all_model_based") == {
        "random_data": 1, "model_based": 1, "all_model_based": 1,
    }  # fmt: skip
    (without_data.folder / "results/smoke/tables/figure_6.csv").unlink()
    assert without_data.planned() == {
        "random_data": 1, "model_based": 1, "figure_6_table": 1, "figure_6": 1, "claims": 1,
    }  # fmt: skip
    # A rule that is named is run for its lost benchmark, too.
    assert without_data.planned("--", "figure_5") == {"figure_5": 1}


@pytest.mark.parametrize(
    "call",
    [
        ("--", "figure_5_tables"),
        ("--until", "figure_5_tables"),
        ("--prioritize", "figure_5_tables"),
        ("--", "./{model}"),
        ("--until", "{model}"),
        ("--prioritize", "{model}"),
        ("--forcerun", "model_based"),
        ("--forceall",),
    ],
)
def test_no_job_is_planned_without_an_input_that_it_needs(without_data, call):
    kept = horizon(without_data, 3).relative_to(without_data.folder / "results/smoke/runs")
    model = f"results/smoke/models/{kept}/models.safetensors"
    dry = without_data.snakemake("-n", "-p", *(word.format(model=model) for word in call))
    assert dry.returncode == 0, dry.stdout[-3000:]
    assert "mbmf random-data" in dry.stdout
    # An input that is not there leaves two blanks.
    assert not re.findall(r"(?:mbmf [a-z-]+| --[a-z-]+)  .*", dry.stdout)


def test_a_job_that_runs_for_one_input_keeps_the_others(copied):
    """Predictions and models are there, data is not, and the run is to be made anew."""
    shutil.rmtree(copied.folder / "results/smoke/data")
    shutil.rmtree(copied.folder / "results/smoke/made/model_based")
    dry = copied.snakemake("-n", "-p")
    assert "mbmf divergence" in dry.stdout
    assert not re.findall(r"(?:mbmf [a-z-]+| --[a-z-]+)  .*", dry.stdout)


@pytest.mark.long
def test_a_finished_run_runs_again_for_a_file_of_it_that_is_needed(without_data):
    kept = horizon(without_data, 3).relative_to(without_data.folder / "results/smoke/runs")
    model = f"results/smoke/models/{kept}/models.safetensors"
    assert without_data.planned("--", model) == {"random_data": 1, "model_based": 1}
    table = "results/smoke/tables/figure_5_errors.parquet"
    (without_data.folder / table).unlink()
    assert without_data.planned("--", table, "results/smoke/figures/figure_5_error.svg") == {
        "random_data": 1, "model_based": 1, "divergence": 1, "figure_5_tables": 1, "figure_5": 1,
    }  # fmt: skip
    # By force, with all that it reads.
    forced = without_data.planned("--forcerun", "model_based")
    assert forced["random_data"] == 1
    assert forced["model_based"] == 3
    done = without_data.snakemake("--", model)
    assert done.returncode == 0, done.stdout[-3000:]
    assert (without_data.folder / model).exists()


def test_dvc_does_without_what_a_clone_lacks_if_it_may(without_data):
    shutil.rmtree(without_data.folder / ".dvc/cache")
    call = ("dvc", "repro", "--allow-missing", PIPELINE)
    done = without_data.run(*call)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Running stage" not in done.stdout
    figure = without_data.folder / "src/mbmf/figures/figure_6.py"
    figure.write_text(figure.read_text() + "NEW = 1\n")
    done = without_data.run(*call)
    assert done.returncode == 0, done.stdout[-3000:]
    ran = re.findall(r"Running stage '\S+:(\w+)'", done.stdout)
    assert sorted(ran) == ["figure_6", "figure_6e"]
    assert not (without_data.folder / "results/smoke/data").exists()


def test_a_record_tells_what_was_asked(undisturbed):
    record = json.loads((undisturbed.folder / "results/smoke/made/dyna_tables.json").read_text())
    assert record["settings"]["settings"]["runs"] == 1
    assert record["code"].keys() == {"dyna_tables"}
    records = undisturbed.files("results/smoke/made/**/*.json")
    logs = undisturbed.files("results/smoke/logs/**/*.log")
    assert {path.replace("/made/", "/logs/").replace(".json", ".log") for path in records} == set(
        logs
    )

"""After a change: what it touches is made anew, and nothing else."""

import json
import os
import random
import re
import shutil

import pytest
import yaml

pytestmark = pytest.mark.workflow

PIPELINE = "workflow/dvc/smoke/dvc.yaml"
FOLLOWED = {
    "trajectories_swimmer_0", "trajectories_half_cheetah_0", "trajectories_ant_0",
    "trajectories_swimmer_clip", "trajectories_half_cheetah_clip", "trajectories_ant_clip",
    "trajectories_table", "trajectories",
}  # fmt: skip
EVERY_RUN = FOLLOWED | {
    "model_based", "divergence", "figure_5_tables", "figure_5", "figure_6_table", "figure_6",
    "figure_6e_table", "figure_6e",
    "imitation", "trpo", "figure_7_table", "speedups", "figure_7", "gait", "claims",
    "figure_9_table", "figure_9_times", "figure_9", "claims_figure",
}  # fmt: skip


def copy_of(origin, folder):
    """A copy that may be changed, with the file times of the original."""
    shutil.copytree(origin.folder, folder, symlinks=True)
    return type(origin)(folder)


def stale(clone):
    """Stages that DVC holds to be out of date, with what changed."""
    status = clone.run("dvc", "status", "--json", PIPELINE)
    assert status.returncode == 0, status.stdout
    return {name.split(":")[-1]: what for name, what in json.loads(status.stdout).items()}


def replace(clone, file, old, new):
    path = clone.folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.fixture
def changed(finished, tmp_path):
    """A copy of the finished smoke scale to change."""
    return copy_of(finished, tmp_path / "mbmf")


PLANNER = "src/mbmf/method/planners/random_shooting.py"
SMALLER = "planning: {horizon: 5, num_samples: 20}"
CHANGES = {
    "comment and docstring": (PLANNER, '"""', '"""Words. ', set()),
    "planner": (PLANNER, "\nimport ", "\nNEW = 1\nimport ", EVERY_RUN),
    "Dyna-Q": (
        "src/mbmf/dyna/algorithms.py", "\nimport ", "\nNEW = 1\nimport ",
        {"dyna_tables", "dyna", "claims", "claims_figure"},
    ),
    "a figure": (
        "src/mbmf/figures/figure_6.py", "\nimport ", "\nNEW = 1\nimport ",
        {"figure_6", "figure_6e"},
    ),
    "all figures": (
        "src/mbmf/figures/style.py", "\nimport ", "\nNEW = 1\nimport ",
        {
            "figure_5", "figure_6", "figure_6e", "figure_7", "figure_9", "trajectories", "dyna",
            "claims_figure",
        },
    ),
    "notebook": (
        "workflow/notebooks/figure_6.ipynb", '"cells"', '"cells" ', {"figure_6", "figure_6e"},
    ),
    "claims": (
        "config/claims.yaml", "\n", "\n# Words.\n",
        {"claims", "claims_figure", "figure_6", "figure_6e"},
    ),
    # Of which Figures 6e and 9 and the trajectories name their own.
    "a value of one agent": (
        "config/smoke.yaml", SMALLER, SMALLER.replace("20", "19"),
        {rule for rule in EVERY_RUN - {"divergence"} if "figure_5" not in rule}
        - {"figure_9_table", "figure_9_times", "figure_9", "figure_6e_table", "figure_6e"}
        - FOLLOWED,
    ),
}  # fmt: skip


@pytest.mark.xdist_group("finished")
@pytest.mark.parametrize("change", CHANGES)
def test_what_a_change_touches(changed, change):
    file, old, new, rules = CHANGES[change]
    replace(changed, file, old, new)
    assert set(changed.planned()) == rules
    # DVC goes by content, a comment's too, of the files that a stage names.
    stages = yaml.safe_load((changed.folder / PIPELINE).read_text())["stages"]
    if not file.startswith("config/smoke"):
        assert set(stale(changed)) == {n for n, stage in stages.items() if file in stage["deps"]}


@pytest.mark.xdist_group("finished")
def test_a_changed_value_is_a_new_run_and_the_old_one_stays(changed):
    before = changed.files("results/smoke/runs/**/*")
    more = changed.folder / "more.yaml"
    more.write_text(
        "figures: {figure_6: {sweeps: [{panel: a, parameter: dynamics.epochs, values: [3]}]}}"
    )
    counts = changed.planned("--configfile", "config/smoke.yaml", "more.yaml")
    # Two agents, two seeds: the sweep's one value that was not there before.
    expected = {"model_based": 4, "figure_6_table": 1, "figure_6": 1, "claims": 1}
    assert counts == expected | {"claims_figure": 1}
    assert changed.files("results/smoke/runs/**/*") == before


@pytest.mark.xdist_group("finished")
def test_an_overlay_belongs_to_its_scale(changed):
    before = [changed.run("dvc", "status", "--json", path).stdout for path in ("dvc.yaml",)]
    replace(changed, "config/smoke.yaml", "num_samples: 20", "num_samples: 21")
    assert {"model_based", "figure_6"} <= set(stale(changed))
    assert before == [changed.run("dvc", "status", "--json", path).stdout for path in ("dvc.yaml",)]


@pytest.fixture
def committed(finished, tmp_path):
    """The finished smoke scale with its dvc.lock in git and its results in a DVC remote."""
    origin = copy_of(finished, tmp_path / "origin")
    origin.commit("results")
    (tmp_path / "store").mkdir()
    for command in (
        ("add", "--default", "store", str(tmp_path / "store")),
        ("modify", "store", "verify", "true"),
    ):
        assert origin.run("dvc", "remote", *command).returncode == 0
    origin.commit("remote")
    pushed = origin.run("dvc", "push", PIPELINE)
    assert pushed.returncode == 0, pushed.stdout
    return origin


@pytest.mark.xdist_group("finished")
def test_a_fresh_clone_asks_for_nothing_but_what_is_missing(committed, tmp_path):
    fresh = committed.cloned(tmp_path / "fresh")
    draw = random.Random(0)
    for path in fresh.folder.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            time = 1_700_000_000 + draw.randrange(1_000_000)
            os.utime(path, (time, time))
    pulled = fresh.run("dvc", "pull", PIPELINE)
    assert pulled.returncode == 0, pulled.stdout
    assert stale(fresh) == {}
    assert fresh.planned() == {}
    # One table is lost: it, and what reads it.
    (fresh.folder / "results/smoke/tables/figure_6.csv").unlink()
    assert fresh.planned() == {"figure_6_table": 1, "figure_6": 1, "claims": 1}
    # And a change after the clone is seen.
    replace(fresh, "workflow/notebooks/figure_7.ipynb", '"cells"', '"cells" ')
    assert "figure_7" in fresh.planned()


@pytest.mark.long
@pytest.mark.xdist_group("tiny")
@pytest.mark.parametrize("tool", ["snakemake", "dvc"])
def test_a_new_seed_makes_its_runs_only(undisturbed, tmp_path, tool):
    changed = copy_of(undisturbed, tmp_path / "mbmf")
    replace(changed, "config/smoke.yaml", "seeds: [0]", "seeds: [0, 1]")
    times = {
        path: path.stat().st_mtime_ns
        for part in ("runs", "models", "data")
        for path in (changed.folder / "results/smoke" / part).rglob("*")
        # What Figure 9's job gathers from the runs is made anew with the seed.
        if path.is_file() and "figure_9" not in path.parts
    }
    done = changed.snakemake() if tool == "snakemake" else changed.run("dvc", "repro", PIPELINE)
    assert done.returncode == 0, done.stdout[-3000:]
    assert all(path.stat().st_mtime_ns == time for path, time in times.items())
    made = changed.digests()
    new = {path for path in made if path not in undisturbed.digests()}
    assert new
    assert all("seed~1" in path for path in new)
    # Three configurations of Algorithm 1; Figure 7 has its own list of seeds.
    assert len([path for path in new if "runs/model_based" in path]) == 3
    same = {path for path, digest in undisturbed.digests().items() if made[path] == digest}
    assert {path for path in same if "/tables/dyna" in path or "figure_7" in path}
    assert "results/smoke/tables/figure_6.csv" not in same
    assert changed.planned() == {}


@pytest.mark.long
@pytest.mark.xdist_group("tiny")
def test_a_comment_makes_dvc_repro_run_no_job(undisturbed, tmp_path):
    changed = copy_of(undisturbed, tmp_path / "mbmf")
    for file in (PLANNER, "src/mbmf/figures/style.py"):
        replace(changed, file, '"""', '"""Words. ')
    assert stale(changed)
    done = changed.run("dvc", "repro", PIPELINE)
    assert done.returncode == 0, done.stdout
    assert "Nothing to be done" in done.stdout
    assert "1 of " not in done.stdout
    assert stale(changed) == {}


@pytest.mark.long
@pytest.mark.xdist_group("tiny")
def test_one_core_and_two_give_the_same_bytes(tiny, undisturbed):
    """Every table, model and figure; two cores made the other."""
    done = tiny.run("snakemake", "--cores", "1", "--configfile", "config/smoke.yaml", timeout=1800)
    assert done.returncode == 0, done.stdout[-3000:]
    assert tiny.digests() == undisturbed.digests()
    suffixes = {path.rsplit(".", 1)[1] for path in tiny.digests()}
    assert suffixes == {"csv", "parquet", "json", "safetensors", "svg", "pdf", "png"}


@pytest.mark.long
@pytest.mark.xdist_group("tiny")
def test_dvc_shows_differences_and_runs_experiments(undisturbed, tmp_path):
    """What README shows of `dvc params diff`, `metrics diff`, `plots diff` and `exp run`."""
    changed = copy_of(undisturbed, tmp_path / "mbmf")
    changed.commit("results")
    run = changed.run(
        "dvc", "exp", "run", PIPELINE, "-S", "config/smoke.yaml:seeds=[0,1]", timeout=900
    )
    assert run.returncode == 0, run.stdout[-3000:]
    parameters = changed.run("dvc", "params", "diff")
    assert re.search(r"config/smoke.yaml +seeds +\[0\] +\[0, 1\]", parameters.stdout), (
        parameters.stdout
    )
    metrics = changed.run("dvc", "metrics", "diff", "--all")
    assert metrics.returncode == 0, metrics.stdout
    assert "results/smoke/speedups.json" in metrics.stdout, metrics.stdout
    # The variant has its results with it, though git ignores those of this scale.
    table = changed.folder / "results/smoke/tables/figure_6.csv"
    rows = table.read_text()
    changed.git("checkout", "--", "config", PIPELINE.replace("yaml", "lock"))
    table.unlink()
    (name,) = changed.run("dvc", "exp", "list", "--name-only").stdout.split()
    shown = json.loads(changed.run("dvc", "exp", "show", "--json").stdout)
    (variant,) = (one for commit in shown for one in commit.get("experiments") or [])
    values = json.dumps(variant["revs"][0]["data"]["metrics"])
    assert '"ratio"' in values, values
    # It says that other scales have no data, and brings back all of this one.
    changed.run("dvc", "exp", "apply", name)
    assert table.read_text() == rows
    plots = changed.run("dvc", "plots", "diff", "HEAD", "--out", "plots")
    assert plots.returncode == 0, plots.stdout
    assert "figure_6.csv" in (changed.folder / "plots/index.html").read_text()

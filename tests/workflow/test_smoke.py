"""The whole workflow at smoke scale, from nothing, through DVC and Snakemake."""

import json
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from mbmf.dyna.curves import EVERY
from mbmf.experiments.runs import with_sources
from mbmf.storage.yaml_files import read_yaml
from mbmf.workflow.dvc_stages import configuration_at

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("finished")]


def configured(finished):
    """Configuration of the finished scale."""
    return configuration_at("smoke", finished.folder)


def test_every_figure_and_notebook_is_there(finished):
    names = {path.rsplit("/", 1)[1] for path in finished.files("results/smoke/figures/*")}
    experiments = configured(finished).experiments
    stems = {figure for one in experiments.values() for figure in one.drawing().figures}
    assert len(stems) >= len(experiments)
    assert names == {
        f"{stem}.{suffix}" for stem in {*stems, "claims"} for suffix in ("svg", "pdf", "png")
    }
    for name in experiments:
        notebook = nbformat.read(
            finished.folder / f"results/smoke/notebooks/{name}.ipynb", as_version=4
        )
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert all(cell.execution_count for cell in code)
        assert any("image/png" in o.get("data", {}) for cell in code for o in cell.outputs)


def test_figures_name_scale_and_seeds_or_runs(finished):
    for path, content in finished.files("results/smoke/figures/*.svg").items():
        text = content.decode()
        assert "smoke scale" in text, path
        shown = {
            "figure_8": "2 runs",
            "figure_7": "1 seed",
            "figure_6e": "1 seed",
            "trajecto": "1 seed",
            "claims": "claims at smoke scale",
        }
        name = Path(path).stem
        assert shown.get(name, shown.get(name[:8], "2 seeds")) in text, path
        assert "<dc:date>" not in text, path


def test_table_has_each_run_once(finished):
    table = pd.read_csv(finished.folder / "results/smoke/tables/figure_6.csv")
    settings = [
        "agent", "seed", "iteration", "dynamics.epochs", "dynamics.on_policy_fraction",
        "planning.horizon", "planning.num_samples", "random_data.rollouts",
    ]  # fmt: skip
    assert not table.duplicated(settings).any()
    experiment = configured(finished).experiments["figure_6"]
    iterations = {
        (run.agent, run.settings.aggregation.iterations, run.seed) for run in experiment.runs()
    }
    assert {count for _, count, _ in iterations} == {table["iteration"].nunique()}
    assert len(table) == len(experiment.runs()) * table["iteration"].nunique()
    assert table["return"].notna().all()


def test_tables_of_dyna_q_are_whole(finished):
    tables = finished.folder / "results/smoke/tables"
    section = configured(finished).experiments["dyna"].section
    # Each n, and two methods side by side; two mazes and two methods.
    figure = section.figure_8_2
    curves = len(figure.planning_steps) + 2
    episodes = pd.read_csv(tables / "dyna_episodes.csv")
    assert len(episodes) == curves * section.runs * figure.episodes
    rewards = pd.read_parquet(tables / "dyna_rewards.parquet")
    points = sum(one.steps // EVERY + 1 for one in (section.figure_8_4, section.figure_8_5))
    assert len(rewards) == 2 * section.runs * points


def test_a_finished_tree_has_nothing_to_do(finished):
    dry = finished.snakemake("--dry-run")
    assert dry.returncode == 0, dry.stdout
    assert "Nothing to be done" in dry.stdout
    again = finished.run("dvc", "repro", "workflow/dvc/smoke/dvc.yaml")
    assert again.returncode == 0, again.stdout
    assert "Running stage" not in again.stdout
    assert "up to date" in again.stdout


def test_figure_7_has_every_method_of_every_agent(finished):
    table = pd.read_csv(finished.folder / "results/smoke/tables/figure_7.csv")
    points = table.groupby(["agent", "kind"]).size().unstack()
    configuration = configured(finished)
    assert set(points.index) == set(configuration.experiments["figure_7"].section.agents)
    for agent, counts in points.iterrows():
        own = configuration.agents[agent]
        # Behaviour cloning is the first DAgger iteration.
        assert counts["imitation"] == own.imitation.iterations
        assert counts["fine_tuning"] == own.fine_tuning.iterations
        assert counts["model_free"] == own.model_free.iterations
        assert counts["model_based"] == own.model_based.aggregation.iterations
    for agent, rows in table.groupby("agent"):
        for column in ("env_steps", "authors_steps"):
            last = rows.groupby("kind")[column].agg(["min", "max"])
            # Each goes on counting where the one before it ended.
            assert last.loc["imitation", "max"] < last.loc["fine_tuning", "min"], (agent, column)
            # The authors count no rollout of the expert that returns nothing.
            if column == "env_steps":
                assert last.loc["model_based", "max"] < last.loc["imitation", "min"], agent
            assert last.loc["model_based", "max"] <= last.loc["imitation", "min"], (agent, column)
    trpo = table["kind"].isin(["model_free", "fine_tuning"])
    # The first iteration and the last; no other kind of run has it.
    assert table[table["mean_return"].notna()].groupby(["agent", "kind"]).size().eq(2).all()
    assert table.loc[~trpo, "mean_return"].isna().all()


def test_speedups_are_written_for_every_agent(finished):
    content = json.loads((finished.folder / "results/smoke/speedups.json").read_text())
    assert set(content) == set(configured(finished).experiments["figure_7"].section.agents)
    for agent, both in content.items():
        assert set(both) == {
            "sample_efficiency", "time_to_max", "sample_efficiency_authors", "time_to_max_authors",
        }, agent  # fmt: skip
        for found in both.values():
            # One seed may give a ratio and never an interval.
            assert found["seeds"] == 1
            assert found["why"]
            assert found["low"] is None
            assert found["high"] is None
            assert found["ratio"] is None or found["ratio"] > 0


def test_every_claim_has_a_verdict_that_stays(finished):
    records = json.loads((finished.folder / "results/smoke/claims.json").read_text())
    claims = read_yaml(finished.folder / "config/claims.yaml")["claims"]
    assert len(records) == sum(len(claim.get("agents", [None])) for claim in claims)
    for record in records:
        assert record["verdict"] in ("reproduced", "not reproduced", "undecided")
        assert not record["refused"], record
        assert (record["statistic"] is None) == bool(record["why"]), record
    again = finished.run("mbmf", "claims", "--scale", "smoke")
    assert again.returncode == 0, again.stdout
    assert all(record["id"] in again.stdout for record in records)


def test_random_data_is_tracked_by_dvc(finished):
    tracked = json.loads(finished.run("dvc", "ls", "--dvc-only", "-R", "--json", ".").stdout)
    folder = "results/smoke/data/random"
    files = {entry["path"] for entry in tracked if entry["path"].startswith(f"{folder}/")}
    assert files == set(finished.files(f"{folder}/**/*"))
    sizes = {
        (run.agent, run.seed, run.settings.random_data.model_dump_json())
        for experiment in configured(finished).experiments.values()
        for run in experiment.runs()
        if run.kind == "model_based"
    }
    assert len(files) == len(sizes)


def test_each_job_left_log_and_benchmark(finished):
    jobs = len(finished.files("results/smoke/runs/model_based/**/curve.csv"))
    asked = [run for one in configured(finished).experiments.values() for run in one.asked_for()]
    assert jobs == sum(run.kind == "model_based" for run in with_sources(asked))
    assert len(finished.files("results/smoke/logs/model_based/**/*.log")) == jobs
    assert len(finished.files("results/smoke/benchmarks/model_based/**/*.tsv")) == jobs


@pytest.mark.parametrize(
    ("kind", "packages", "section", "key", "value"),
    [
        ("model_based", {"torch", "mujoco", "gymnasium"}, "dynamics", "hidden_layers", [32]),
        ("dyna", {"numba", "numpy"}, "figure_8_2", "episodes", 5),
    ],
)
def test_provenance_says_where_runs_were_made(finished, kind, packages, section, key, value):
    path = next(iter(finished.files(f"results/smoke/runs/{kind}/**/provenance.json")))
    provenance = json.loads((finished.folder / path).read_text())
    assert provenance["threads"] == 1
    assert set(provenance["versions"]) >= {"python", *packages}
    assert provenance["settings"][section][key] == value


def test_a_report_before_its_pages_are_made_says_so(finished, tmp_path):
    page = tmp_path / "report.html"
    done = finished.snakemake("--report", str(page))
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Traceback" not in done.stdout
    assert "The page of the claims has not been made" in page.read_text(encoding="utf-8")
    assert "figure_7.svg" in page.read_text(encoding="utf-8")


def test_running_leaves_nothing_for_git_but_the_lock_of_dvc(finished):
    status = finished.run("git", "status", "--porcelain", "--untracked-files=all")
    assert status.stdout == "?? workflow/dvc/smoke/dvc.lock\n"


def test_tests_do_not_copy_what_a_run_has_left(finished, tmp_path):
    """As `make test` after `dvc repro` in the same tree."""
    copy = type(finished).of_tree(tmp_path / "copy", tree=finished.folder)
    assert (finished.folder / "workflow/dvc/smoke/dvc.lock").is_file()
    assert copy.run("git", "ls-files").stdout == finished.run("git", "ls-files").stdout
    assert not copy.files("**/dvc.lock")

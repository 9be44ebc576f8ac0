"""The whole workflow at smoke scale, from nothing, through DVC and Snakemake."""

import json

import nbformat
import pandas as pd
import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("finished")]


def test_every_figure_and_notebook_is_there(finished):
    names = {path.rsplit("/", 1)[1] for path in finished.files("results/smoke/figures/*")}
    stems = (
        "figure_5_rollout", "figure_5_error", "figure_6", "figure_8_2", "figure_8_4", "figure_8_5",
    )  # fmt: skip
    assert names == {f"{stem}.{suffix}" for stem in stems for suffix in ("svg", "pdf", "png")}
    for name in ("figure_5", "figure_6", "dyna"):
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
        assert ("2 runs" if "/figure_8_" in path else "2 seeds") in text, path
        assert "<dc:date>" not in text, path


def test_table_has_each_run_once(finished):
    table = pd.read_csv(finished.folder / "results/smoke/tables/model_based.csv")
    settings = [
        "agent", "seed", "iteration", "dynamics.epochs", "dynamics.on_policy_fraction",
        "planning.horizon", "planning.num_samples", "random_data.rollouts",
    ]  # fmt: skip
    assert not table.duplicated(settings).any()
    # Two agents, two seeds, the agent's own settings and one other value of five decisions.
    assert len(table) == 2 * 2 * (1 + 5) * 2
    assert table["return"].notna().all()


def test_tables_of_dyna_q_are_whole(finished):
    tables = finished.folder / "results/smoke/tables"
    # Three n, and two methods side by side; two mazes and two methods.
    assert len(pd.read_csv(tables / "dyna_episodes.csv")) == 5 * 2 * 5
    assert len(pd.read_parquet(tables / "dyna_rewards.parquet")) == 2 * 2 * (31 + 61)


def test_a_finished_tree_has_nothing_to_do(finished):
    dry = finished.snakemake("--dry-run")
    assert dry.returncode == 0, dry.stdout
    assert "Nothing to be done" in dry.stdout
    again = finished.run("dvc", "repro", "workflow/dvc/smoke/dvc.yaml")
    assert again.returncode == 0, again.stdout
    assert "Running stage" not in again.stdout
    assert "up to date" in again.stdout


def test_random_data_is_tracked_by_dvc(finished):
    tracked = json.loads(finished.run("dvc", "ls", "--dvc-only", "-R", "--json", ".").stdout)
    folder = "results/smoke/data/random"
    files = {entry["path"] for entry in tracked if entry["path"].startswith(f"{folder}/")}
    assert files == set(finished.files(f"{folder}/**/*"))
    assert len(files) == 8  # two agents, two seeds, two numbers of rollouts


def test_each_job_left_log_and_benchmark(finished):
    jobs = len(finished.files("results/smoke/runs/model_based/**/curve.csv"))
    assert jobs == 24
    assert len(finished.files("results/smoke/logs/model_based/**/*.log")) == jobs
    assert len(finished.files("results/smoke/benchmarks/model_based/**/*.tsv")) == jobs


def test_provenance_says_where_a_run_was_made(finished):
    path = next(iter(finished.files("results/smoke/runs/**/provenance.json")))
    provenance = json.loads((finished.folder / path).read_text())
    assert provenance["threads"] == 1
    assert set(provenance["versions"]) >= {"python", "torch", "mujoco", "gymnasium"}
    assert provenance["settings"]["dynamics"]["hidden_layers"] == [32]

"""Snakemake's plan at every scale, and what it says to wrong configuration."""

import re
import shutil
from collections import Counter

import pytest

from mbmf.experiments.runs import ModelBasedRun, with_sources
from mbmf.storage.yaml_files import read_yaml
from mbmf.workflow.configuration import check_configuration

pytestmark = pytest.mark.workflow


@pytest.mark.parametrize("scale", ["paper", "quick", "smoke"])
def test_dry_run_plans_every_figure(clone, scale):
    dry = clone.snakemake("--dry-run", scale=scale)
    assert dry.returncode == 0, dry.stdout
    rules = ("random_data", "model_based", "divergence", "figure_5", "figure_6", "dyna", "claims")
    for rule in rules:
        assert rule in dry.stdout


def test_lint_finds_nothing(clone):
    lint = clone.run("snakemake", "--lint", "--cores", "1")
    assert lint.returncode == 0, lint.stdout
    assert "Congratulations" in lint.stdout


@pytest.mark.parametrize(
    ("overlay", "line"),
    [
        (
            "agents: {swimmer: {model_based: {planning: {num_samples: 0}}}}",
            "wrong.yaml: agents.swimmer.model_based.planning.num_samples: Input should be greater"
            " than 0 (found 0)",
        ),
        ("seeds: [0, 1, 0]", "wrong.yaml: seeds: 0 is listed twice; each may stand once"),
        ("colour: red", "wrong.yaml: colour: unknown key; allowed here: scale, seeds, agents,"),
        (
            "figures: {claims: {experiment: figure_7, agents: [ant]}}",
            "figures.claims: claims is a target of the workflow",
        ),
    ],
)
def test_wrong_configuration_ends_in_one_line_before_anything_runs(clone, overlay, line):
    (clone.folder / "wrong.yaml").write_text(overlay)
    done = clone.run("snakemake", "--cores", "1", "--quiet", "--configfile", "wrong.yaml")
    assert done.returncode != 0
    assert line in done.stdout
    assert "Traceback" not in done.stdout
    assert not (clone.folder / "results").exists()


def test_a_value_on_the_command_line_is_checked_too(clone):
    done = clone.run("snakemake", "--cores", "1", "--dry-run", "--config", "seeds=-1")
    assert done.returncode != 0
    assert "--config: seeds: Input should be a valid list" in done.stdout


def test_lists_and_mappings_on_the_command_line_are_read_as_in_a_file(clone):
    dry = clone.snakemake(
        "--dry-run", "--printshellcmds", "--config", "seeds=[0]", "dyna={runs: 3}"
    )
    assert dry.returncode == 0, dry.stdout
    # One seed, in all that is planned, and three runs of Dyna-Q.
    assert set(re.findall(r"seed~(\d+)", dry.stdout)) == {"0"}
    assert '"runs":3,' in dry.stdout


@pytest.mark.parametrize("content", ["seeds: [0\n", "seeds: !!python/object:os.system {}\n"])
def test_a_file_that_is_no_plain_yaml_is_refused(clone, content):
    """Snakemake itself reads overlays first, and says so in its own words, without the name."""
    (clone.folder / "wrong.yaml").write_text(content)
    done = clone.run("snakemake", "--cores", "1", "--configfile", "wrong.yaml")
    assert done.returncode != 0
    assert "not valid" in done.stdout
    assert "Traceback" not in done.stdout
    assert not (clone.folder / "results").exists()


def test_a_missing_configuration_file_is_named(clone):
    done = clone.run("snakemake", "--cores", "1", "--configfile", "nowhere.yaml")
    assert done.returncode != 0
    assert "nowhere.yaml" in done.stdout


@pytest.mark.xdist_group("finished")
def test_a_new_seed_asks_for_its_own_runs_only(finished, tmp_path):
    """The plan after `seeds: [0, 1]` became `[0, 1, 2]`, on a finished tree."""
    more = tmp_path / "more.yaml"
    more.write_text("seeds: [0, 1, 2]")
    dry = finished.run(
        "snakemake", "--dry-run", "--cores", "1", "--configfile", "config/smoke.yaml", str(more)
    )
    assert dry.returncode == 0, dry.stdout
    counts = planned(dry.stdout)
    before, after = (runs_of(finished, overlay) for overlay in ({}, {"seeds": [0, 1, 2]}))
    for kind in ("model_based", "divergence"):
        assert counts[kind] == after[kind] - before[kind] > 0
    assert counts["random_data"] > 0
    assert not counts.keys() & {"imitation", "trpo"}


@pytest.mark.xdist_group("finished")
@pytest.mark.parametrize(
    ("module", "kinds"),
    [
        ("method/random_data", {"random_data", "model_based", "imitation", "mb-mf"}),
        ("method/planners/random_shooting", {"model_based", "imitation", "mb-mf"}),
        ("method/imitation", {"imitation", "mb-mf"}),
        ("method/trpo", {"trpo"}),
        ("dyna/algorithms", {"dyna_tables"}),
        ("figures/figure_7", set()),
    ],
)
def test_changed_code_remakes_all_that_rests_on_it_in_one_call(finished, tmp_path, module, kinds):
    """Of two stale jobs in a row Snakemake overlooks the second where its input is ancient."""
    shutil.copytree(finished.folder, tmp_path / "mbmf", symlinks=True)
    changed = type(finished)(tmp_path / "mbmf")
    source = changed.folder / f"src/mbmf/{module}.py"
    source.write_text(source.read_text() + "\nCHANGED = True\n")
    dry = changed.snakemake("--dry-run")
    assert dry.returncode == 0, dry.stdout
    counts, runs = planned(dry.stdout), runs_of(finished, {})
    # Mb-Mf, which starts from an imitation policy, is one half of TRPO's runs.
    expected = {kind: runs[kind] for kind in kinds & {"model_based", "imitation", "trpo"}}
    if "planners" in module:
        # Figure 9 has runs with other planners.
        expected["model_based"] = runs_of(finished, {}, planner="random_shooting")["model_based"]
        assert expected["model_based"] < runs["model_based"]
    expected |= {"trpo": runs["imitation"]} if "mb-mf" in kinds else {}
    steps = ("model_based", "imitation", "trpo")
    assert {k: v for k, v in counts.items() if k in steps} == expected
    assert {k for k in counts if k in ("random_data", "dyna_tables")} == kinds & {
        "random_data",
        "dyna_tables",
    }
    assert "all" in counts


def runs_of(clone, overlay, planner=None):
    """How many runs of each kind the smoke scale has with an overlay; of one planner, or all."""
    names = ("agents", "config", "smoke")
    layers = [(name, read_yaml(clone.folder / f"config/{name}.yaml")) for name in names]
    experiments = check_configuration([*layers, ("overlay", overlay)]).experiments.values()
    asked = [run for experiment in experiments for run in experiment.asked_for()]
    return Counter(
        run.kind
        for run in with_sources(asked)
        if not planner
        or (isinstance(run, ModelBasedRun) and run.settings.planning.planner == planner)
    )


def planned(plan):
    """Jobs of each rule in the plan that a dry run prints."""
    rows = (line.split() for line in plan.splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}

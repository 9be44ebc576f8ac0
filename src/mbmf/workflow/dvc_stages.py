"""DVC's stages, written from what Snakemake's rules and Python's imports say.

Snakemake owns the graph of jobs; DVC needs, for each group of them, the files and
parameters that it depends on. Written by hand they would drift from the code, so they are
generated, and a test fails when the files in the repository are not what this gives.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from mbmf.analysis import statistics
from mbmf.storage.code_digest import source_files

SCALES = ("paper", "quick", "smoke")
FORMATS = ("svg", "pdf", "png")


def pipeline_file(scale: str) -> Path:
    """dvc.yaml of a scale; paper scale's is the one that a bare `dvc repro` takes."""
    return Path("dvc.yaml") if scale == "paper" else Path(f"workflow/dvc/{scale}/dvc.yaml")


def stages(scale: str, root: Path) -> dict[str, Any]:
    """DVC stages of one scale.

    Args:
        scale: paper, quick or smoke.
        root: of the repository, which paths are relative to.
    """
    results = f"results/{scale}"

    def stage(
        target: str, steps: list[str], deps: list[str], params: list[Any], outs: list[Any]
    ) -> dict[str, Any]:
        overlay = "" if scale == "paper" else f" --configfile config/{scale}.yaml"
        code = [(root / path).relative_to(root).as_posix() for path in source_files(*steps)]
        content: dict[str, Any] = {"cmd": f"snakemake --cores all{overlay} -- {target}"}
        if scale != "paper":
            content["wdir"] = "../../.."
            params = [*params, {f"config/{scale}.yaml": None}]
        return content | {"deps": deps + code, "params": params, "outs": outs}

    def in_cache(path: str) -> dict[str, Any]:
        return {path: {"persist": True}}

    def in_git(path: str) -> dict[str, Any]:
        return {path: {"persist": True, "cache": False}}

    # What decides which runs there are. Their imports do not count: a change of the planner
    # is no change of the random data.
    common = [
        "workflow/Snakefile",
        "workflow/rules/common.smk",
        "src/mbmf/workflow/configuration.py",
        "src/mbmf/experiments/runs.py",
    ]
    runs = [{"config/config.yaml": ["seeds", "figures"]}, {"config/agents.yaml": ["agents"]}]
    return {
        "random_data": stage(
            "all_random_data",
            ["mbmf.steps.random_data"],
            [*common, "workflow/rules/random_data.smk"],
            runs,
            [in_cache(f"{results}/data/random")],
        ),
        "model_based": stage(
            "all_model_based",
            ["mbmf.steps.model_based"],
            [*common, "workflow/rules/model_based.smk", f"{results}/data/random"],
            runs,
            [
                in_git(f"{results}/runs/model_based"),
                in_cache(f"{results}/models/model_based"),
            ],
        ),
        "imitation": stage(
            "all_imitation",
            ["mbmf.steps.imitation"],
            [*common, "workflow/rules/imitation.smk", f"{results}/models/model_based"],
            runs,
            [
                in_git(f"{results}/runs/imitation"),
                in_cache(f"{results}/data/expert"),
                in_cache(f"{results}/models/imitation"),
            ],
        ),
        "trpo": stage(
            "all_trpo",
            ["mbmf.steps.trpo"],
            [*common, "workflow/rules/trpo.smk", f"{results}/models/imitation"],
            runs,
            [
                in_git(f"{results}/runs/trpo"),
                in_cache(f"{results}/models/trpo"),
            ],
        ),
        "figure_5": stage(
            "figure_5",
            ["mbmf.steps.divergence", "mbmf.figures.figure_5", "mbmf.storage.tables"],
            [
                *common,
                "workflow/rules/figure_5.smk",
                "workflow/notebooks/figure_5.ipynb",
                f"{results}/data/random",
                f"{results}/models/model_based",
            ],
            runs,
            [
                in_git(f"{results}/tables/figure_5_errors.parquet"),
                in_git(f"{results}/tables/figure_5_trajectories.parquet"),
                *(
                    in_git(f"{results}/figures/figure_5_{part}.{suffix}")
                    for part in ("rollout", "error")
                    for suffix in FORMATS
                ),
                in_git(f"{results}/notebooks/figure_5.ipynb"),
            ],
        ),
        "figure_6": stage(
            "figure_6",
            ["mbmf.figures.figure_6", "mbmf.storage.tables"],
            [
                *common,
                "workflow/rules/figure_6.smk",
                "workflow/notebooks/figure_6.ipynb",
                f"{results}/runs/model_based",
            ],
            runs,
            [
                in_git(f"{results}/tables/figure_6.csv"),
                *(in_git(f"{results}/figures/figure_6.{suffix}") for suffix in FORMATS),
                in_git(f"{results}/notebooks/figure_6.ipynb"),
            ],
        ),
        "figure_7": stage(
            "figure_7 speedups",
            ["mbmf.figures.figure_7", "mbmf.steps.speedups", "mbmf.storage.tables"],
            [
                *common,
                "workflow/rules/figure_7.smk",
                "workflow/notebooks/figure_7.ipynb",
                "config/authors_plots.yaml",
                *(f"{results}/runs/{kind}" for kind in ("model_based", "imitation", "trpo")),
            ],
            runs,
            [
                in_git(f"{results}/tables/figure_7.csv"),
                in_git(f"{results}/speedups.json"),
                *(in_git(f"{results}/figures/figure_7.{suffix}") for suffix in FORMATS),
                in_git(f"{results}/notebooks/figure_7.ipynb"),
            ],
        ),
        "gaits": stage(
            "gaits",
            ["mbmf.steps.draw_clip"],
            [
                *common,
                "workflow/rules/gaits.smk",
                *(f"{results}/models/{kind}" for kind in ("model_based", "imitation", "trpo")),
            ],
            runs,
            [in_git(f"{results}/gaits")],
        ),
        "dyna": stage(
            # By file: a rule that is named is run for a lost benchmark, too.
            f"dyna {results}/runs/dyna/provenance.json",
            ["mbmf.steps.dyna", "mbmf.figures.figure_8"],
            [*common, "workflow/rules/dyna.smk", "workflow/notebooks/dyna.ipynb"],
            [{"config/config.yaml": ["dyna"]}],
            [
                in_git(f"{results}/tables/dyna_episodes.csv"),
                in_git(f"{results}/tables/dyna_rewards.parquet"),
                in_git(f"{results}/runs/dyna/provenance.json"),
                *(
                    in_git(f"{results}/figures/figure_{number}.{suffix}")
                    for number in ("8_2", "8_4", "8_5")
                    for suffix in FORMATS
                ),
                in_git(f"{results}/notebooks/dyna.ipynb"),
            ],
        ),
        "claims": stage(
            "claims",
            [
                "mbmf.steps.judge_claims",
                *statistics.sources(root / "config/claims.yaml"),
            ],
            [
                *common,
                "workflow/rules/claims.smk",
                "config/claims.yaml",
                "config/authors_plots.yaml",
                f"{results}/tables/figure_5_errors.parquet",
                f"{results}/tables/figure_5_trajectories.parquet",
                f"{results}/tables/figure_6.csv",
                f"{results}/tables/figure_7.csv",
                f"{results}/tables/dyna_episodes.csv",
                f"{results}/tables/dyna_rewards.parquet",
            ],
            [],
            [in_git(f"{results}/claims.json")],
        ),
    }


def shown(scale: str) -> dict[str, Any]:
    """What `dvc metrics` and `dvc plots` show of a scale, beside the stages."""
    up = "/".join(".." for _ in pipeline_file(scale).parent.parts)
    results = Path(up) / "results" / scale
    return {
        "metrics": [(results / "speedups.json").as_posix()],
        "plots": [
            {
                (results / "tables" / f"{figure}.csv").as_posix(): {
                    "x": "env_steps",
                    "y": "return",
                    "template": "scatter",
                }
            }
            for figure in ("figure_6", "figure_7")
        ],
    }


class _Dumper(yaml.SafeDumper):
    """Writes a list that stands twice twice, instead of as an alias."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def pipeline_text(scale: str, root: Path) -> str:
    """Content of the scale's dvc.yaml."""
    head = "# Written by `mbmf pipeline`; change src/mbmf/workflow/dvc_stages.py instead.\n"
    return head + yaml.dump(
        {"stages": stages(scale, root)} | shown(scale), Dumper=_Dumper, sort_keys=False, width=100
    )

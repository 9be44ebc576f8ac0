"""The profile in which several runs share a GPU."""

import pytest
import torch

pytestmark = pytest.mark.workflow


def test_algorithm_1_goes_to_the_gpu_and_nothing_else(tiny):
    done = tiny.snakemake(
        "--profile", "workflow/profiles/gpu", "--", "all_model_based", timeout=900
    )  # fmt: skip
    assert tiny.files("results/smoke/data/random/**/*.safetensors")
    if torch.cuda.is_available():
        assert done.returncode == 0, done.stdout[-3000:]
        for content in tiny.files("results/smoke/runs/model_based/**/provenance.json").values():
            assert b"NVIDIA" in content
    else:
        assert done.returncode != 0
        assert "--device cuda: not to be had on this machine" in done.stdout, done.stdout[-3000:]
        assert not tiny.files("results/smoke/runs/model_based/**/curve.csv")


def test_at_most_four_runs_share_the_device(clone):
    """Eight runs are ready, and there are 16 cores; the first four take all places."""
    dry = clone.run(
        "snakemake", "--dry-run", "--cores", "16", "--profile", "workflow/profiles/gpu",
        "--configfile", "config/smoke.yaml", "--printshellcmds", "--", "all_model_based",
    )  # fmt: skip
    assert dry.returncode == 0, dry.stdout[-3000:]
    assert "gpu=1" in dry.stdout
    too_many = clone.run(
        "snakemake", "--dry-run", "--cores", "16", "--profile", "workflow/profiles/gpu",
        "--set-resources", "model_based:gpu=5", "--configfile", "config/smoke.yaml",
        "--", "all_model_based",
    )  # fmt: skip
    assert too_many.returncode == 0

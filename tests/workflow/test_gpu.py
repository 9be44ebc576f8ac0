"""The profile in which several runs share a GPU."""

import json
import re

import pytest
import torch

from first_of import first_of

pytestmark = pytest.mark.workflow


def test_algorithm_1_goes_to_the_gpu_and_nothing_else(tiny):
    done = tiny.snakemake(
        "--profile", "workflow/profiles/gpu", "--", "all_model_based", timeout=900
    )  # fmt: skip
    assert tiny.files("results/smoke/data/random/**/*.safetensors")
    if torch.cuda.is_available():
        assert done.returncode == 0, done.stdout[-3000:]
        for content in tiny.files("results/smoke/runs/model_based/**/provenance.json").values():
            assert json.loads(content)["device"] == torch.cuda.get_device_name()
    else:
        assert done.returncode != 0
        assert "--device cuda: not available on this machine" in done.stdout, done.stdout[-3000:]
        assert not tiny.files("results/smoke/runs/model_based/**/curve.csv")


@pytest.mark.parametrize(
    ("places", "order"), first_of([(1, "start end start end"), (2, "start start")])
)
def test_as_many_runs_at_once_as_there_are_places(tiny, places, order):
    """Two runs and two cores; which device stands behind the places is no matter here."""
    done = tiny.run(
        "env", "MBMF_DEVICE=cpu", "snakemake", "--cores", "2",
        "--profile", "workflow/profiles/gpu", "--resources", f"gpu={places}",
        "--configfile", "config/smoke.yaml", "--", "all_model_based",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    # What is printed leaves out when a job starts; Snakemake's own log has it.
    (log,) = (tiny.folder / ".snakemake/log").glob("*.snakemake.log")
    found = re.findall(r"Algorithm 1: |Finished jobid: \d+ \(Rule: model_based\)", log.read_text())
    words = " ".join("start" if line.startswith("Algorithm") else "end" for line in found)
    assert words.startswith(order), words

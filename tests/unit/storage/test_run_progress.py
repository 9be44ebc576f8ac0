"""How far a run has come is read from the checkpoint that it really writes."""

import pytest

from mbmf.agents import get_agent
from mbmf.steps.model_based import run_model_based
from mbmf.steps.random_data import write_random_data
from mbmf.storage.checkpoints import CHECKPOINT as WRITTEN
from mbmf.storage.run_progress import CHECKPOINT, iterations


def test_no_checkpoint_or_a_damaged_one(tmp_path):
    assert iterations(tmp_path) is None
    for content in (b"", b"{}", b"\x08\0\0\0\0\0\0\0{}      ", b"\xff" * 100):
        (tmp_path / CHECKPOINT).write_bytes(content)
        assert iterations(tmp_path) is None


def test_a_run_of_algorithm_1_tells_its_iterations(tmp_path, tiny, monkeypatch):
    assert CHECKPOINT == WRITTEN
    data, folder = tmp_path / "data.safetensors", tmp_path / "run"
    write_random_data(get_agent("swimmer"), tiny.random_data, 0, data)
    seen = []
    monkeypatch.setattr("builtins.print", lambda *_, **__: seen.append(iterations(folder)))
    run_model_based(get_agent("swimmer"), tiny, 0, data, folder, tmp_path / "models", "cpu")
    # Each line is printed before the checkpoint of its iteration is written.
    assert seen == [None, (1, 3), (2, 3)]
    assert iterations(folder) == (3, 3)


@pytest.mark.parametrize("kind", ["imitation", "model_free", "fine_tuning"])
def test_each_kind_names_its_iterations(kind, tmp_path):
    import torch

    from mbmf.storage.checkpoints import write_checkpoint

    settings = {"imitation" if kind == "imitation" else "trpo": {"iterations": 7}}
    identity = {"kind": kind, "settings": settings}
    progress = {"curve": [{"iteration": 0}, {"iteration": 1}]}
    write_checkpoint(tmp_path / CHECKPOINT, {"a": torch.zeros(2)}, progress, identity)
    assert iterations(tmp_path) == (2, 7)

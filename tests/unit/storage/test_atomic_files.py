"""Who may read what is written: the umask says it, whatever writes the file."""

import os
import stat

import pandas as pd
import pytest
import torch

from mbmf.storage.atomic_files import write_text
from mbmf.storage.checkpoints import write_checkpoint
from mbmf.storage.tables import write_table
from mbmf.storage.tensor_files import write_tensors

TABLE, TENSORS = pd.DataFrame({"a": [1]}), {"a": torch.zeros(2)}
WRITERS = {
    "text.json": lambda path: write_text(path, "{}"),
    "table.csv": lambda path: write_table(path, TABLE),
    "table.parquet": lambda path: write_table(path, TABLE),
    "model.safetensors": lambda path: write_tensors(path, TENSORS, {}),
    "checkpoint.safetensors": lambda path: write_checkpoint(path, TENSORS, {}, {}),
}


@pytest.fixture(params=[0o022, 0o002, 0o027, 0o077], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_has_the_mode_that_the_umask_leaves(tmp_path, umask, name):
    for _ in range(2):  # a file that replaces one, too
        WRITERS[name](tmp_path / name)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o666 & ~umask
    assert [path.name for path in tmp_path.iterdir()] == [name]

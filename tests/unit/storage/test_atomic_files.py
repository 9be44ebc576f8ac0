"""Files that are written whole: their rights."""

import os
import stat

import pandas as pd
import pytest
import torch

from mbmf.storage.atomic_files import write_text
from mbmf.storage.tables import write_table
from mbmf.storage.tensor_files import write_tensors

TABLE = pd.DataFrame({"a": [1.0]})
WRITERS = {
    "notes.txt": lambda path: write_text(path, "text"),
    "table.csv": lambda path: write_table(path, TABLE),
    "table.parquet": lambda path: write_table(path, TABLE),
    "models.safetensors": lambda path: write_tensors(path, {"a": torch.zeros(1)}, {}),
}


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077])
@pytest.mark.parametrize("name", WRITERS)
def test_a_file_has_the_rights_that_the_umask_gives(tmp_path, name, umask):
    before = os.umask(umask)
    try:
        for _ in range(2):
            WRITERS[name](tmp_path / name)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o666 & ~umask
    assert [path.name for path in tmp_path.iterdir()] == [name]

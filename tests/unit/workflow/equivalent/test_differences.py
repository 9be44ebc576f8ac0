"""Each kind of difference between two files is named."""

import numpy as np
import pandas as pd
import pytest
import torch

from mbmf.storage.tables import write_table
from mbmf.storage.tensor_files import write_tensors
from mbmf.workflow.equivalent.differences import difference

TENSORS = {"b": torch.arange(6.0).reshape(2, 3), "a": torch.tensor([1, 2])}
FACTS = {"agent": "swimmer", "seed": 0, "code": 16 * "a", "settings": {"policy": {"std": 1.0}}}
TABLE = pd.DataFrame({"seed": [0, 0], "return": [1.5, 0.1 + 0.2]})


@pytest.fixture
def differ(tmp_path):
    """What is said of two files, each made by a function of its path."""

    def differ(name, make_old, make_new):
        old, new = tmp_path / f"old{name}", tmp_path / f"new{name}"
        make_old(old)
        make_new(new)
        return difference(old, new)

    return differ


def tensors(tensors=None, **facts):
    return lambda path: write_tensors(path, TENSORS | (tensors or {}), FACTS | facts)


def table(**columns):
    return lambda path: write_table(path, TABLE.assign(**columns))


def text(content):
    return lambda path: path.write_text(content, "utf-8")


@pytest.mark.parametrize(
    ("change", "facts"),
    [
        ({}, {}),
        ({}, {"code": 16 * "b"}),
        ({}, {"code": 16 * "b", "models": 64 * "0"}),
        ({}, {"settings": {"policy": {"std": 1.0, "new_setting": "its default"}}}),
    ],
)
def test_safetensors_that_are_the_same_but_for_digests_and_new_settings(differ, change, facts):
    assert differ(".safetensors", tensors(), tensors(change, **facts)) is None


@pytest.mark.parametrize(
    ("change", "facts", "message"),
    [
        (
            {"b": torch.tensor([[0.0, 1.0, 2.0], [3.0, 4.5, 9.0]])},
            {},
            "tensor b: element 4 was 4.0, is 4.5",
        ),
        ({"b": -torch.zeros(2, 3) + TENSORS["b"] * 0}, {}, "tensor b: element 1 was 1.0"),
        ({"a": torch.tensor([1, 3]), "b": torch.zeros(2, 3)}, {}, "tensor a: element 1 was 2"),
        ({"a": torch.tensor([1.0, 2.0])}, {}, "tensor a: was int64 (2,), is float32 (2,)"),
        ({"b": TENSORS["b"].reshape(3, 2)}, {}, "tensor b: was float32 (2, 3), is float32 (3, 2)"),
        ({"c": torch.zeros(1)}, {}, "tensor c: is only in the new file"),
        ({}, {"seed": 1}, "fact seed: was 0, is 1"),
        ({}, {"settings": {"policy": {"std": 0.5}}}, "fact settings.policy.std: was 1.0, is 0.5"),
    ],
)
def test_the_first_tensor_or_fact_that_differs(differ, change, facts, message):
    assert differ(".safetensors", tensors(), tensors(change, **facts)).startswith(message)


def test_a_sign_of_zero_differs_and_nan_is_the_same_as_itself(differ):
    zero, minus = {"b": torch.tensor([0.0])}, {"b": torch.tensor([-0.0])}
    said = differ(".safetensors", tensors(zero), tensors(minus))
    assert said == "tensor b: element 0 was 0.0, is -0.0"
    nan = {"b": torch.tensor([float("nan")])}
    assert differ(".safetensors", tensors(nan), tensors(nan, code=16 * "b")) is None


def test_a_damaged_file_is_named(differ):
    said = differ(".safetensors", tensors(), text("no tensors"))
    assert "new.safetensors: not a whole safetensors file" in said


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"seed": [0, 1]}, "column seed, row 2: was 0, is 1"),
        ({"return": [1.5, 0.3]}, "column return, row 2: was 0.30000000000000004, is 0.3"),
        ({"more": [1, 1]}, "its columns: more"),
    ],
)
def test_the_first_column_and_row_of_a_table(differ, suffix, columns, message):
    assert differ(suffix, table(), table()) is None
    assert differ(suffix, table(), table(**columns)) == message


def test_numbers_of_rows_and_orders_of_columns(differ):
    assert differ(".csv", table(), lambda path: write_table(path, TABLE[:1])) == "had 2 rows, has 1"
    turned = TABLE[["return", "seed"]]
    said = differ(".csv", table(), lambda path: write_table(path, turned))
    assert said == "the order of its columns"


def test_the_same_values_in_another_type_are_other_bytes(differ):
    other = TABLE.astype({"seed": np.int32})
    said = differ(".parquet", table(), lambda path: write_table(path, other))
    assert said == "the same values in other bytes"


def test_lines_of_json_and_bytes_of_anything_else(differ):
    said = differ(".json", text('{\n  "a": 1\n}\n'), text('{\n  "a": 2\n}\n'))
    assert said == 'line 2: was "a": 1, is "a": 2'
    assert differ(".json", text("{}\n"), text("{}\n\n")) is not None
    assert differ(".svg", text("<svg/>"), text("<svg />")) == "other bytes"
    assert differ(".svg", text("<svg/>"), text("<svg/>")) is None

"""Tables are read exactly, put together only if they fit, and written whole."""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from mbmf.base.errors import InputError
from mbmf.storage.atomic_files import write_text, written_whole
from mbmf.storage.tables import concatenate, read_table, write_table

SUFFIXES = [".csv", ".parquet"]


def table(rows=3, **columns):
    return pd.DataFrame({"agent": ["ant"] * rows, "iteration": range(rows), **columns})


def hard_floats():
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2**64, 2000, dtype=np.uint64).view(np.float64)
    known = [0.1, 1 / 3, 1e-300, 5e-324, 1.7976931348623157e308, -0.0, 2**53 + 0.0, np.pi]
    return np.concatenate([known, rng.normal(size=2000) * 1000, bits[np.isfinite(bits)]])


def one_line(caught, path):
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_round_trip_is_exact(tmp_path, suffix):
    values = hard_floats()
    written = table(len(values), value=values)
    path = tmp_path / f"table{suffix}"
    write_table(path, written)
    read = read_table(path)
    assert list(read.columns) == list(written.columns)
    assert read["value"].to_numpy().tobytes() == values.tobytes()
    assert_frame_equal(read[["iteration"]], written[["iteration"]])
    assert list(read["agent"]) == list(written["agent"])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_missing_values_survive(tmp_path, suffix):
    path = tmp_path / f"table{suffix}"
    write_table(path, table(value=[1.5, np.nan, np.inf]))
    np.testing.assert_array_equal(read_table(path)["value"], [1.5, np.nan, np.inf])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_concatenation_keeps_every_row_in_order(tmp_path, suffix):
    parts = [table(2, value=[0.1, 0.2]), table(1, value=[0.3]), table(2, value=[0.5, 0.4])]
    paths = [tmp_path / f"{index}{suffix}" for index in range(3)]
    for path, part in zip(paths, parts, strict=True):
        write_table(path, part)
    output = tmp_path / "deep" / "er" / f"all{suffix}"
    concatenate(paths, output)
    read = read_table(output)
    assert list(read["value"]) == [0.1, 0.2, 0.3, 0.5, 0.4]
    assert list(read["iteration"]) == [0, 1, 0, 0, 1]


def test_concatenation_writes_the_same_bytes_as_one_table_written_at_once(tmp_path):
    values = hard_floats()
    whole = table(len(values), value=values)
    half = len(values) // 2
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path, part in zip(paths, [whole[:half], whole[half:]], strict=True):
        write_table(path, part)
    write_table(tmp_path / "once.csv", whole)
    concatenate(paths, tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_bytes() == (tmp_path / "once.csv").read_bytes()


def test_an_optional_column_is_empty_where_a_table_lacks_it(tmp_path):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    write_table(first, table(2, value=1.0, other=5))
    write_table(second, table(2, value=2.0, more=[0.5, np.nan]))
    concatenate([first, second], tmp_path / "all.csv", ["iteration", "value"], ["more"])
    assert (tmp_path / "all.csv").read_text().splitlines() == [
        "iteration,value,more", "0,1.0,", "1,1.0,", "0,2.0,0.5", "1,2.0,",
    ]  # fmt: skip


def test_columns_that_differ_are_named(tmp_path):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    write_table(first, table(value=1.0, old=2))
    write_table(second, table(value=1.0, new=2))
    output = tmp_path / "all.csv"
    with pytest.raises(InputError) as caught:
        concatenate([first, second], output)
    one_line(caught, second)
    for name in (str(first), "new", "old"):
        assert name in str(caught.value)
    assert not output.exists()


def test_columns_in_another_order_are_refused_with_a_reason(tmp_path):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    write_table(first, table(value=1.0))
    write_table(second, table(value=1.0)[["value", "agent", "iteration"]])
    with pytest.raises(InputError) as caught:
        concatenate([first, second], tmp_path / "all.csv")
    one_line(caught, second)
    assert "order" in str(caught.value)


def parquet_bytes(tmp_path):
    path = tmp_path / "whole.parquet"
    write_table(path, table(value=[1.0, 2.0, 3.0]))
    return path.read_bytes()


def flipped(content, start, stop):
    return content[:start] + bytes(255 - byte for byte in content[start:stop]) + content[stop:]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_missing_empty_or_foreign_table(tmp_path, suffix):
    path = tmp_path / f"table{suffix}"
    with pytest.raises(InputError, match="no such table") as caught:
        read_table(path)
    one_line(caught, path)
    for content in (b"", b"\xff\xfe\x00\x80" * 50):
        path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_table(path)
        one_line(caught, path)
    path.unlink()
    path.mkdir()
    with pytest.raises(InputError) as caught:
        read_table(path)
    one_line(caught, path)


@pytest.mark.parametrize("text", ["a,b\n1,2\n1,2,3,4\n", 'a,b\n1,"2\n', "\n\n"])
def test_damaged_csv(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_table(path)
    one_line(caught, path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: content[4:],
        lambda content: flipped(content, 4, 40),
        lambda content: flipped(content, len(content) // 2, len(content) - 8),
        lambda content: flipped(content, len(content) - 8, len(content) - 4),
        lambda content: b"PAR1" + content[-8:],
    ],
    ids=["last byte", "half", "head", "page", "footer", "footer length", "hollow"],
)
def test_damaged_parquet(tmp_path, damage):
    path = tmp_path / "table.parquet"
    path.write_bytes(damage(parquet_bytes(tmp_path)))
    with pytest.raises(InputError) as caught:
        read_table(path)
    one_line(caught, path)


@pytest.mark.parametrize("damaged", [0, 1])
def test_a_damaged_part_writes_nothing(tmp_path, damaged):
    paths = [tmp_path / "0.csv", tmp_path / "1.csv"]
    for path in paths:
        write_table(path, table())
    paths[damaged].write_text("")
    output = tmp_path / "all.csv"
    write_text(output, "old")
    with pytest.raises(InputError, match=str(paths[damaged])):
        concatenate(paths, output)
    assert output.read_text() == "old"


class Stopped(BaseException):
    """Stands for an interrupt."""


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, Stopped])
@pytest.mark.parametrize("before", [None, "old"])
def test_a_failed_block_leaves_the_old_file_and_no_other(tmp_path, error, before):
    path = tmp_path / "table.csv"
    if before is not None:
        path.write_text(before)

    def fail():
        with written_whole(path) as aside:
            aside.write_text("half of the n")
            raise error

    with pytest.raises(error):
        fail()
    left = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert left == ({} if before is None else {"table.csv": "old"})


def test_the_old_file_stands_until_the_block_ends(tmp_path):
    path = tmp_path / "new" / "table.csv"
    write_text(path, "old")
    with written_whole(path) as aside:
        assert aside.parent == path.parent
        assert aside.suffix == path.suffix
        aside.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_a_table_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "table.parquet"
    write_table(path, table())
    before = path.read_bytes()
    mixed = pd.DataFrame({"value": pd.Series([1, "one", [2]], dtype=object)})
    with pytest.raises(Exception, match="value"):
        write_table(path, mixed)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]

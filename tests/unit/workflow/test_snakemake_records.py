"""Snakemake's records of what it made, read from its files."""

import json

import pytest
from snakemake.persistence.file import FilePersistence

from mbmf.workflow.snakemake_records import read_records

OLD, NEW, OTHER = 16 * "a", 16 * "b", 16 * "c"
LONG = "results/smoke/runs/" + "/".join(f"parameter_{index}~{index}" for index in range(40))


@pytest.fixture
def put(tmp_path):
    """Writes a record where Snakemake itself would."""
    metadata = tmp_path / ".snakemake" / "metadata"
    metadata.mkdir(parents=True)
    (tmp_path / ".snakemake" / "incomplete").mkdir()
    snakemake = FilePersistence(path=tmp_path / ".snakemake")

    def put(output, **changes):
        content = {
            "rule": "model_based",
            "params": [repr(OLD), "'swimmer'", "0"],
            "log": ["logs/one.log"],
            "endtime": 7.5,
        }
        snakemake._io_write(str(metadata), content | changes, output)

    return put


@pytest.fixture
def equal(tmp_path):
    path = tmp_path / "equal_code.jsonl"
    path.write_text(json.dumps({"old": OLD, "new": NEW, "date": "2026-01-01"}) + "\n")
    return path


def test_a_record_is_found_by_its_output_however_long_the_path_is(put, tmp_path):
    for output in ("results/smoke/runs/a/curve.csv", LONG):
        put(output)
    records = read_records(tmp_path)
    assert set(records) == {"results/smoke/runs/a/curve.csv", LONG}
    assert records[LONG].rule == "model_based"
    assert records[LONG].job == "logs/one.log"
    assert records[LONG].code == OLD
    assert records[LONG].finished == 7.5


@pytest.mark.parametrize(
    "params", [[], ["'swimmer'"], [repr(OLD), repr(NEW)], [f"[{OLD!r}]"], [repr(OLD[1:])]]
)
def test_parameters_without_one_digest_give_none(put, tmp_path, params):
    put("a", params=params)
    assert read_records(tmp_path)["a"].code is None


@pytest.mark.parametrize("change", [{"params": None}, {"log": 3}, {"endtime": None}])
def test_a_record_of_another_kind_counts_as_none(put, tmp_path, change):
    put("a", **change)
    put("b")
    (tmp_path / ".snakemake/metadata/Yw==").write_text("{")
    assert set(read_records(tmp_path)) == {"b"}


def test_no_records(tmp_path):
    assert read_records(tmp_path) == {}

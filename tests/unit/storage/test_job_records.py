"""What differs between a job's record and what is asked of the job."""

import json
from dataclasses import replace

import pytest

from mbmf.storage.job_records import Asked, difference, read_record

OLD, NEW, OTHER = 16 * "a", 16 * "b", 16 * "c"
ASKED = Asked(
    "figure_6",
    {"name": "it's", "values": (1, 0.5)},
    {"table": 16 * "1"},
    {"figure_6": [NEW], "trpo": [OTHER]},
)


@pytest.fixture
def record(tmp_path):
    path = tmp_path / "figure_6.json"
    path.write_text(ASKED.text())
    return path


@pytest.fixture
def equal(tmp_path):
    """A file in which two digests are recorded as equal."""
    path = tmp_path / "equal_code.jsonl"
    path.write_text(json.dumps({"old": OLD, "new": NEW}))
    return path


def test_a_record_is_of_what_was_asked(record, tmp_path):
    nothing = tmp_path / "nothing"
    assert difference(record, ASKED, nothing) is None
    assert read_record(record)["settings"] == {"name": "it's", "values": [1, 0.5]}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"rule": "figure_7"}, "record"),
        ({"settings": {"name": "it's", "values": (0.5, 1)}}, "settings"),
        ({"settings": {}}, "settings"),
        ({"inputs": {}}, "inputs"),
        ({"inputs": {"table": 16 * "2"}}, "inputs"),
        ({"code": {"figure_6": [OTHER], "trpo": [OTHER]}}, "code"),
        ({"code": {"figure_6": [NEW]}}, "code"),
        ({"code": {"figure_6": [NEW], "trpo": [OTHER, 16 * "d"]}}, "code"),
        ({"settings": {}, "inputs": {}, "code": {}}, "settings"),
    ],
)
def test_what_differs_is_named(record, tmp_path, change, what):
    assert difference(record, replace(ASKED, **change), tmp_path / "nothing") == what


def test_equal_code_is_the_same_whichever_made_it(record, tmp_path, equal):
    older = replace(ASKED, code={"figure_6": [OLD], "trpo": [OTHER]})
    assert difference(record, older, tmp_path / "nothing") == "code"
    assert difference(record, older, equal) is None
    record.write_text(older.text())
    assert difference(record, ASKED, equal) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "{}", "[" * 100_000])
def test_a_damaged_record_is_none(record, text):
    record.write_text(text)
    assert difference(record, ASKED) == "record"
    record.unlink()
    assert difference(record, ASKED) == "record"


@pytest.mark.parametrize("code", [3, None, [NEW], {"figure_6": 3}, {"figure_6": [[]]}])
def test_a_record_with_damaged_code_differs(record, code):
    record.write_text(json.dumps(json.loads(ASKED.text()) | {"code": code}))
    assert difference(record, ASKED) == "code"


def test_code_that_ran_is_what_counts(record, tmp_path, equal):
    """The code may change between the start of Snakemake and that of a job."""
    provenance = tmp_path / "provenance.json"
    for ran, what in ((NEW, None), (OTHER, "code")):
        provenance.write_text(json.dumps({"code": ran}))
        assert difference(record, ASKED, tmp_path / "nothing", provenance) == what
    provenance.write_text(json.dumps({"code": OLD}))
    assert difference(record, ASKED, equal, provenance) is None


def test_identity_is_of_all_but_the_code():
    assert replace(ASKED, code={}).identity == ASKED.identity
    parts = {"rule": "figure_7", "settings": {}, "inputs": {}}
    assert len({replace(ASKED, **{part: value}).identity for part, value in parts.items()}) == 3

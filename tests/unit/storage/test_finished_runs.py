"""What the provenance of a run tells, whole or damaged."""

import pytest

from mbmf.storage.finished_runs import read_provenance


def test_a_finished_run(tmp_path):
    (tmp_path / "provenance.json").write_text('{"code": "0123456789abcdef", "seed": 0}')
    assert read_provenance(tmp_path) == {"code": "0123456789abcdef", "seed": 0}


def test_a_run_that_has_not_finished(tmp_path):
    assert read_provenance(tmp_path) == {}


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "[" * 100_000])
def test_a_damaged_one_tells_nothing(tmp_path, text):
    (tmp_path / "provenance.json").write_text(text)
    assert read_provenance(tmp_path) == {}

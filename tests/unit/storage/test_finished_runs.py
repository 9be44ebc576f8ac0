"""What the provenance of a run tells, whole or damaged."""

import pytest

from mbmf.base.errors import InputError
from mbmf.storage import finished_runs
from mbmf.storage.finished_runs import is_made_by, made_by, read_provenance


def test_the_code_of_a_finished_run(tmp_path):
    (tmp_path / "provenance.json").write_text('{"code": "0123456789abcdef", "seed": 0}')
    assert made_by(tmp_path) == "0123456789abcdef"
    assert read_provenance(tmp_path)["seed"] == 0


def test_a_run_that_has_not_finished(tmp_path):
    assert made_by(tmp_path) is None
    assert read_provenance(tmp_path) == {}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "3", '{"code": 3}', "[" * 100_000])
def test_a_damaged_one_is_refused_by_name(tmp_path, text):
    (tmp_path / "provenance.json").write_text(text)
    with pytest.raises(InputError, match=r"provenance\.json: not the provenance of a run"):
        made_by(tmp_path)


def test_a_run_is_made_by_code_that_is_equal_to_its_own(tmp_path, monkeypatch):
    one, other, third = "a" * 16, "b" * 16, "c" * 16
    monkeypatch.setattr(finished_runs, "same_code", lambda *codes: {*codes} <= {one, other})
    assert not is_made_by(tmp_path, one)
    (tmp_path / "provenance.json").write_text(f'{{"code": "{other}"}}')
    assert is_made_by(tmp_path, one)
    assert not is_made_by(tmp_path, third)

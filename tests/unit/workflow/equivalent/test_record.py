"""The file of records: sorted lines, each pair once, whole or not at all."""

import json

import pytest

from mbmf.base.errors import InputError
from mbmf.storage.equal_code import read_equal_code
from mbmf.workflow.equivalent.compare import Evidence
from mbmf.workflow.equivalent.record import write_records

A, B, C, D = (16 * letter for letter in "abcd")
FACTS = {"since": "1234567", "commit": "89abcde", "date": "2026-01-01", "machine": "x86_64"}


def evidence():
    return Evidence({"trpo", "imitation"}, {"swimmer", "ant"}, 4)


def test_a_record_says_what_was_compared(tmp_path):
    path = tmp_path / "equal_code.jsonl"
    write_records({(A, B): evidence()}, FACTS, path)
    assert read_equal_code(path) == [
        {"old": A, "new": B, "rules": ["imitation", "trpo"], "agents": ["ant", "swimmer"]}
        | {"files": 4}
        | FACTS
    ]


def test_further_records_leave_the_others_and_lines_are_sorted(tmp_path):
    path, more = tmp_path / "one.jsonl", tmp_path / "more.jsonl"
    write_records({(C, D): evidence()}, FACTS, path)
    more.write_bytes(path.read_bytes())
    write_records({(A, B): evidence()}, FACTS, more)
    lines = more.read_text().splitlines()
    assert [json.loads(line)["old"] for line in lines] == [A, C]
    assert path.read_text().strip() == lines[1]


def test_what_is_equal_already_is_not_recorded_again(tmp_path):
    path = tmp_path / "equal_code.jsonl"
    write_records({(A, B): evidence(), (B, C): evidence()}, FACTS, path)
    before = path.read_bytes()
    again = tmp_path / "again.jsonl"
    again.write_bytes(before)
    write_records({(A, C): evidence(), (A, B): evidence()}, FACTS | {"since": "x"}, again)
    assert again.read_bytes() == before


def test_nothing_equal_makes_no_file(tmp_path):
    write_records({}, FACTS, tmp_path / "equal_code.jsonl")
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_left_as_it_is(tmp_path):
    path = tmp_path / "equal_code.jsonl"
    path.write_text("no record\n")
    with pytest.raises(InputError, match="line 1 should be a record"):
        write_records({(A, B): evidence()}, FACTS, path)
    assert path.read_text() == "no record\n"

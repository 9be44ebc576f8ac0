"""Digests that are recorded as equal: their classes, and damaged files of records."""

import itertools
import json

import pytest

from mbmf.base.errors import InputError
from mbmf.storage import checkpoints
from mbmf.storage.equal_code import canonical, equal_digests, read_equal_code, same_code

A, B, C, D, E = (16 * letter for letter in "abcde")


def record(old, new, date="2026-01-01"):
    return json.dumps({"old": old, "new": new, "date": date})


@pytest.fixture
def write(tmp_path):
    """Writes a file of records; each has another path, for files are read once."""
    numbers = itertools.count()

    def write(*lines):
        path = tmp_path / f"{next(numbers)}.jsonl"
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        return path

    return write


def test_without_a_file_each_code_is_equal_to_itself_only(tmp_path):
    path = tmp_path / "none.jsonl"
    assert canonical(A, path) == A
    assert same_code(A, A, path)
    assert not same_code(A, B, path)


def test_equality_holds_through_others_both_ways(write):
    path = write(record(A, B), record(B, C), record(D, E))
    for one, other in itertools.product((A, B, C), repeat=2):
        assert same_code(one, other, path)
    assert same_code(D, E, path)
    assert not same_code(C, D, path)


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_lines_means_nothing(write, order):
    lines = [record(A, B, "1"), record(B, C, "2"), record(D, C, "3"), record(D, E, "4")]
    path = write(*(lines[index] for index in order))
    # D was found to be before C after A was.
    assert equal_digests(E, path) == [D, A, B, C, E]
    assert canonical(C, path) == D


def test_lines_of_two_people_and_lines_that_stand_twice_are_one_class(write):
    mine, theirs = [record(A, B), record(A, C)], [record(A, B), record(C, D)]
    path = write(*mine, "", *theirs)
    assert set(equal_digests(B, path)) == {A, B, C, D}
    assert len(equal_digests(B, path)) == 4


def test_a_circle_is_a_class(write):
    path = write(record(A, B), record(B, A))
    assert canonical(A, path) == canonical(B, path) == A


@pytest.mark.parametrize(
    "line",
    [
        "<<<<<<< HEAD",
        "[]",
        "3",
        "{",
        "[" * 100_000,
        "{}",
        json.dumps({"old": A}),
        json.dumps({"old": A, "new": 3}),
        json.dumps({"old": A, "new": B[1:]}),
        json.dumps({"old": A, "new": "g" * 16}),
    ],
)
def test_a_damaged_line_is_refused_by_its_number(write, line):
    path = write(record(A, B), line)
    with pytest.raises(
        InputError, match=r"jsonl: line 2 should be a record of equal code"
    ) as caught:
        canonical(C, path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "equal_code.jsonl"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read as a text file"):
        read_equal_code(path)


def test_a_checkpoint_of_equal_code_is_of_the_same_run(monkeypatch):
    monkeypatch.setattr(checkpoints, "canonical", {A: A, B: A, C: C}.get)
    run = {"kind": "trpo", "seed": 0, "code": A}
    assert checkpoints.same_run(run, run | {"code": B})
    assert not checkpoints.same_run(run, run | {"code": C})
    assert not checkpoints.same_run(run, run | {"code": B, "seed": 1})
    for other in (None, [], {}, {"code": None}, run | {"code": 3}):
        assert not checkpoints.same_run(run, other)

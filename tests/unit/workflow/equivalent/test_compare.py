"""Two folders of results side by side: partners, evidence, and what may differ."""

import json

import pytest

from mbmf.workflow.equivalent import compare as module
from mbmf.workflow.equivalent.compare import compare, partners
from mbmf.workflow.snakemake_records import Record

OLD, NEW, FIGURE_OLD, FIGURE_NEW = (16 * letter for letter in "abcd")
RUN = "results/smoke/runs/trpo/agent~ant/start~random/settings~{}/seed~0"
CURVE, PROVENANCE = f"{RUN}/curve.csv", f"{RUN}/provenance.json"
TABLE, FIGURE = "results/smoke/tables/figure_7.csv", "results/smoke/figures/figure_7.svg"
NOTEBOOK = "results/smoke/notebooks/figure_7.ipynb"


class Side:
    """Results of one commit, with Snakemake's records of them."""

    def __init__(self, folder):
        self.folder = folder
        self.records = {}

    def put(self, path, content, rule, code, job=None):
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")
        finished = float(len(self.records))
        self.records[path] = Record(rule, job or rule, code, finished)

    def put_all(self, settings, code, figure_code):
        self.put(CURVE.format(settings), "return\n1.0\n", "trpo", "recorded")
        provenance = json.dumps({"code": code, "git_commit": code})
        self.put(PROVENANCE.format(settings), provenance, "trpo", "recorded")
        self.put(TABLE, "return\n1.0\n", "figure_7_table", OLD)
        self.put(FIGURE, "<svg/>", "figure_7", figure_code)
        self.put(NOTEBOOK, code, "figure_7", figure_code)
        if code == NEW:  # older code may have none
            self.put("results/smoke/made/figure_7.json", code, "figure_7", figure_code)


@pytest.fixture
def sides(tmp_path, monkeypatch):
    both = Side(tmp_path / "old"), Side(tmp_path / "new")
    known = {side.folder: side.records for side in both}
    monkeypatch.setattr(module, "read_records", known.get)
    both[0].put_all("00000000", OLD, FIGURE_OLD)
    both[1].put_all("11111111", NEW, FIGURE_NEW)
    return both


def compared(sides):
    return compare(sides[0].folder, sides[1].folder)


def test_equal_results_make_digests_equal_with_what_was_compared(sides):
    found = compared(sides)
    assert found.difference is None
    assert found.files == 3
    # A run's digest is that of its provenance; the table's code is the same on both sides.
    assert set(found.equal) == {(OLD, NEW), (FIGURE_OLD, FIGURE_NEW)}
    evidence = found.equal[OLD, NEW]
    assert (evidence.rules, evidence.agents, evidence.files) == ({"trpo"}, {"ant"}, 1)
    assert found.equal[FIGURE_OLD, FIGURE_NEW].rules == {"figure_7"}


def test_the_difference_told_is_of_the_file_that_was_made_first(sides):
    sides[1].put(CURVE.format("11111111"), "return\n2.0\n", "trpo", NEW)
    sides[1].put(TABLE, "return\n2.0\n", "figure_7_table", NEW)
    said = compared(sides).difference
    assert said == f"{CURVE.format('00000000')}: column return, row 1: was 1.0, is 2.0"


def test_another_picture_is_no_difference_and_no_equality(sides):
    sides[1].put(FIGURE, "<svg />", "figure_7", FIGURE_NEW)
    found = compared(sides)
    assert found.difference is None
    assert found.anew == {"figure_7"}
    assert set(found.equal) == {(OLD, NEW)}


def test_other_verdicts_are_no_difference_and_no_equality(sides):
    """The newer commit may have other claims."""
    for side, verdicts, code in zip(sides, ("[]", '[{"id": "new"}]'), (OLD, NEW), strict=True):
        side.put("results/smoke/claims.json", verdicts, "claims", code + "c")
    found = compared(sides)
    assert found.difference is None
    assert found.anew == {"claims"}
    assert (OLD + "c", NEW + "c") not in found.equal


def test_a_result_that_only_the_old_code_makes_is_a_difference(sides):
    sides[0].put("results/smoke/speedups.json", "{}", "speedups", OLD)
    assert compared(sides).difference == "results/smoke/speedups.json: only the old code makes it"


def test_a_further_file_of_a_known_job_is_a_difference(sides):
    path = RUN.format("11111111") + "/more.csv"
    sides[1].put(path, "", "trpo", NEW)
    assert compared(sides).difference == f"{path}: only the new code makes it"


def test_a_new_job_is_told_and_no_difference(sides):
    for path in ("results/smoke/tables/figure_9.csv", "results/smoke/figures/figure_9.svg"):
        sides[1].put(path, "", "figure_9", NEW)
    found = compared(sides)
    assert found.difference is None
    assert found.added == {"figure_9": 1}
    assert "new: 1 jobs of figure_9" in found.remarks()


def test_partners_differ_in_the_digest_of_settings_only_and_are_unmistakable():
    a, b, c, d = (CURVE.format(8 * digit) for digit in "0123")
    assert partners([a], [a, b]) == {a: a}
    assert partners([a], [b]) == {a: b}
    # Not the one that has a partner of its own.
    assert partners([a, c], [a, d]) == {a: a, c: d}
    assert partners([a, b], [c, d]) == {a: None, b: None}
    assert partners([a], [c, d]) == {a: None}
    assert partners([a], [b.replace("ant", "hopper")]) == {a: None}

"""Folders that git ignores, by name in two places."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
# No job reads a file of these.
OF_NO_JOB = {"logs", "benchmarks", "report"}


def test_the_workflow_knows_which_folders_of_results_a_clone_lacks():
    lines = (ROOT / ".gitignore").read_text().splitlines()
    ignored = {found[1] for line in lines if (found := re.fullmatch(r"/results/\*/(.+)/", line))}
    rules = (ROOT / "workflow/rules/inputs.smk").read_text()
    (known,) = re.findall(r"^IGNORED = tuple\(.*?for part in \((.*?)\)", rules, re.M | re.S)
    assert set(re.findall(r'"(.+?)"', known)) == ignored - OF_NO_JOB

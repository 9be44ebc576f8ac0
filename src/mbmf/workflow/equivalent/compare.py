"""What two copies of the workflow made, compared file by file.

Data, models, curves and tables must all be the same. What follows from them in seconds may differ:
pictures (figures and clips), and verdicts, for the claims may be others. Then the code that makes
them is not called equal, and they are made anew.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mbmf.storage.finished_runs import read_provenance
from mbmf.workflow.equivalent.differences import difference
from mbmf.workflow.snakemake_records import Record, read_records

PROVENANCE = "provenance.json"
MADE_ANEW = ("figures", "gaits", "clips", "claims.json")
# Executed notebooks hold times; pages are made of what is compared itself.
NOT_COMPARED = ("notebooks", "report")
# Records of what was asked name the code, which differs.
RECORDS = "made"
_SETTINGS = re.compile(r"settings~[0-9a-f]{8}")
_AGENT = re.compile(r"agent~([A-Za-z0-9_]+)")


@dataclass
class Evidence:
    """What was compared between two digests of code: rules, agents, and the number of files."""

    rules: set[str] = field(default_factory=set)
    agents: set[str] = field(default_factory=set)
    files: int = 0

    def add(self, rule: str, path: str) -> None:
        """One more file, of a rule."""
        self.rules.add(rule)
        self.agents.update(_AGENT.findall(path))
        self.files += 1


@dataclass
class Comparison:
    """Of two copies.

    Attributes:
        equal: evidence by (old digest, new digest), for digests that differ.
        files: number of files that were compared.
        added: rules of jobs that only the new code has, with the number of jobs.
        anew: rules whose pictures or verdicts differ.
        difference: the first file that differs and where, in the order in which the old code made
            them; None if all results are the same.
    """

    equal: dict[tuple[str, str], Evidence] = field(default_factory=dict)
    files: int = 0
    added: dict[str, int] = field(default_factory=dict)
    anew: set[str] = field(default_factory=set)
    difference: str | None = None

    def differs(self, path: str, what: str) -> None:
        """Take down that a file differs, if it is the first."""
        self.difference = self.difference or f"{path}: {what}"

    def remarks(self) -> list[str]:
        """Lines on what was found, beside the difference."""
        lines = [f"new: {count} jobs of {rule}" for rule, count in self.added.items()]
        lines += [
            f"{rule}: other pictures or verdicts, to be made anew" for rule in sorted(self.anew)
        ]
        if self.difference:
            return [*lines, "nothing recorded; both copies stay in .snakemake/equivalent"]
        pairs = len(self.equal)
        return [*lines, f"all results are the same; {pairs} changed digests of code are equal"]


def compare(old: Path, new: Path) -> Comparison:
    """Compare what Snakemake made in two folders, by its records of them.

    Args:
        old: folder of the older code's workflow.
        new: of the newer one's.
    """
    before, after = _results(old), _results(new)
    found = partners(before, after)
    comparison = Comparison()
    evidence: dict[tuple[str, str], Evidence] = defaultdict(Evidence)
    unequal: set[tuple[str, str]] = set()
    for path in sorted(before, key=lambda path: (before[path].finished, path)):
        partner, rule, part = found[path], before[path].rule, _part(path)
        if part in NOT_COMPARED:
            continue
        if partner is None:
            comparison.differs(path, "only the old code makes it")
        elif not path.endswith(PROVENANCE):
            pair = (_code(old, path, before), _code(new, partner, after))
            evidence[pair].add(rule, path)
            comparison.files += 1
            what = difference(old / path, new / partner)
            if what and part in MADE_ANEW:
                unequal.add(pair)
                comparison.anew.add(rule)
            elif what:
                comparison.differs(path, what)
    _look_at_added(after, found, comparison)
    comparison.equal = {
        pair: one
        for pair, one in sorted(evidence.items())
        if pair not in unequal and all(pair) and pair[0] != pair[1]
    }
    return comparison


def _results(folder: Path) -> dict[str, Record]:
    """Snakemake's records of what was made in a folder, but of our own records."""
    return {path: one for path, one in read_records(folder).items() if _part(path) != RECORDS}


def partners(old: Iterable[str], new: Iterable[str]) -> dict[str, str | None]:
    """The new code's path of each of the old code's files; None if there is none.

    It is the same path; else that which differs only in the digest of settings, if there is one
    such on each side: a setting that is new, or that has become a default, changes this digest and
    not what is done.
    """
    there, here = set(old), set(new)
    left, right = _by_rest(there - here), _by_rest(here - there)
    found: dict[str, str | None] = {path: path for path in there & here}
    for rest, paths in left.items():
        candidates = right.get(rest, [])
        one = len(paths) == len(candidates) == 1
        found.update(dict.fromkeys(paths, candidates[0] if one else None))
    return found


def _by_rest(paths: Iterable[str]) -> dict[str, list[str]]:
    """Paths by what is left of them without the digest of settings."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        found[_SETTINGS.sub("", path)].append(path)
    return found


def _look_at_added(
    after: dict[str, Record], found: dict[str, str | None], comparison: Comparison
) -> None:
    """A whole job may be new; a further file of a job that the old code has is a difference."""
    partnered = {partner for partner in found.values() if partner}
    known = {after[partner].job for partner in partnered}
    added = {path: after[path] for path in after.keys() - partnered}
    for path in sorted(added):
        if added[path].job in known:
            comparison.differs(path, "only the new code makes it")
    jobs = {record.job: record.rule for record in added.values() if record.job not in known}
    rules = sorted(jobs.values())
    comparison.added = {rule: rules.count(rule) for rule in rules}


def _part(path: str) -> str:
    """Below results/<scale>: data, models, runs, tables, figures, ..."""
    return PurePosixPath(path).parts[2]


def _code(folder: Path, path: str, records: dict[str, Record]) -> str:
    """Digest of the code that made a file: by the run's provenance, else by Snakemake's record."""
    record = records[path]
    for output, other in records.items():
        if other.job == record.job and output.endswith(f"/{PROVENANCE}"):
            return str(read_provenance((folder / output).parent).get("code") or "")
    return record.code or ""

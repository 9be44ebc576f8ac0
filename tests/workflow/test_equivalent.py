"""`mbmf equivalent`: a change that leaves all results as they are leaves finished runs alone."""

import json
import re
import shutil

import pytest

from mbmf.storage.equal_code import read_equal_code

pytestmark = [pytest.mark.workflow, pytest.mark.long, pytest.mark.xdist_group("tiny")]

DYNAMICS = "src/mbmf/method/dynamics.py"
RECORD = "results/equal_code.jsonl"


def changed(undisturbed, folder, rename):
    """A copy of the finished tiny scale with a changed commit on top."""
    shutil.copytree(undisturbed.folder, folder, symlinks=True)
    clone = type(undisturbed)(folder)
    path = folder / DYNAMICS
    text = path.read_text()
    new = rename(text)
    assert new != text
    path.write_text(new)
    # Not what DVC has written in the tree.
    clone.git("commit", "-qm", "change", "--", "src")
    return clone


def in_add_noise(old, new):
    """Replace words in the body of `add_noise`, which draws the noise on training data."""

    def rename(text):
        start = text.index("\ndef add_noise(")
        end = text.index("\n\n\n", start)
        return text[:start] + re.sub(old, new, text[start:end]) + text[end:]

    return rename


def planned(clone):
    done = clone.snakemake("--dry-run")
    assert done.returncode == 0, done.stdout[-3000:]
    return "Nothing to be done" not in done.stdout


def compare(clone, *options):
    return clone.run("mbmf", "equivalent", "--since", "HEAD~1", *options, timeout=1800)


def test_a_renamed_variable_makes_nothing_anew(undisturbed, tmp_path):
    clone = changed(undisturbed, tmp_path / "mbmf", in_add_noise(r"\bnoise\b", "drawn"))
    assert planned(clone)
    before = clone.files("results/**/*")
    done = compare(clone)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "all results are the same" in done.stdout
    entries = read_equal_code(clone.folder / RECORD)
    rules = {rule for entry in entries for rule in entry["rules"]}
    assert {"model_based", "imitation", "trpo", "divergence"} <= rules
    assert "dyna_tables" not in rules
    assert all(entry["files"] > 0 for entry in entries)
    agents = {agent for entry in entries for agent in entry["agents"]}
    # The others at full size only.
    assert agents == {"swimmer", "half_cheetah", "hopper", "ant"}
    now = clone.files("results/**/*")
    now.pop(RECORD)
    assert now == before
    assert not (clone.folder / ".snakemake/equivalent").exists()
    # The finished tree stands, for Snakemake and for `mbmf status`.
    assert not planned(clone)
    assert "old code" not in clone.run("mbmf", "status", "--scale", "smoke").stdout
    # A run made again by the newer code stays beside those of the older one.
    curve = next(path for path in before if "runs/model_based" in path and path.endswith(".csv"))
    (clone.folder / curve).unlink()
    again = clone.snakemake("--", curve)
    assert again.returncode == 0, again.stdout[-3000:]
    assert clone.files(curve) == {curve: before[curve]}
    provenance = f"{curve.rsplit('/', 1)[0]}/provenance.json"
    codes = [json.loads(text[provenance])["code"] for text in (before, clone.files(provenance))]
    assert codes[0] != codes[1]
    assert not planned(clone)
    # A damaged record is told in one line, and nothing is planned.
    (clone.folder / RECORD).write_text("<<<<<<< HEAD\n")
    refused = clone.snakemake("--dry-run")
    assert refused.returncode == 2
    assert "line 1 should be a record of equal code" in refused.stdout


def test_another_result_is_refused_by_file_and_nothing_is_recorded(undisturbed, tmp_path):
    clone = changed(undisturbed, tmp_path / "mbmf", in_add_noise(r"spread \*", "1.01 * spread *"))
    done = compare(clone, "--cores", "2")
    assert done.returncode == 1, done.stdout[-3000:]
    first = done.stdout.strip().splitlines()[-1]
    assert re.match(
        r"results/full_size/\S+/models\.safetensors: tensor 0\.\S+: element", first
    ) or (re.match(r"results/full_size/\S+/curve\.csv: column \S+, row 1: was", first))
    assert not (clone.folder / RECORD).exists()
    assert planned(clone)


def test_a_change_that_is_not_committed_is_refused(tiny):
    path = tiny.folder / DYNAMICS
    path.write_text(path.read_text() + "\nNEW = 1\n")
    done = compare(tiny)
    assert done.returncode == 2
    assert done.stdout.startswith(f"{DYNAMICS}: is not as committed")
    assert len(done.stdout.strip().splitlines()) == 1

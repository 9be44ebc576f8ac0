"""`mbmf status` and `mbmf prune` beside what Snakemake really does; hostile configurations."""

import json
import os
import random
import re
import shutil
import signal
import time
from base64 import urlsafe_b64encode
from collections import Counter

import pytest

from first_of import first_of

pytestmark = pytest.mark.workflow

STATES = """
import json
from pathlib import Path
from mbmf.workflow.dag import read_dag
from mbmf.workflow.job_states import FINISHED, read_calls, states
from mbmf.workflow.status import report
dag = read_dag(Path("results/smoke"), [Path("config/smoke.yaml")])
print(report(dag, 1))
found = states(dag, read_calls("smoke"))
print(json.dumps([[job.rule, job.wildcards.get("run", ""), state, state not in FINISHED]
                  for job, state in found.items()]))
"""


def look(clone):
    """What `mbmf status` prints, and (rule, run, state, whether it would run) of each job."""
    done = clone.run("python", "-c", STATES)
    assert done.returncode == 0, done.stdout
    return done.stdout, json.loads(done.stdout.splitlines()[-1])


def planned(clone):
    """Jobs of each rule that `snakemake -n` would run, and of each run; None where it refuses."""
    done = clone.snakemake("-n")
    if done.returncode:
        return None
    table = done.stdout.partition("Job stats:")[2].partition("total")[0]
    rules = Counter({rule: int(n) for rule, n in re.findall(r"^(\w+) +(\d+)$", table, re.M)})
    runs = Counter(re.findall(r"^Job \d+: .*: (agent~.*)$", done.stdout, re.M))
    return rules - Counter(["all"]), runs


def assert_agrees(clone):
    """`mbmf status` would run what `snakemake -n` would."""
    plan = planned(clone)
    if plan is None:
        status = clone.run("mbmf", "status", "--scale", "smoke")
        assert status.returncode == 2
        # In Snakemake's words, or naming the file of the configuration.
        assert re.match(r"(snakemake|config/\S+): ", status.stdout.splitlines()[-1])
        assert "Traceback" not in status.stdout
        return
    rules, runs = plan
    shown, jobs = look(clone)
    to_run = [(rule, run) for rule, run, _, would_run in jobs if would_run]
    assert Counter(rule for rule, _ in to_run) == rules
    assert Counter(run for _, run in to_run if run) == runs
    (line,) = (line for line in shown.splitlines() if line.startswith("all "))
    assert line.split()[1] == str(len(jobs))


@pytest.fixture
def copied(undisturbed, tmp_path):
    """A finished small tree that a test may do anything with."""
    shutil.copytree(undisturbed.folder, tmp_path / "mbmf", symlinks=True)
    return type(undisturbed)(tmp_path / "mbmf")


class Vandal:
    """Does one thing to a finished tree that happens to trees."""

    def __init__(self, clone, seed):
        self.clone, self.random = clone, random.Random(seed)

    def result(self):
        found = self.clone.files("results/smoke/[dgmnrt]*/**/*")
        return self.clone.folder / self.random.choice(sorted(found))

    def record(self):
        found = sorted(self.clone.folder.glob("results/smoke/made/**/*.json"))
        return self.random.choice(found)

    def lose_a_file(self):
        self.result().unlink()

    def lose_a_folder(self):
        parts = ["data", "made", "models", "runs", "divergence", "tables", "notebooks"]
        name = self.random.choice(parts)
        shutil.rmtree(self.clone.folder / "results/smoke" / name, ignore_errors=True)

    def lose_the_records(self):
        shutil.rmtree(self.clone.folder / ".snakemake")

    def touch_a_file(self):
        os.utime(self.result())

    def age_the_code_of_a_job(self):
        path = self.record()
        content = json.loads(path.read_text())
        content["code"][content["rule"]] = ["0" * 16]
        path.write_text(json.dumps(content))

    def damage_a_record(self):
        self.record().write_text(self.random.choice(["{}", "{", "[]", '{"code": 1}']))

    def damage_a_provenance(self):
        found = sorted(self.clone.folder.glob("results/smoke/runs/**/provenance.json"))
        self.random.choice(found).write_text("{")

    def change_a_setting(self):
        path = self.clone.folder / "config/smoke.yaml"
        before, after = self.random.choice(
            [("iterations: 6", "iterations: 7"), ("epochs: 2}", "epochs: 3}"),
             ("starts: 2", "starts: 3"), ("runs: 1", "runs: 2"), ("[0]", "[0, 1]")]
        )  # fmt: skip
        path.write_text(path.read_text().replace(before, after))

    def change_the_code(self):
        path = self.clone.folder / "src/mbmf" / self.random.choice(
            ["steps/trpo.py", "steps/model_based.py", "figures/figure_6.py", "storage/tables.py"]
        )  # fmt: skip
        path.write_text(path.read_text() + "\nADDED = 1\n")

    def stop_a_job(self):
        name = self.result().relative_to(self.clone.folder).as_posix()
        record = urlsafe_b64encode(name.encode()).decode()
        pieces = [record[at : at + 254] for at in range(0, len(record), 254)]
        path = self.clone.folder / ".snakemake/incomplete"
        path = path.joinpath(*(f"@{piece}" for piece in pieces[:-1]), pieces[-1])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")

    def act(self):
        """One of the above, by chance."""
        deeds = [name for name in vars(Vandal) if "_a_" in name or "_the_" in name]
        deed = self.random.choice(sorted(deeds))
        getattr(self, deed)()
        return deed


@pytest.mark.xdist_group("tiny")
@pytest.mark.parametrize("seed", first_of([2, 0, 1, 3, 4, 5]))
def test_status_agrees_with_snakemake_whatever_happened(copied, seed):
    vandal = Vandal(copied, seed)
    for _ in range(1 + seed % 3):
        print(vandal.act())
    assert_agrees(copied)


def test_status_agrees_with_snakemake_in_a_fresh_clone(tiny):
    assert_agrees(tiny)
    assert {state for _, _, state, _ in look(tiny)[1]} == {"missing"}


def test_status_refuses_what_snakemake_cannot_plan(tiny):
    (tiny.folder / "config/claims.yaml").unlink()
    assert planned(tiny) is None
    assert_agrees(tiny)


@pytest.mark.xdist_group("tiny")
def test_runs_of_older_code_are_told_and_made_anew_with_all_that_rests_on_them(copied):
    step = copied.folder / "src/mbmf/steps/imitation.py"
    step.write_text(step.read_text() + "\nADDED = 1\n")
    shutil.rmtree(copied.folder / ".snakemake")
    assert_agrees(copied)
    old = {rule for rule, _, state, _ in look(copied)[1] if state == "old code"}
    assert old == {
        "imitation", "trpo", "figure_7_table", "speedups", "figure_7", "gait", "claims",
        "claims_figure",
    }  # fmt: skip
    assert f"{len(old)} made by older code" in look(copied)[0]


def states_of(clone, rule):
    return [state for found, _, state, _ in look(clone)[1] if found == rule]


def wait_until_running(clone, process):
    """Wait for a checkpoint of the run that was added."""
    checkpoints = "results/smoke/runs/trpo/*/start~random/*/*/checkpoint.safetensors"
    before = len(list(clone.folder.glob(checkpoints)))
    while len(list(clone.folder.glob(checkpoints))) == before:
        assert process.poll() is None
        time.sleep(0.2)


@pytest.mark.xdist_group("tiny")
@pytest.mark.parametrize("number", first_of([signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
def test_a_run_is_seen_to_run_and_to_be_stopped(copied, number):
    overlay = copied.folder / "config/smoke.yaml"
    overlay.write_text(overlay.read_text().replace("iterations: 12", "iterations: 100000"))
    # A shell starts what it runs in the background with SIGINT ignored, tests too.
    call = ["env", "--default-signal=INT", "snakemake", "--cores", "1"]
    process = copied.start(*call, "--configfile", "config/smoke.yaml")
    try:
        wait_until_running(copied, process)
        assert "running" in states_of(copied, "trpo")
        shown = copied.run("mbmf", "status", "--scale", "smoke").stdout
        assert re.search(r"^running:\n  trpo/.*start~random.*: 0%, .* left$", shown, re.M), shown
    finally:
        process.send_signal(number)
        process.wait(60)
    assert sorted(states_of(copied, "trpo")) == ["done", "stopped"]
    assert_agrees(copied)


@pytest.mark.xdist_group("tiny")
def test_a_run_that_failed_is_shown_with_its_reason(copied):
    step = copied.folder / "src/mbmf/steps/trpo.py"
    text = step.read_text()
    step.write_text(
        text.replace(
            "    while progress.", "    raise InputError('made up')\n    while progress.", 1
        )
    )
    assert step.read_text() != text
    # Else Snakemake would not ask for the runs again: their table stands.
    (copied.folder / "results/smoke/tables/figure_7.csv").unlink()
    assert copied.snakemake("--keep-going").returncode != 0
    assert states_of(copied, "trpo") == ["failed", "failed"]
    shown = copied.run("mbmf", "status", "--scale", "smoke").stdout
    assert "    made up\n" in shown.partition("failed:\n")[2]
    assert_agrees(copied)


@pytest.mark.xdist_group("finished")
def test_all_is_done_and_nothing_to_prune(finished):
    status = finished.run("mbmf", "status", "--scale", "smoke")
    assert status.returncode == 0, status.stdout
    (line,) = (line for line in status.stdout.splitlines() if line.startswith("all "))
    name, jobs, done, *left = line.split()
    assert (name, done, left) == ("all", jobs, ["0", "s"])
    assert "old code" not in status.stdout
    logs = finished.files("results/smoke/logs/**/*")
    assert int(jobs) == len([path for path in logs if "/logs/report/" not in path])
    prune = finished.run("mbmf", "prune", "--scale", "smoke")
    assert (prune.returncode, prune.stdout) == (0, "")


@pytest.mark.xdist_group("finished")
def test_time_is_known_from_what_was_measured_at_another_scale(finished):
    status = finished.run("mbmf", "status", "--scale", "paper", "--cores", "1")
    assert status.returncode == 0, status.stdout
    assert "unknown" not in status.stdout


def test_prune_removes_what_another_seed_left(clone):
    kept = "models/trpo/agent~ant/start~random/settings~0/seed~0/policy.safetensors"
    left = [f"results/smoke/{kept}", "results/smoke/logs/trpo/agent~ant/seed~0.log"]
    beside = ["results/smoke/tables/figure_6.csv", "results/quick/runs/trpo/seed~0/curve.csv"]
    for path in (*left, *beside):
        (clone.folder / path).parent.mkdir(parents=True)
        (clone.folder / path).touch()
    named = clone.run("mbmf", "prune", "--scale", "smoke")
    assert named.returncode == 0, named.stdout
    assert [line.split()[0] for line in named.stdout.splitlines()] == [
        "results/smoke/logs/trpo/agent~ant",
        "results/smoke/models/trpo",
    ]
    assert clone.files("results/**/*").keys() == {*left, *beside}
    removed = clone.run("mbmf", "prune", "--scale", "smoke", "--delete")
    assert (removed.returncode, removed.stdout) == (0, named.stdout)
    assert clone.files("results/**/*").keys() == set(beside)


LAUGHS = "x0: &x0 [a, a, a, a, a, a, a, a, a]\n" + "".join(
    f"x{level}: &x{level} [{', '.join([f'*x{level - 1}'] * 9)}]\n" for level in range(1, 10)
)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("scale: ../../etc", "wrong.yaml: scale: String should match pattern"),
        ("scale: '$(touch hacked)'", "wrong.yaml: scale: String should match pattern"),
        (f"seeds: {list(range(10_000))}", "wrong.yaml: seeds: List should have at most 1000"),
        (LAUGHS, "wrong.yaml: x0: unknown key"),
        ("dyna: {discount: .nan}", "wrong.yaml: dyna.discount: Input should be"),
    ],
    ids=["path", "command", "many seeds", "laughs", "nan"],
)
def test_hostile_configuration_through_snakemake(clone, content, line):
    (clone.folder / "wrong.yaml").write_text(content)
    before = clone.files("[!.]*/**/*").keys()
    done = clone.run("snakemake", "-n", "-q", "--cores", "1", "--configfile", "wrong.yaml")
    assert done.returncode == 2
    assert line in done.stdout
    assert "Traceback" not in done.stdout
    written = {path for path in clone.files("[!.]*/**/*") if "__pycache__" not in path}
    assert written <= set(before)

"""`mbmf status` and `mbmf prune` beside what Snakemake really did; hostile configurations."""

import pytest

pytestmark = pytest.mark.workflow

JOBS = """
from mbmf.workflow.jobs import jobs_of, with_all_before
from mbmf.workflow.overlays import configuration_of, overlays_of
for job in with_all_before(jobs_of(configuration_of(overlays_of("smoke", []))).values()):
    print(job.rule, "results/smoke/" + job.log, "results/smoke/" + job.benchmark,
          "results/smoke/" + job.output, sep="|")
"""


@pytest.fixture
def jobs(finished):
    """(rule, log, benchmark, output) of each job that status knows."""
    done = finished.run("python", "-c", JOBS)
    assert done.returncode == 0, done.stdout
    return [line.split("|") for line in done.stdout.splitlines()]


@pytest.mark.xdist_group("finished")
def test_status_knows_each_job_by_its_files(finished, jobs):
    records = {
        path for path in finished.files("results/smoke/logs/**/*") if "/logs/report/" not in path
    }
    assert {log for _, log, _, _ in jobs} == records
    for _, _, benchmark, output in jobs:
        assert (finished.folder / benchmark).is_file()
        assert (finished.folder / output).is_file()


@pytest.mark.xdist_group("finished")
def test_all_is_done_and_nothing_to_prune(finished, jobs):
    status = finished.run("mbmf", "status", "--scale", "smoke")
    assert status.returncode == 0, status.stdout
    (line,) = (line for line in status.stdout.splitlines() if line.startswith("all "))
    assert line.split() == ["all", str(len(jobs)), str(len(jobs)), "0", "s"]
    assert "old code" not in status.stdout
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

"""What is read off the graph of jobs. That it is Snakemake's, tests/workflow shows."""

from hypothesis import given
from hypothesis import strategies as st

from mbmf.workflow.dag import Dag, Job

RESULTS = "results/smoke"
GRAPHS = st.lists(st.sets(st.integers(0, 20), max_size=3), min_size=1, max_size=9)


def made(name, after):
    return Job("r", name, {}, {}, (), None, None, tuple(after))


@given(GRAPHS)
def test_ends_and_ancestors(drawn):
    jobs = []
    for index, before in enumerate(drawn):
        after = {jobs[number % index] for number in before} if index else set()
        jobs.append(made(str(index), after))
    dag = Dag(RESULTS, tuple(jobs))
    waited_for = {before.name for job in jobs for before in job.after}
    assert {job.name for job in dag.ends} == {job.name for job in jobs} - waited_for
    for job in jobs:
        found = dag.with_all_before(job)
        assert found[-1] is job
        assert found == sorted(found, key=jobs.index)
        reached = {job, *(one for before in job.after for one in dag.with_all_before(before))}
        assert set(found) == reached
    assert {one for end in dag.ends for one in dag.with_all_before(end)} == set(jobs)


def test_agent_folder_and_kind(job):
    run = job("trpo/agent~ant/seed~0", agent="ant", run=True)
    assert (run.kind, run.agent, str(run.folder)) == (
        "trpo", "ant", "results/smoke/runs/trpo/agent~ant/seed~0"
    )  # fmt: skip
    data = Job("random_data", "random_data/ant/1", {"agent": "ant"}, {}, (), None, None)
    assert (data.agent, data.folder) == ("ant", None)
    assert job("figure_6").agent == ""

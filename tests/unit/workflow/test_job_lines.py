"""What is printed of Snakemake's records: one line for each job that has finished."""

import io
import logging

import pytest
from snakemake.logging import ColorizingTextHandler, DefaultFormatter
from snakemake_interface_logger_plugins.common import LogEvent

from mbmf.workflow.job_lines import STREAM, print_one_line_a_job

RUN = "swimmer seed 0: iteration 3/3, 1240 steps, return -0.72, 0 s left"


@pytest.fixture
def logger():
    """A logger as Snakemake makes it, its stream, and the stream of a second handler, a file's."""
    made, printed, kept = logging.Logger("jobs"), io.StringIO(), io.StringIO()
    handler = ColorizingTextHandler(nocolor=True, stream=printed)
    handler.name = STREAM
    other = logging.StreamHandler(kept)
    for one in (handler, other):
        one.setFormatter(DefaultFormatter())
        made.addHandler(one)
    print_one_line_a_job(made)
    return made, printed, kept


def run(logger, number, message, log, total=2):
    """A job from its start to its end, as Snakemake's scheduler tells it."""
    logger.info("Select jobs to execute...")
    logger.info("Execute 1 jobs...", extra={"event": LogEvent.JOB_STARTED, "jobs": [number]})
    logger.info(
        "job",
        extra={
            "event": LogEvent.JOB_INFO, "jobid": number, "rule_msg": message, "rule_name": "trpo",
            "log": [str(log)], "reason": "Missing output files: a",
        },
    )  # fmt: skip
    finished = {"event": LogEvent.JOB_FINISHED, "job_id": number}
    logger.info(f"Finished jobid: {number} (Rule: trpo)", extra=finished)
    logger.info("", extra={"event": LogEvent.PROGRESS, "done": number, "total": total})


def test_a_run_is_told_with_the_return_that_it_printed_last(logger, tmp_path):
    made, printed, kept = logger
    (tmp_path / "run.log").write_text(f"starts\n{RUN}\n\n")
    (tmp_path / "figure.log").write_text("The kernel says something.\n")
    run(made, 1, "TRPO: agent~swimmer/seed~0", tmp_path / "run.log")
    run(made, 2, "Figure 7: Mb, Mf and Mb-Mf", tmp_path / "figure.log")
    assert printed.getvalue().split("\n") == [
        f"1 of 2: TRPO: {RUN}", "2 of 2: Figure 7: Mb, Mf and Mb-Mf", ""
    ]  # fmt: skip
    # Snakemake's own log keeps all that it says.
    assert "Reason: Missing output files: a" in kept.getvalue()
    assert "Finished jobid: 2" in kept.getvalue()


def test_a_job_without_a_log_and_other_records_are_told_as_usual(logger, tmp_path):
    made, printed, _ = logger
    run(made, 1, "Gait: ant", tmp_path / "none.log")
    made.info("Nothing to be done.")
    assert printed.getvalue() == "1 of 2: Gait: ant\nNothing to be done.\n"

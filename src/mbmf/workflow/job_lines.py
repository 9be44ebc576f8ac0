"""What Snakemake prints of a job: one line when it has finished, a run's with its return.

Snakemake prints several lines when a job starts, with all its reasons, and several when it ends.
They stay in its own log in `.snakemake/log`, and in a dry run.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent

STREAM = "DefaultStreamHandler"  # Snakemake's name of the handler that prints


def print_one_line_a_job(logger: logging.Logger) -> None:
    """Make a logger of Snakemake's print one line for each finished job.

    Args:
        logger: `snakemake.logging.logger`, once a call has begun.
    """
    for handler in logger.handlers:
        if handler.name == STREAM and handler.formatter:
            lines = _JobLines(handler.formatter)
            handler.addFilter(lines.shown)
            handler.setFormatter(lines)


class _JobLines(logging.Formatter):
    """Leaves out what is told of a job before it has finished."""

    def __init__(self, usual: logging.Formatter) -> None:
        super().__init__()
        self.usual = usual
        self.words: dict[int, str] = {}
        self.logs: dict[int, list[str]] = {}
        self.finished: int | None = None

    def shown(self, record: logging.LogRecord) -> bool:
        """Whether a record is printed. What is not is kept for the job's line."""
        told: dict[str, Any] = vars(record)
        event = told.get("event")
        if event == LogEvent.JOB_INFO:
            self.words[told["jobid"]] = told["rule_msg"] or told["rule_name"]
            self.logs[told["jobid"]] = list(told["log"] or [])
        elif event == LogEvent.JOB_FINISHED:
            self.finished = told["job_id"]
        return (
            event
            not in (
                LogEvent.JOB_INFO,
                LogEvent.JOB_STARTED,
                LogEvent.JOB_FINISHED,
            )
            and record.getMessage() != "Select jobs to execute..."
        )

    def format(self, record: logging.LogRecord) -> str:
        """The line of a job that has finished; any other record as usual."""
        told: dict[str, Any] = vars(record)
        if told.get("event") != LogEvent.PROGRESS or self.finished is None:
            return self.usual.format(record)
        number, self.finished = self.finished, None
        words, logs = self.words.pop(number, ""), self.logs.pop(number, [])
        return f"{told['done']} of {told['total']}: {outcome(words, logs)}"


def outcome(words: str, logs: list[str]) -> str:
    """A job in words, and the last line that it printed if that tells a return.

    Args:
        words: the rule's message about the job.
        logs: paths of the job's logs.
    """
    last = last_line(Path(logs[0])) if logs else ""
    return f"{words.partition(':')[0]}: {last}" if " return " in last else words


def last_line(log: Path) -> str:
    """The last line of a log; empty if there is none."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")

"""Figures 8.2, 8.4 and 8.5 of Sutton and Barto: tabular Dyna-Q. The section's name is `dyna`."""

from __future__ import annotations

from pathlib import Path

from mbmf.dyna.settings import DynaSettings
from mbmf.experiments.experiment import Drawing, Experiment, Tables


class Dyna(Experiment[DynaSettings]):
    """All runs of all curves, in one job that takes seconds."""

    Section = DynaSettings
    subject = "Dyna-Q"

    @property
    def heading(self) -> str:
        """The book's figures for the section `dyna`; another section has its own heading."""
        return "Figures 8.2, 8.4 and 8.5" if self.name == "dyna" else super().heading

    def tables(self) -> list[Tables]:
        """Steps of each episode, and cumulative rewards."""
        return [
            Tables(
                f"{self.name}_tables",
                {
                    "episodes": f"tables/{self.name}_episodes.csv",
                    "rewards": f"tables/{self.name}_rewards.parquet",
                    "provenance": f"runs/{self.name}/provenance.json",
                },
                {},
                "mbmf dyna --settings {settings:q} --episodes {output.episodes:q}"
                " --rewards {output.rewards:q} --provenance {output.provenance:q}",
                ["mbmf.steps.dyna"],
                self.section.model_dump_json(),
            )
        ]

    def drawing(self) -> Drawing:
        """A figure for each maze."""
        return Drawing(
            {
                "episodes": f"tables/{self.name}_episodes.csv",
                "rewards": f"tables/{self.name}_rewards.parquet",
            },
            {f"{self._stem}_{number}": "figure_8" for number in (2, 4, 5)},
            ["mbmf.figures.figure_8"],
            Path("workflow/notebooks/dyna.ipynb"),
            parameters={"name": self._stem},
        )

    def shown_in(self) -> dict[str, str]:
        """Two figures show the rewards. A claim's statistic names one of them."""
        return {
            f"{self.name}_episodes": f"{self._stem}_2",
            f"{self.name}_rewards": f"{self._stem}_{{number}}",
        }

    @property
    def _stem(self) -> str:
        return "figure_8" if self.name == "dyna" else self.name


EXPERIMENT = Dyna

"""An experiment of one's own: the return of Algorithm 1 against the steps that it has learned from.

An overlay names it:

    figures: {learning_curve: {experiment: examples/figure.py, agents: [swimmer]}}
"""

import matplotlib.pyplot as plt
import seaborn as sns

from mbmf.experiments.experiment import AgentNames, Experiment, FigureSection
from mbmf.figures.style import sample, use_style


class LearningCurveSection(FigureSection):
    """What the overlay says of it."""

    agents: AgentNames


class LearningCurve(Experiment[LearningCurveSection]):
    """Each agent's own settings, each seed."""

    Section = LearningCurveSection
    subject = "return of Algorithm 1"

    def curves(self):
        """The runs that it shows; one that another figure shows is not made again."""
        return [
            self.model_based(agent, seed) for agent in self.section.agents for seed in self.seeds
        ]

    @staticmethod
    def draw(table, heading, scale):
        """A line for each agent."""
        use_style()
        figure, axes = plt.subplots()
        sns.lineplot(table, x="env_steps", y="return", hue="agent", ax=axes)
        figure.suptitle(f"{heading} ({sample(scale, table['seed'].nunique())})")
        return figure


EXPERIMENT = LearningCurve

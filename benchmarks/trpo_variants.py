"""`make trpo-variants`: what the speed of model-free learning on the swimmer depends on.

Runs Mf with one choice changed at a time, and writes trpo_variants.csv beside this file and
docs/figures/trpo_variants.png. Arguments: seeds and iterations of 50,000 steps, both optional; or
`products`, to print only how wrong rllab's Fisher-vector products are.
"""

import copy
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from mbmf.agents import get_agent
from mbmf.analysis.speedups import steps_to_hold
from mbmf.base.random_streams import Purpose, integer_seeds, torch_stream
from mbmf.figures.style import use_style
from mbmf.method import trpo
from mbmf.method.advantages import LinearBaseline, advantages_and_returns
from mbmf.method.fast.fisher import fisher_vector_product
from mbmf.method.policy import (
    GaussianPolicy,
    PolicySettings,
    kl_divergence,
    log_probability,
    observed_elements,
)
from mbmf.method.sampling import Batch, sample
from mbmf.method.trpo import TrpoProgress, TrpoSettings
from mbmf.steps.policy_files import new_policy
from mbmf.workflow.configuration import load_configuration

HERE = Path(__file__).parent
CONFIG = HERE.parent / "config"
LEVELS = (10, 20)
SWIMMER = get_agent("swimmer")
ORTHOGONAL = "sb3-contrib's initial weights"


def finite_differences(
    policy: GaussianPolicy, observations: Tensor, damping: float
) -> Callable[[Tensor], Tensor]:
    """rllab's Fisher-vector products: symmetric differences of the gradient of the KL.

    Its step is 1e-5 over the length of the parameters, whatever the vector's length. With policies
    of length 10 and gradients of length 0.2 the parameters then move by 2e-7 in all, which single
    precision hardly resolves; see `product_errors`. rllab computes in the precision that Theano is
    set to: double by default, single in rllab's Docker images. The authors' code sets none.
    """
    with torch.no_grad():
        old_means, old_log_std = policy(observations), policy.log_std.clone()
    start = parameters_to_vector(policy.parameters()).detach()
    step = 1e-5 / (start.norm() + 1e-8)

    def gradient(vector: Tensor) -> Tensor:
        vector_to_parameters(vector, policy.parameters())
        divergence = kl_divergence(old_means, old_log_std, policy(observations), policy.log_std)
        parts = torch.autograd.grad(divergence.mean(), list(policy.parameters()))
        return parameters_to_vector(parts).detach()

    def product(vector: Tensor) -> Tensor:
        change = gradient(start + step * vector) - gradient(start - step * vector)
        vector_to_parameters(start, policy.parameters())
        return change / (2 * step) + damping * vector

    return product


def product_errors(seed: int = 0) -> pd.DataFrame:
    """Error of rllab's products on the first batch of the swimmer, relative to the exact ones.

    Rows: the vectors that conjugate gradient begins and ends with (the surrogate's gradient, the
    natural gradient), and a random one of length 1. Columns: precision.
    """
    own = load_configuration([CONFIG / "agents.yaml", CONFIG / "config.yaml"]).agents["swimmer"]
    settings = own.model_free
    policy = new_policy(
        SWIMMER, own.policy, settings.initial_std, torch_stream(seed, Purpose.POLICY)
    )
    env, elements = trpo.make_env(SWIMMER, settings), observed_elements(SWIMMER, own.policy)
    env.reset(seed=integer_seeds(seed, Purpose.TRPO_RESET, 0, count=settings.bodies))
    noise = torch_stream(seed, Purpose.TRPO_ACTIONS, 0)
    batch = sample(policy, env, elements, settings.batch_size // settings.bodies, noise)
    env.close()
    advantages, _ = advantages_and_returns(
        batch, LinearBaseline(), settings.discount, settings.gae_lambda
    )
    policy = policy.double()
    observations = torch.from_numpy(batch.observations).flatten(0, 1).double()
    actions = torch.from_numpy(batch.actions).flatten(0, 1).double()
    weights = torch.from_numpy((advantages - advantages.mean()) / advantages.std()).flatten()
    # At the policy itself the surrogate's gradient is that of the weighted log probability.
    surrogate = (log_probability(actions, policy(observations), policy.log_std) * weights).mean()
    gradient = parameters_to_vector(torch.autograd.grad(surrogate, list(policy.parameters())))
    exact = fisher_vector_product(policy, observations, settings.damping)
    random = torch.randn(len(gradient), generator=torch.Generator().manual_seed(seed)).double()
    steps = settings.conjugate_gradient_steps
    vectors = {
        "gradient": gradient,
        "natural gradient": trpo.conjugate_gradient(exact, gradient, steps),
        "random, length 1": random / random.norm(),
    }
    errors: dict[str, dict[str, float]] = {}
    for precision in (torch.float32, torch.float64):
        product = finite_differences(
            copy.deepcopy(policy).to(precision), observations.to(precision), settings.damping
        )
        errors[str(precision).removeprefix("torch.")] = {
            name: float((product(vector.to(precision)) - exact(vector)).norm())
            / float(exact(vector).norm())
            for name, vector in vectors.items()
        }
    return pd.DataFrame(errors)


def without_bootstrap(batch: Batch, *arguments: Any) -> Any:
    """rllab's estimates: nothing is worth anything after a time-out."""
    ended = Batch(
        **{
            **batch.__dict__,
            "terminated": batch.terminated | batch.truncated,
            "truncated": np.zeros_like(batch.truncated),
        }
    )
    return ESTIMATES(ended, *arguments)


def orthogonal(policy: GaussianPolicy) -> None:
    """sb3-contrib's initial weights: orthogonal, nearly zero in the last layer."""
    layers = [part for part in policy.mean if isinstance(part, torch.nn.Linear)]
    for layer in layers:
        torch.nn.init.orthogonal_(layer.weight, 0.01 if layer is layers[-1] else 2**0.5)


ESTIMATES = advantages_and_returns
# name: changes of TRPO's settings, of the policy's, functions replaced in `mbmf.method.trpo`
VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "the paper's settings": ({}, {}, {}),
    "rllab's Fisher products (float32)": ({}, {}, {"fisher_vector_product": finite_differences}),
    "time-outs end the return (rllab)": ({}, {}, {"advantages_and_returns": without_bootstrap}),
    "λ = 0.95": ({"gae_lambda": 0.95}, {}, {}),
    "no absolute position observed": ({}, {"absolute_position": False}, {}),
    "initial std 0.5": ({"initial_std": 0.5}, {}, {}),
    ORTHOGONAL: ({}, {}, {}),
    "batch 25k": ({"batch_size": 25_000, "bodies": 25}, {}, {}),
    "KL 0.01": ({"kl": 0.01}, {}, {}),
    "KL 0.1": ({"kl": 0.1}, {}, {}),
}
# Of the figure: each has the first variant and three of the others, in order.
PANELS = ("Estimates", "Policy", "Size of an update")


def learn(name: str, seed: int, steps: int) -> pd.DataFrame:
    """One run of a variant, one thread."""
    torch.set_num_threads(1)
    own = load_configuration([CONFIG / "agents.yaml", CONFIG / "config.yaml"]).agents["swimmer"]
    changes, policy_changes, functions = VARIANTS[name]
    settings = TrpoSettings.model_validate(own.model_free.model_dump() | changes)
    shape = PolicySettings.model_validate(own.policy.model_dump() | policy_changes)
    for function, replacement in functions.items():
        setattr(trpo, function, replacement)
    policy = new_policy(SWIMMER, shape, settings.initial_std, torch_stream(seed, Purpose.POLICY))
    if name == ORTHOGONAL:
        torch.manual_seed(seed)
        orthogonal(policy)
    progress = TrpoProgress(policy, LinearBaseline(), [])
    env, elements = trpo.make_env(SWIMMER, settings), observed_elements(SWIMMER, shape)
    for _ in range(steps // settings.batch_size):
        trpo.iterate(progress, env, elements, settings, seed)
    return pd.DataFrame(progress.curve).assign(variant=name, seed=seed)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Of each variant's mean curve: thousands of steps to hold each level, and the last return."""
    rows = {}
    for name, runs in table.groupby("variant", sort=False):
        mean = runs.groupby("env_steps")["return"].mean()
        steps, returns = mean.index.to_numpy(float), mean.to_numpy()
        needed = [steps_to_hold(steps, returns, level) / 1000 for level in LEVELS]
        rows[name] = [
            *(f"{value:.0f}" if np.isfinite(value) else "not held" for value in needed),
            f"{returns[-1]:.1f} at {steps[-1] / 1000:.0f}k",
        ]
    names = [f"steps (thousands) to return {level}" for level in LEVELS]
    return pd.DataFrame.from_dict(rows, "index", columns=[*names, "last return"])


def figure(table: pd.DataFrame) -> None:
    """Three panels of variants, the paper's settings in each."""
    use_style()
    paper, *others = VARIANTS
    _, all_axes = plt.subplots(1, 3, figsize=(11.5, 4), sharey=True)
    table = table.assign(thousands=table["env_steps"] / 1000)
    for panel, (axes, title) in enumerate(zip(all_axes, PANELS, strict=True)):
        names = [paper, *others[3 * panel : 3 * panel + 3]]
        sns.lineplot(
            table[table["variant"].isin(names)],
            x="thousands",
            y="return",
            hue="variant",
            hue_order=names,
            style="variant",
            style_order=names,
            errorbar=("pi", 100),
            ax=axes,
        )
        axes.set(title=title, xlabel="environment steps learned from (thousands)")
        sns.move_legend(axes, "upper left", title=None)
    all_axes[0].set_ylabel("return of an episode")
    plt.suptitle(
        f"TRPO on the swimmer, one choice changed: mean and range, {table['seed'].nunique()} seeds"
    )
    (HERE.parent / "docs/figures").mkdir(exist_ok=True)
    plt.savefig(HERE.parent / "docs/figures/trpo_variants.png")


def main() -> None:
    """Run all variants, two at a time, each in a fresh process."""
    print(product_errors().to_markdown(floatfmt=".2g"))
    if sys.argv[1:] == ["products"]:
        return
    seeds, iterations = (int(a) for a in [*sys.argv[1:], *["2", "10"][len(sys.argv) - 1 :]])
    with ProcessPoolExecutor(2, max_tasks_per_child=1) as pool:
        runs = [
            pool.submit(learn, name, seed, iterations * 50_000)
            for seed in range(seeds)
            for name in VARIANTS
        ]
        table = pd.concat([run.result() for run in runs], ignore_index=True)
    table.to_csv(HERE / "trpo_variants.csv", index=False)
    figure(table)
    print(summary(table).to_markdown())


if __name__ == "__main__":
    main()

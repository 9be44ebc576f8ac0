"""The ensemble of probabilistic networks of PETS (Chua et al. 2018, sections 4 and 5).

Each network predicts a Gaussian: mean and variance of the change of state. Differences to the
authors' code (kchua/handful-of-trials): ReLU and no weight decay, as in the paper's own network, so
that a comparison with it is one of the ensemble alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from mbmf.base.errors import NonFiniteError
from mbmf.base.settings import PositiveInteger
from mbmf.method.fast.fused_layers import FusedLayers
from mbmf.method.models.base import DynamicsModel, DynamicsSettings

Propagation = Literal["E", "TS1", "TSinf"]

# Bounds of the log variance before training, and the weight of what draws them together: those of
# the authors' code (dmbrl/modeling/models/BNN.py).
HIGHEST_LOG_VARIANCE, LOWEST_LOG_VARIANCE = 0.5, -10.0
BOUND_WEIGHT = 0.01

# Noise for as many time steps is drawn at once, and used again after them: a CUDA graph cannot draw
# from a generator of ours, and to read numbers is faster than to draw them.
NOISE_STEPS = 64

# Distribution function of the Poisson distribution of mean 1, at 0, 1, ...
_POISSON = [sum(math.exp(-1) / math.factorial(k) for k in range(n + 1)) for n in range(8)]

# Shifts and factors of SplitMix64 (Steele et al. 2014), as signed numbers.
_MIXING = [(30, 0xBF58476D1CE4E5B9 - 2**64), (27, 0x94D049BB133111EB - 2**64)]


class EnsembleSettings(DynamicsSettings):
    """Networks, training and prediction."""

    hidden_layers: list[PositiveInteger] = Field(
        min_length=1, description="width of each hidden ReLU layer of each network"
    )
    networks: PositiveInteger = Field(default=5, description="B, number of networks")
    propagation: Propagation = Field(
        default="E",
        description="in planning: E, the mean of all networks; for planners with particles TSinf, "
        "each particle by a network of its own, or TS1, by another network at each step. Both draw "
        "from the network's Gaussian",
    )

    def products(self, state_dim: int, action_dim: int) -> float:
        """Multiplications in one prediction."""
        widths = [state_dim + action_dim, *self.hidden_layers, 2 * state_dim]
        one = float(sum(above * below for above, below in pairwise(widths)))
        return one * self.networks if self.propagation == "E" else one


class Model(DynamicsModel):
    """B networks, each trained on its own bootstrap of the data.

    Args:
        state_dim: S, elements of the state.
        action_dim: A, elements of the action.
        hidden_layers: width of each hidden layer.
        networks: B.
        propagation: of `for_planning`.
        generator: draws the initial weights (Xavier normal; biases start at zero), the bootstraps
            and the seed of the noise in planning. All of them are saved with the weights.
    """

    Settings = EnsembleSettings

    def __init__(
        self,
        state_dim: int,
        action_dim: int,
        hidden_layers: Sequence[int],
        networks: int = 5,
        propagation: Propagation = "E",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(state_dim, action_dim)
        self.networks, self.propagation = networks, propagation
        sizes = list(pairwise([state_dim + action_dim, *hidden_layers, 2 * state_dim]))
        self.weights = nn.ParameterList(torch.empty(networks, *size) for size in sizes)
        self.biases = nn.ParameterList(torch.zeros(networks, 1, out) for _, out in sizes)
        with torch.no_grad():
            for weight in self.weights:
                for one in weight:
                    nn.init.xavier_normal_(one, generator=generator)
        self.max_log_variance = nn.Parameter(torch.full((state_dim,), HIGHEST_LOG_VARIANCE))
        self.min_log_variance = nn.Parameter(torch.full((state_dim,), LOWEST_LOG_VARIANCE))
        shape = (networks, 1, state_dim + action_dim)
        keys = torch.randint(-(2**63), 2**63 - 1, shape, generator=generator)
        self.register_buffer("bootstrap_keys", keys)
        self.register_buffer("noise_seed", torch.randint(2**31, (), generator=generator))
        # Not a constant in `bootstrap`: a CUDA graph can copy none to the GPU.
        bounds = torch.tensor(_POISSON, dtype=torch.double)
        self.register_buffer("_poisson", bounds, persistent=False)
        self.bootstrap_keys: Tensor
        self.noise_seed: Tensor
        self._poisson: Tensor

    def gaussians(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance (B, N, S) of the normalised change of state by each network.

        Args:
            inputs: (N, S + A), normalised.
        """
        outputs = inputs.expand(self.networks, *inputs.shape)
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            outputs = torch.baddbmm(bias, outputs if layer == 0 else outputs.relu_(), weight)
        mean, log_variance = outputs.chunk(2, dim=-1)
        return mean, bounded(log_variance, self.min_log_variance, self.max_log_variance)

    def normalised_forward(self, inputs: Tensor) -> Tensor:
        """Mean over the networks (..., S) of their means, from normalised inputs (..., S + A)."""
        mean, _ = self.gaussians(inputs.reshape(-1, inputs.shape[-1]))
        return mean.mean(dim=0).view(*inputs.shape[:-1], self.state_dim)

    def loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Negative log likelihood of Gaussians, of each network on its own bootstrap.

        The sum over networks of the mean over the batch and the elements, without constants, and
        what draws the bounds of the variance together, as in the authors' code.

        Args:
            inputs: (N, S + A), normalised.
            targets: (N, S), normalised changes of state.
        """
        mean, log_variance = self.gaussians(inputs)
        errors = (mean - targets).square() * (-log_variance).exp() + log_variance
        likelihood = (self.bootstrap(inputs)[:, :, None] * errors).mean(dim=(1, 2)).sum()
        return likelihood + BOUND_WEIGHT * (self.max_log_variance - self.min_log_variance).sum()

    def bootstrap(self, inputs: Tensor) -> Tensor:
        """How many times (B, N) each network's bootstrap holds each transition.

        N draws with replacement hold a transition a number of times that is nearly Poisson of mean
        1. A network must find the same number in each minibatch and iteration, and a minibatch does
        not say which transitions it holds. So the number is a hash of the transition's bits, by
        keys of the network: Σ key · bits modulo 2^64, mixed as in the generator SplitMix64.

        Args:
            inputs: (N, S + A), normalised.
        """
        bits = inputs.detach().contiguous().view(torch.int32).long()
        hashed = (bits * self.bootstrap_keys).sum(dim=-1)
        for shift, factor in _MIXING:
            hashed = (hashed ^ (hashed >> shift)) * factor
        uniform = (hashed >> 32).double() / 2**32 + 0.5
        return torch.bucketize(uniform, self._poisson).to(inputs.dtype)

    def for_planning(self, rows: int) -> Callable[[Tensor], Tensor]:
        """Change of state as `propagation` says.

        With TS1 and TSinf each row is a particle, and B rows that follow each other are predicted
        by B different networks. So the particles of a sequence should follow each other.

        Args:
            rows: as of any model.

        Raises:
            NonFiniteError: a weight is NaN or infinite.
        """
        if not all(part.isfinite().all() for part in self.parameters()):
            raise NonFiniteError("the dynamics model has weights that are not finite")
        each = rows if self.propagation == "E" else math.ceil(rows / self.networks)
        networks = [FusedLayers(*self._folded(one), each) for one in range(self.networks)]
        if self.propagation == "E":
            return lambda inputs: sum_of(networks, inputs)[:, : self.state_dim] / self.networks
        return Particles(self, networks, each)

    @torch.no_grad()
    def _folded(self, network: int) -> tuple[list[Tensor], list[Tensor]]:
        """Weights and biases of a network from raw inputs to the raw mean and the log variance."""
        weights = [weight[network].t().clone() for weight in self.weights]
        biases = [bias[network, 0].clone() for bias in self.biases]
        weights[0] /= self.input_std
        biases[0] -= weights[0] @ self.input_mean
        weights[-1][: self.state_dim] *= self.delta_std[:, None]
        biases[-1][: self.state_dim] *= self.delta_std
        biases[-1][: self.state_dim] += self.delta_mean
        return weights, biases


def bounded(log_variance: Tensor, lowest: Tensor, highest: Tensor) -> Tensor:
    """Log variance (..., S) softly between two learned bounds (S,) (PETS, appendix A.1)."""
    below = highest - nn.functional.softplus(highest - log_variance)
    return lowest + nn.functional.softplus(below - lowest)


def sum_of(networks: Sequence[FusedLayers], inputs: Tensor) -> Tensor:
    """Sum of the networks' outputs."""
    total = networks[0](inputs)
    for network in networks[1:]:
        total = total + network(inputs)
    return total


class Particles:
    """Change of state (N, S) of particles, drawn from the Gaussian of each one's network.

    Particles i·B to i·B + B − 1 are predicted by the B networks: in that order (TSinf), or in
    another order at each step (TS1).

    Args:
        model: its weights are read once, here.
        networks: B functions of raw inputs, giving raw means and log variances.
        each: most particles of a network.
    """

    def __init__(self, model: Model, networks: Sequence[FusedLayers], each: int) -> None:
        self._networks = networks
        self._rows = each * len(networks)
        self._spread = model.delta_std.clone()
        self._highest = model.max_log_variance.detach().clone()
        self._lowest = model.min_log_variance.detach().clone()
        self._step = 0
        drawing = torch.Generator(model.device).manual_seed(int(model.noise_seed))
        self._noise = torch.empty(NOISE_STEPS, self._rows, model.state_dim, device=model.device)
        self._noise.normal_(generator=drawing)
        self._orders: Tensor | None = None
        if model.propagation == "TS1":
            shape = (NOISE_STEPS, each, len(networks))
            keys = torch.empty(shape, device=model.device).uniform_(generator=drawing)
            first = torch.arange(0, self._rows, len(networks), device=model.device)
            self._orders = (keys.argsort(dim=2) + first[:, None]).flatten(1)

    def __call__(self, inputs: Tensor) -> Tensor:
        """From raw inputs (N, S + A)."""
        if len(inputs) > self._rows:
            return torch.cat([self(part) for part in torch.split(inputs, self._rows)])
        step, self._step = self._step, (self._step + 1) % NOISE_STEPS
        count = len(self._networks)
        padded = nn.functional.pad(inputs, (0, 0, 0, -len(inputs) % count))
        if self._orders is None:
            outputs = self._outputs(padded)
        else:
            order = self._orders[step, : len(padded)]
            shuffled = self._outputs(padded[order])
            outputs = torch.empty_like(shuffled).index_copy_(0, order, shuffled)
        mean, log_variance = outputs[: len(inputs)].chunk(2, dim=1)
        log_variance = bounded(log_variance, self._lowest, self._highest)
        spread = (0.5 * log_variance).exp_().mul_(self._spread)
        return torch.addcmul(mean, spread, self._noise[step, : len(inputs)])

    def _outputs(self, inputs: Tensor) -> Tensor:
        """Row by row, each of the next network."""
        count = len(self._networks)
        parts = [
            network(inputs[first::count].contiguous())
            for first, network in enumerate(self._networks)
        ]
        return torch.stack(parts, dim=1).flatten(0, 1)

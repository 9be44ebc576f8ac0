"""Products of 16-bit integers in the processor's vector registers, as functions for numba.

Numba has no vectors, so two functions are written in LLVM's own terms. Each works on a tile of
rows. Two numbers of a row, of 16 bits each, are a word of 32 bits: one instruction of AVX512-VNNI
multiplies the words of 16 rows with the words of 16 others and adds up each row's two products.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

# Rows of a vector, and of a tile of four vectors.
LANES = 16
VECTORS = 4
TILE = LANES * VECTORS

# Numbers of a word, and their bits.
NUMBERS = 2
BITS = 16

# Hidden units and outputs that are summed at once. Their 16 vectors of sums stay in registers, and
# a word that is read serves four products: so memory is not what they wait for.
UNITS = 4
OUTPUTS = 4

_INDEX = ir.IntType(64)
_WORD = ir.IntType(32)
_WORDS = ir.VectorType(_WORD, LANES)

Code = tuple[Any, Callable[..., Any]]


class _Builder:
    """LLVM's instructions, a tile's vectors among them.

    Args:
        builder: of the function that calls.
        native: whether to use the processor's instruction for two products.
    """

    def __init__(self, builder: ir.IRBuilder, native: bool) -> None:
        self.llvm = builder
        self._native = native

    def place(self, data: ir.Value, row: ir.Value, vector: int) -> ir.Value:
        """Where a vector of a row of (rows, TILE) begins."""
        first = self.llvm.mul(row, _INDEX(TILE))
        return self.llvm.gep(data, [self.llvm.add(first, _INDEX(vector * LANES))])

    def load(self, place: ir.Value) -> ir.Value:
        """The vector there."""
        return self.llvm.load(self.llvm.bitcast(place, _WORDS.as_pointer()), align=4)

    def store(self, value: ir.Value, place: ir.Value) -> None:
        """Store a vector there."""
        self.llvm.store(value, self.llvm.bitcast(place, _WORDS.as_pointer()), align=4)

    def everywhere(self, place: ir.Value) -> ir.Value:
        """A vector with the word that is there in each lane."""
        none = ir.Constant(_WORDS, ir.Undefined)
        first = self.llvm.insert_element(none, self.llvm.load(place), _WORD(0))
        return self.llvm.shuffle_vector(first, none, constant(0))

    def slots(self, firsts: list[ir.Value]) -> list[list[ir.Value]]:
        """Variables for sums of a tile with their first values; LLVM keeps them in registers."""
        sums = [[cgutils.alloca_once(self.llvm, _WORDS) for _ in range(VECTORS)] for _ in firsts]
        for first, slots in zip(firsts, sums, strict=True):
            for slot in slots:
                self.llvm.store(first, slot)
        return sums

    def positive(self, words: ir.Value) -> ir.Value:
        """Zero in place of what is negative."""
        kept = self.llvm.icmp_signed(">", words, constant(0))
        return self.llvm.select(kept, words, constant(0))

    def word(self, numbers: list[ir.Value]) -> ir.Value:
        """Words of two numbers, none of them negative."""
        first, second = numbers
        return self.llvm.or_(first, self.llvm.shl(second, constant(BITS)))

    def add_products(self, sums: ir.Value, first: ir.Value, second: ir.Value) -> ir.Value:
        """Sums and the products of the words' two numbers."""
        if self._native:
            kind = ir.FunctionType(_WORDS, [_WORDS] * 3)
            name = "llvm.x86.avx512.vpdpwssd.512"
            product = cgutils.get_or_insert_function(self.llvm.module, kind, name)
            return self.llvm.call(product, [sums, first, second])
        for left, right in zip(self._numbers(first), self._numbers(second), strict=True):
            sums = self.llvm.add(sums, self.llvm.mul(left, right))
        return sums

    def _numbers(self, words: ir.Value) -> tuple[ir.Value, ir.Value]:
        """The words' two numbers."""
        half = constant(BITS)
        return self.llvm.ashr(self.llvm.shl(words, half), half), self.llvm.ashr(words, half)

    def sum_words(
        self,
        sums: list[list[ir.Value]],
        inputs: ir.Value,
        weight: Callable[[ir.Value, int], ir.Value],
        count: ir.Value,
    ) -> None:
        """Add Σ_q inputs[q, row] · weight(q, i) to sums[i][row], of `count` words q."""
        with cgutils.for_range(self.llvm, count, intp=_INDEX) as loop:
            rows = [self.load(self.place(inputs, loop.index, vector)) for vector in range(VECTORS)]
            for i, slots in enumerate(sums):
                right = self.everywhere(weight(loop.index, i))
                for left, slot in zip(rows, slots, strict=True):
                    total = self.add_products(self.llvm.load(slot), left, right)
                    self.llvm.store(total, slot)


def constant(value: int) -> ir.Constant:
    """A vector of the same word."""
    return ir.Constant(_WORDS, [value] * LANES)


class _Argument:
    """An argument of such a function: an array, or a number.

    Attributes:
        data: where the array's numbers begin, as words.
        shape: of the array.
        value: of the number.
    """

    def __init__(self, context: Any, builder: ir.IRBuilder, kind: Any, value: ir.Value) -> None:
        self.value = value
        if isinstance(kind, types.Array):
            array = context.make_array(kind)(context, builder, value)
            self.data = builder.bitcast(array.data, _WORD.as_pointer())
            self.shape = cgutils.unpack_tuple(builder, array.shape, kind.ndim)


def _arguments(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> list[_Argument]:
    return [
        _Argument(context, builder, kind, value)
        for kind, value in zip(signature.args, values, strict=True)
    ]


def hidden_units(native: bool) -> Any:
    """The first layer, of UNITS hidden units at a time.

    Args:
        native: whether to use the processor's instruction for two products.
    """

    @intrinsic
    def hidden_units(
        _: Any, weights: Any, inputs: Any, biases: Any, shifts: Any, hidden: Any, group: Any
    ) -> Code:
        """Set the words of a group of units in hidden (units / NUMBERS, TILE).

        A unit is max(0, sum) >> shift, which must be below 2¹⁵. weights is (words, units), inputs
        (words, TILE); biases and shifts are (units,).
        """

        def code(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> ir.Value:
            build = _Builder(builder, native)
            weights, inputs, biases, shifts, hidden, group = _arguments(
                context, builder, signature, values
            )
            first = builder.mul(group.value, _INDEX(UNITS))
            units = [builder.add(first, _INDEX(i)) for i in range(UNITS)]
            sums = build.slots([build.everywhere(builder.gep(biases.data, [i])) for i in units])
            count, width = weights.shape

            def weight(word: ir.Value, i: int) -> ir.Value:
                return builder.gep(weights.data, [builder.add(builder.mul(word, width), units[i])])

            build.sum_words(sums, inputs.data, weight, count)
            first_word = builder.mul(group.value, _INDEX(UNITS // NUMBERS))
            by = [build.everywhere(builder.gep(shifts.data, [i])) for i in units]
            for vector in range(VECTORS):
                totals = [builder.load(slots[vector]) for slots in sums]
                steps = [
                    builder.lshr(build.positive(total), shift)
                    for total, shift in zip(totals, by, strict=True)
                ]
                for word in range(UNITS // NUMBERS):
                    row = builder.add(first_word, _INDEX(word))
                    numbers = steps[NUMBERS * word : NUMBERS * (word + 1)]
                    build.store(build.word(numbers), build.place(hidden.data, row, vector))
            return context.get_dummy_value()

        return types.void(weights, inputs, biases, shifts, hidden, group), code

    return hidden_units


def outputs(native: bool) -> Any:
    """A layer after the first, of OUTPUTS outputs at a time.

    Args:
        native: whether to use the processor's instruction for two products.
    """

    @intrinsic
    def outputs(_: Any, weights: Any, hidden: Any, sums: Any, output: Any) -> Code:
        """Set OUTPUTS rows of sums (outputs, TILE), from `output` on.

        weights is (outputs, units) of 16 bits, hidden (units / NUMBERS, TILE).
        """

        def code(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> ir.Value:
            build = _Builder(builder, native)
            weights, hidden, sums, output = _arguments(context, builder, signature, values)
            rows = [builder.add(output.value, _INDEX(i)) for i in range(OUTPUTS)]
            totals = build.slots([constant(0)] * OUTPUTS)
            count, _ = hidden.shape

            def weight(word: ir.Value, i: int) -> ir.Value:
                return builder.gep(weights.data, [builder.add(builder.mul(rows[i], count), word)])

            build.sum_words(totals, hidden.data, weight, count)
            for row, slots in zip(rows, totals, strict=True):
                for vector, slot in enumerate(slots):
                    build.store(builder.load(slot), build.place(sums.data, row, vector))
            return context.get_dummy_value()

        return types.void(weights, hidden, sums, output), code

    return outputs

"""Equations between numbers: sums, products, taxes and repetitions; each can say how often accident fulfils it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from scanmend.correct.figures.amount import plain
from scanmend.correct.figures.sheet import ONE, Meaning

CLUMPING = 2.0
"""Factor on the chance of an accident: amounts of a page are not spread evenly, they begin and end alike."""

_CENT: int = ONE // 100
_HALF_CENT: int = ONE // 200
_HUNDRED: int = 100 * ONE
_MONEY = 2
"""Decimals of an amount of money."""


class Equation(Protocol):
    """A statement about the numbers of some cells, in the order of the relation's cells."""

    def holds(self, numbers: Sequence[Meaning]) -> bool:
        """Whether the statement is true, and not trivially so."""

    def chance(self, numbers: Sequence[Meaning]) -> float:
        """Return the probability that unrelated numbers of this size and roundness make it true."""

    def text(self, numbers: Sequence[Meaning]) -> str:
        """Return the statement as people write it."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Some numbers add up to another: ``signs`` times numbers is zero, the sum itself being the last."""

    signs: tuple[int, ...]

    def holds(self, numbers: Sequence[Meaning]) -> bool:
        """Whether they add up exactly, with the same number of decimals and at least two terms that are not zero."""
        if sum(map(_signed, self.signs, numbers)):
            return False
        whole = numbers[-1]
        alike = all(n.decimals == whole.decimals and not n.percent for n in numbers)
        return alike and whole.value != 0 and sum(n.value != 0 for n in numbers) > 2  # noqa: PLR2004 -- not x + 0 = x

    def chance(self, numbers: Sequence[Meaning]) -> float:
        """One in as many as there are steps, the roundest that suits all of them, up to the largest number."""
        return _share(min([n.step for n in numbers]), max([abs(n.value) for n in numbers]))

    def text(self, numbers: Sequence[Meaning]) -> str:
        """Write a short sum in full, and count the terms of a long one."""
        if len(numbers) > 5:  # noqa: PLR2004 -- longer sums are hard to read
            return f"the sum of {len(numbers) - 1} numbers = {written(numbers[-1])}"
        terms = "".join(
            f" {'+' if sign * number.value >= 0 else '-'} {written(number).lstrip('-')}"
            for sign, number in zip(self.signs[:-1], numbers[:-1], strict=True)
        )
        return f"{terms.removeprefix(' + ').strip()} = {written(numbers[-1])}"


@dataclass(frozen=True, slots=True)
class Product:
    """A quantity times a unit price is an amount."""

    ones: bool = False
    """Whether 1 × x = x counts."""

    def holds(self, numbers: Sequence[Meaning]) -> bool:
        """Whether it is exact, or right to half a cent where a factor has decimals that call for rounding."""
        one, other, amount = numbers
        if any(n.percent or n.value <= 0 for n in (one, other)) or amount.value <= 0 or amount.decimals > _MONEY:
            return False
        if ONE in (one.value, other.value) and not self.ones:
            return False
        off = abs(one.value * other.value - amount.value * ONE)
        rounded = one.decimals + other.decimals > amount.decimals
        allowed = _HALF_CENT * ONE if rounded and amount.decimals == _MONEY else 0
        return off <= allowed

    def chance(self, numbers: Sequence[Meaning]) -> float:
        """One in as many as there are steps as round as the amount up to the amount."""
        return _share(numbers[2].step, abs(numbers[2].value))

    def text(self, numbers: Sequence[Meaning]) -> str:
        """Write the product."""
        return f"{written(numbers[0])} × {written(numbers[1])} = {written(numbers[2])}"


@dataclass(frozen=True, slots=True)
class Tax:
    """A rate of a net amount, or the tax that a gross amount includes, rounded to the cent."""

    included: bool = False
    """Whether the base holds the tax already."""

    def holds(self, numbers: Sequence[Meaning]) -> bool:
        """Whether base, rate in percent and tax agree to half a cent."""
        base, rate, tax = numbers
        if base.percent or tax.percent or not 0 < rate.value < _HUNDRED or base.value <= 0 or tax.value <= 0:
            return False
        if base.decimals != _MONEY or tax.decimals != _MONEY:
            return False
        whole = _HUNDRED + rate.value if self.included else _HUNDRED
        return abs(base.value * rate.value - tax.value * whole) <= _HALF_CENT * whole

    def chance(self, numbers: Sequence[Meaning]) -> float:
        """One in as many as there are cents in the tax."""
        return _share(_CENT, abs(numbers[2].value))

    def text(self, numbers: Sequence[Meaning]) -> str:
        """Write the tax as a part of its base."""
        form = "{1}% tax in {0} = {2}" if self.included else "{1}% of {0} = {2}"
        return form.format(*map(written, numbers))


@dataclass(frozen=True, slots=True)
class Same:
    """One amount stands twice on the page under labels that say so."""

    floor: float = 1 / 30
    """Least chance of an accident: sums that differ by a rounding or a discount are as alike as two readings are."""

    def holds(self, numbers: Sequence[Meaning]) -> bool:
        """Whether both are the same amount, and not zero."""
        one, other = numbers
        return one.value == other.value != 0 and one.decimals == other.decimals

    def chance(self, numbers: Sequence[Meaning]) -> float:
        """One in as many as there are steps as round as the amount, or ``floor`` if that is more."""
        return max(self.floor, _share(numbers[1].step, abs(numbers[1].value)))

    def text(self, numbers: Sequence[Meaning]) -> str:
        """Write the amount."""
        return f"total = total = {written(numbers[1])}"


def written(number: Meaning) -> str:
    """Return a number as reasons write it, with a point before its decimals."""
    return plain((Decimal(number.value) / ONE).quantize(Decimal(1).scaleb(-number.decimals)))


def _share(steps: int, size: int) -> float:
    return min(1.0, CLUMPING * steps / size) if size else 1.0


def _signed(sign: int, number: Meaning) -> int:
    return sign * number.value

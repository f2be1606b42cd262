"""All claims of the poster, each with what bears on it in the stored experiments, and its verdict."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from lop_tutorial.report.claims.claim import SAYS, Claim, Evidence, Says, Verdict, verdict
from lop_tutorial.report.claims.collect import in_results
from lop_tutorial.report.claims.comparison import Source
from lop_tutorial.report.claims.poster import PARTS


@dataclass(frozen=True)
class Judged:
    """A claim with all that bears on it, what speaks against it first."""

    claim: Claim
    evidence: tuple[Evidence, ...]

    @property
    def verdict(self) -> Verdict:
        """By the rule."""
        return verdict(self.evidence, exists=self.claim.exists)

    @property
    def counts(self) -> dict[Says, int]:
        """How many pieces say what, 0 where none does."""
        said = [each.says for each in self.evidence]
        return {says: said.count(says) for says in ("for", "against", "open", "too few seeds")}

    @property
    def leaning(self) -> str:
        """Of a claim that is partly supported: "mostly for", "mostly against" or "evenly"; "" of every other."""
        if self.verdict != "partly supported":
            return ""
        more = self.counts["for"] - self.counts["against"]
        return "mostly for" if more > 0 else "mostly against" if more else "evenly"

    @property
    def settings(self) -> int:
        """How many combinations of data, network and width the pieces come from."""
        return len({_setting(each.of) for each in self.evidence})

    @property
    def told(self) -> str:
        """The counts that are not 0, in words."""
        return ", ".join(f"{number} {says}" for says, number in self.counts.items() if number)


def _setting(of: str) -> tuple[str, ...]:
    """Of what a piece is about, the data, the network and the width."""
    words = re.split(r"[,:] ", of)
    width = next((place for place, word in enumerate(words) if word.startswith("d = ")), 0)
    return tuple(words[: width + 1])


def judged(claim: Claim, stored: Iterable[Any]) -> Judged:
    """One claim by what is stored."""
    return Judged(claim, tuple(sorted(claim.evidence(stored), key=lambda each: SAYS.index(each.says))))


def judge(stored: Sequence[Source] | None = None) -> dict[str, list[Judged]]:
    """Every claim, under the poster's headings, by what is stored; without anything else by all that is in results/."""
    if stored is None:
        return {part: [*claims] for part, claims in _by_results().items()}
    return {part: [judged(claim, stored) for claim in claims] for part, claims in PARTS.items()}


@cache
def _by_results() -> dict[str, list[Judged]]:
    return judge(in_results())

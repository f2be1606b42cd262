"""The page of claims, book/claims.md: the paper's and those of others, each with its verdict from stored runs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from lop_tutorial.atomic import write_text
from lop_tutorial.report.claims.claim import RULE, VERDICTS, Evidence, Number, Verdict
from lop_tutorial.report.claims.comparison import Source
from lop_tutorial.report.claims.elsewhere import judge_elsewhere
from lop_tutorial.report.claims.judge import Judged, judge
from lop_tutorial.report.claims.questions import HIGH, LOW

_COLOURS: dict[Verdict, str] = {
    "supported": "success",
    "partly supported": "info-line",
    "not supported": "danger",
    "open": "dark",
    "too few seeds": "dark",
    "not tested": "dark",
}
MANY = 4
_WIDTHS = (
    f"At most {LOW} dimensions",
    f"Between {LOW} and {HIGH} dimensions",
    f"At least {HIGH} dimensions",
    "Several widths at once",
)
_HEAD = """\
<!-- Written by `lop-tutorial book claims` from the stored runs. -->
# Claims

Which claims of the paper {cite}`wang2025` hold here, which do not, and which are still open?

They are taken from its poster: from sentences, in its own words, and from formulas and tables. The headings below are
those of its panels. What it says of an
effect stands apart from what it says of the cause. One [rule](the-rule) gives the verdicts; none is set by hand. A
verdict speaks of the experiments that are stored here, which are smaller than the paper's, and not of the paper's own.
A verdict counts pieces and does not weigh them: look at the pieces.
"""
_RULE = f"""\
(the-rule)=
## The rule

{RULE}
**Early and late** are the first and the last fifth of the tasks; of studies, which store no more, the first and the
last ten of forty; of the trials of suspects and cures the first and the last two of the six tasks that were measured.
All methods of an experiment have the same step size, which is named; where each has its own best, found on other
pictures, that is said.

**The same learners.** Where all learners of one experiment are among another's they count once; `cures_pairs` and
`suspects` share half of theirs on CIFAR-100, and both count. Other learners may still have seen the same toys: those of
`type1`, `type2`, `inheritance.json` and `walk.json` have.

**Older defaults.** Some experiments are older than today's defaults of three methods: CBP counted mature units only,
partners of G-mixup came from the batch, and L2 init held normalisation, too. They are Tables 2 to 4 (but not
`table3_seeds_3_8_cifar100`), `increments.json`, `first_look_strengths`, and of Table 1 `table1_tinyimagenet`,
`table1_cifar100`, `table1_held_out` and the search for them (`tables_search`).
"""

_OTHERS = """\
## What others claim of warm starts and of agents

These sentences are of other papers, and in our words. Their networks are larger, and so are their data and worlds; a
verdict speaks of ours. The same rule gives it.
"""


def page(stored: Sequence[Source] | None = None) -> str:
    """The whole page, as text; `stored` is what the paper's claims are judged by, or what is in results/."""
    parts = judge(stored)
    lines = [_HEAD, *_summary([judged for part in parts.values() for judged in part]), _RULE]
    number = 0
    for part, claims in parts.items():
        lines += [f"## {part}", ""]
        for judged in claims:
            number += 1
            lines += _section(number, judged)
    others = judge_elsewhere()
    lines += [_OTHERS, *_summary(others, number + 1)]
    for judged in others:
        number += 1
        lines += _section(number, judged)
    lines += ["To make this page again: `lop-tutorial book claims`."]
    return "\n".join(lines) + "\n"


def _summary(claims: Sequence[Judged], first: int = 1) -> list[str]:
    counts = Counter(judged.verdict for judged in claims)
    verdicts = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])
    lines = [
        f"Of {len(claims)} claims: {verdicts}.",
        "",
        "| claim | verdict; pieces for / against / open / with too few seeds |",
        "|:--|:--|",
    ]
    for number, judged in enumerate(claims, start=first):
        pieces = " / ".join(map(str, judged.counts.values()))
        lines.append(f"| {number}. [{judged.claim.short}](claim-{number}) | {_badge(judged)}<br>{pieces} |")
    return [*lines, ""]


def _section(number: int, judged: Judged) -> list[str]:
    claim = judged.claim
    lines = [f"(claim-{number})=", f"### {number}. {claim.short}", "", f"> {claim.quote}", ""]
    lines += [
        f"{_badge(judged)} {judged.told}; {{doc}}`chapters/{claim.chapter}`",
        "",
        f"*Evidence.* {claim.asked}",
        "",
    ]
    if claim.remark:
        lines += [claim.remark, ""]
    if judged.evidence:
        pieces = len(judged.evidence)
        lines += [f":::{{dropdown}} {pieces} piece{'s' * (pieces > 1)} of evidence", ""]
        groups = _by_width(judged.evidence) if claim.by_width else {"": judged.evidence}
        for width, evidence in groups.items():
            if width:
                lines += [f"**{width}:** {Judged(claim, evidence).told}", ""]
            lines += [*_table(evidence), ""]
        lines += [":::", ""]
    return lines


def _by_width(evidence: Sequence[Evidence]) -> dict[str, tuple[Evidence, ...]]:
    """Narrow representations, those between, wide ones, and pieces that speak of several widths; in their order."""
    groups: dict[str, list[Evidence]] = {words: [] for words in _WIDTHS}
    narrow, middle, wide, several = groups.values()
    for each in evidence:
        found = re.search(r"d = (\d+)( to)?", each.of)
        if found is None or found[2]:
            several.append(each)
        else:
            width = int(found[1])
            (narrow if width <= LOW else wide if width >= HIGH else middle).append(each)
    return {words: tuple(pieces) for words, pieces in groups.items() if pieces}


def _table(evidence: Sequence[Evidence]) -> list[str]:
    lines = ["| says | `results/` | what | mean, 95 % interval |", "|:--|:--|:--|:--|"]
    for each in evidence:
        lines.append(f"| {each.says} | `{each.run}` | {each.of} | {';<br>'.join(_numbers(each))} |")
    return lines


def _numbers(piece: Evidence) -> list[str]:
    """A line each; of many, those that settle what the piece says."""
    if len(piece.numbers) <= MANY:
        return [_told(number) for number in piece.numbers]
    settle = [number for number in piece.numbers if number.says == piece.says]
    others = f"and {len(piece.numbers) - min(MANY, len(settle))} more"
    return [*(_told(number) for number in settle[:MANY]), others]


def _told(number: Number) -> str:
    label = f"{number.label}: " if number.label else ""
    unit = {"points": " points", "per layer": " per layer"}.get(number.unit, "")
    return f"{label}{str(number).replace(' (', f'{unit} (', 1) if unit else number}"


def _badge(judged: Judged) -> str:
    return f"{{bdg-{_COLOURS[judged.verdict]}}}`{judged.verdict}`"


def write_page(top: Path) -> Path:
    """Writes book/claims.md; FileNotFoundError where `top` holds no book."""
    path = top / "book/claims.md"
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent} is not there: run this at the top of the repository")
    write_text(path, page())
    return path

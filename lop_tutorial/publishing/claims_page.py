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
from lop_tutorial.report.numbers import counted

_COLOURS: dict[Verdict, str] = {
    "supported": "success",
    "partly supported": "info-line",
    "not supported": "danger",
    "open": "dark",
    "too few seeds": "dark",
    "not tested": "dark",
}
_LEANINGS = ("mostly for", "evenly", "mostly against")
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
those of its panels. An effect and its cause are separate claims. One [rule](the-rule) gives the verdicts; none is set
by hand. A verdict speaks of the experiments that are stored here, which are smaller than the paper's, and not of the
paper's own. It counts pieces of evidence and does not weigh them, so the bar under each claim shows them all: full for
the claim, striped against it, grey where they are open, and an outline where the seeds are too few.
"""
_RULE = f"""\
(the-rule)=
## The rule

{RULE}
**Bounds.** Where a claim says only *falls*, *rises*, *above* or *below*, the bound is 0, and of a share of seeds it is
one half. Three are others, and our choice:

- *One point* of accuracy, where two networks are to be told apart: smaller differences count as equal. With half a
  point or two points every verdict on the paper is the same.
- *0.8 of the sum*, where factors are to multiply (claims 4 and 10). The law says the whole sum; one that holds roughly
  passes at four fifths. With anything from a quarter of the sum to all of it both verdicts are the same.
- *0.55*, where networks are to end at chance, 0.5 (claim 22). Here the bound matters: at 0.52 no piece is for the claim
  and it is not supported, at 0.6 ten are and it stays partly supported.

**Signs.** The last column of a table has what the line *Evidence* names, in its order. Of a difference it is positive
where the first of two is the larger.

**Early and late** are the first and the last fifth of the tasks. *Studies* store the first and the last ten of forty
tasks alone; the trials of suspects and cures have the first and the last two of the six tasks that were measured.
All methods of an experiment have the same step size, which is named; where each has its own best, found on other
pictures, that is said.

**The same learners.** Where all learners of one experiment are among another's they count once; `cures_pairs` and
`suspects` share half of theirs on CIFAR-100, and both count. Other learners may still have seen the same toys: those of
`type1`, `type2`, `inheritance.json` and `walk.json` have.

**Older defaults.** Some experiments are older than today's defaults of three methods. In them CBP took its replacement
rate of the units old enough to be replaced, not of all; G-mixup took a partner for each input from its batch, not from
the whole task; and L2 init drew the scales and shifts of normalisation back, too. They are Tables 2 to 4 (but not
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
    papers = [judged for part in parts.values() for judged in part]
    lines = [_HEAD, *_summary(papers), *_span(papers), _RULE]
    number = 0
    for part, claims in parts.items():
        lines += [f"## {part}", ""]
        for judged in claims:
            number += 1
            lines += _section(number, judged, 1)
    others = judge_elsewhere()
    first = number + 1
    lines += [_OTHERS, *_summary(others, first)]
    for judged in others:
        number += 1
        lines += _section(number, judged, first)
    lines += ["To make this page again: `lop-tutorial book claims`."]
    return "\n".join(lines) + "\n"


def _summary(claims: Sequence[Judged], first: int = 1) -> list[str]:
    counts = Counter(judged.verdict for judged in claims)
    leanings = Counter(judged.leaning for judged in claims)
    leaning = ", ".join(f"{leanings[words]} {words}" for words in _LEANINGS if leanings[words])
    verdicts = ", ".join(
        f"{counts[verdict]} {verdict}" + (f" ({leaning})" if verdict == "partly supported" else "")
        for verdict in VERDICTS
        if counts[verdict]
    )
    lines = [
        f"(claims-from-{first})=",
        f"Of {len(claims)} claims: {verdicts}. The numbers are pieces for the claim, against it, open (?), and with "
        "too few seeds.",
        "",
        "| claim | for | against | ? | few |",
        "|:--|--:|--:|--:|--:|",
    ]
    for number, judged in enumerate(claims, start=first):
        pieces = " | ".join(map(str, judged.counts.values()))
        name = f"{number}. [{judged.claim.short}](claim-{number})"
        lines.append(f"| {name}<br>{_led(judged)}<br>{_bar(judged)} | {pieces} |")
    return [*lines, ""]


def _span(claims: Sequence[Judged]) -> list[str]:
    """What `partly supported` covers, and how far pieces can be counted on to be different ones."""
    partly = [judged.counts for judged in claims if judged.leaning]
    if not partly:
        return []
    low, *_, high = sorted((*partly, *partly), key=lambda said: said["for"] / (said["for"] + said["against"] or 1))
    return [
        f"*Partly supported* is wide: it covers {high['for']} pieces for and {high['against']} against, and "
        f"{low['for']} for and {low['against']} against. So *mostly for* or *mostly against* follows it, whichever are "
        "more. And pieces are not independent: one toy at six step sizes, with the same seeds, is six pieces. Beside "
        "its counts each claim therefore says from how many *settings* they come: data, network and width, whatever "
        "the step size, the loss or the number of tasks.",
        "",
    ]


def _bar(judged: Judged) -> str:
    """All pieces as one bar, a part for each thing that they say; its numbers stand beside it."""
    whole = sum(judged.counts.values())
    parts = [
        f'<i class="says-{says.split()[0]}" style="width:{100 * number / whole:.1f}%"></i>'
        for says, number in judged.counts.items()
        if number
    ]
    return f'<span class="lop-says" aria-hidden="true">{"".join(parts)}</span>'


def _section(number: int, judged: Judged, table: int) -> list[str]:
    """A claim with its evidence; `table` is the number of the first claim in the table that it is in."""
    claim = judged.claim
    among = f", from {counted(judged.settings, 'setting')}" if table == 1 and judged.evidence else ""
    lines = [f"(claim-{number})=", f"### {number}. {claim.short}", "", f"> {claim.quote}", ""]
    lines += [
        f"{_led(judged)}: {judged.told}{among}; {{doc}}`chapters/{claim.chapter}`; [all claims](claims-from-{table})",
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


def _led(judged: Judged) -> str:
    """The verdict, and for a wide one the way that it leans."""
    return f"{_badge(judged)} {judged.leaning}".rstrip()


def _badge(judged: Judged) -> str:
    return f"{{bdg-{_COLOURS[judged.verdict]}}}`{judged.verdict}`"


def write_page(top: Path) -> Path:
    """Writes book/claims.md; FileNotFoundError where `top` holds no book."""
    path = top / "book/claims.md"
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent} is not there: run this at the top of the repository")
    write_text(path, page())
    return path

"""The page of claims, book/claims.md: every claim of the paper with its verdict, made from the stored runs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from lop_tutorial.atomic import write_text
from lop_tutorial.report.claims.claim import VERDICTS, Claim, Verdict
from lop_tutorial.report.claims.poster import PARTS

_COLOURS: dict[Verdict, str] = {
    "supported": "success",
    "partly supported": "warning",
    "not supported": "danger",
    "not tested": "secondary",
}
_HEAD = """\
<!-- Written by `lop-tutorial book claims` from the stored runs. -->
# Claims

Which sentences of the paper {cite}`wang2025` hold here, which do not, and which are untested?

Every sentence of the poster that can be true or false stands here in its own words. Below it stands what was
measured: a mean over seeds with its 95 % interval, where the claim says that it lies, and the stored run and the
chapter that it comes from. One rule gives the verdicts, and no hand mends them. A number supports a claim if its
whole interval lies on the claimed side. A claim is **supported** if all its numbers support it, **partly
supported** if some do, **not supported** if none does, and **not tested** if there is none. So a verdict speaks of
these experiments, which are smaller than the paper's; it does not speak of the paper's own.
"""


def page() -> str:
    """The whole page, as text."""
    lines = [_HEAD, *_summary()]
    number = 0
    for part, claims in PARTS.items():
        lines += [f"## {part}", ""]
        for claim in claims:
            number += 1
            lines += _section(number, claim)
    lines += ["To make this page again: `lop-tutorial book claims`."]
    return "\n".join(lines) + "\n"


def _summary() -> list[str]:
    claims = [claim for part in PARTS.values() for claim in part]
    counts = Counter(claim.verdict for claim in claims)
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])
    lines = [f"Of {len(claims)} claims: {told}.", "", "| | claim | verdict |", "|--:|:--|:--|"]
    lines += [f"| {n} | [{claim.short}](claim-{n}) | {_badge(claim)} |" for n, claim in enumerate(claims, start=1)]
    return [*lines, ""]


def _section(number: int, claim: Claim) -> list[str]:
    lines = [f"(claim-{number})=", f"### {number}. {claim.short}", "", f"> {claim.quote}", "", _badge(claim), ""]
    for each in claim.evidence:
        found, details = str(each).split(" (", 1)
        where = f"`results/{each.run}`; {{doc}}`chapters/{each.chapter}`"
        lines.append(f"- {each.of}: **{found}** ({details}.<br>{where}")
    if claim.evidence:
        lines.append("")
    return [*lines, claim.remark, ""] if claim.remark else lines


def _badge(claim: Claim) -> str:
    return f"{{bdg-{_COLOURS[claim.verdict]}}}`{claim.verdict}`"


def write_page(top: Path) -> Path:
    """Writes book/claims.md; FileNotFoundError where `top` holds no book."""
    path = top / "book/claims.md"
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent} is not there: run this at the top of the repository")
    write_text(path, page())
    return path

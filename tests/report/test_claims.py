"""Claims: the rule that turns evidence into a verdict, and that all evidence is found by what it is."""

import json
import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lop_tutorial.cli import main
from lop_tutorial.publishing.claims_page import page
from lop_tutorial.report.claims import questions, type_questions
from lop_tutorial.report.claims.claim import SAYS, VERDICTS, Evidence, Number, verdict
from lop_tutorial.report.claims.collect import NO_LEARNERS, TEXTS, collect, in_results
from lop_tutorial.report.claims.comparison import BINS
from lop_tutorial.report.claims.judge import Judged, judge
from lop_tutorial.report.claims.poster import PARTS
from lop_tutorial.running.run import stored
from lop_tutorial.running.table import lines_of, load

TOP = Path(__file__).parents[2]
ALL = [claim for part in PARTS.values() for claim in part]
FALLS = (-0.3, -0.2, -0.25, -0.28, -0.24)
RISES = tuple(-value for value in FALLS)
UNCLEAR = (-0.3, 0.2, -0.1, 0.15, 0.02)


def number(*values, side="below", bound=0.0, unit="points"):
    return Number(np.array(values, float), side, bound, unit)


def evidence(*numbers):
    return Evidence("a number", numbers, "type1")


def question(words):
    return next(claim for claim in ALL if words in claim.short)


@pytest.mark.parametrize(
    ("values", "says"),
    [(FALLS, "for"), (RISES, "against"), (UNCLEAR, "open"), (FALLS[:4], "too few seeds"), ((), "too few seeds")],
)
def test_a_number_speaks_only_with_its_whole_interval_and_five_seeds(values, says):
    assert number(*values).says == says


def test_the_bound_and_the_side_count():
    assert number(*FALLS, side="above").says == "against"
    assert number(*FALLS, bound=-0.25).says == "open"
    assert number(*FALLS, np.nan).says == "for"
    assert number(*FALLS[:4], np.nan).says == "too few seeds"


def test_a_share_of_seeds_takes_six():
    """Of n successes in n trials Clopper and Pearson's lower end is 0.025 ** (1 / n): below one half for n = 5."""
    shares = [number(*[1] * n, side="above", bound=0.5, unit="seeds") for n in (5, 6, 8)]
    assert [share.says for share in shares] == ["too few seeds", "for", "for"]
    assert float(shares[2].interval.low) == pytest.approx(0.025 ** (1 / 8))
    assert number(*[1] * 5 + [0] * 3, side="above", bound=0.5, unit="seeds").says == "open"


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ((FALLS, FALLS), "for"),
        ((FALLS, UNCLEAR), "open"),
        ((FALLS, RISES), "against"),
        ((FALLS, FALLS[:3]), "too few seeds"),
        ((RISES, FALLS[:3]), "against"),
    ],
)
def test_all_numbers_of_a_piece_must_lie_where_the_claim_says(numbers, says):
    assert evidence(*(number(*each) for each in numbers)).says == says


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([FALLS, FALLS], "supported"),
        ([FALLS, FALLS[:3]], "supported"),
        ([FALLS, UNCLEAR], "partly supported"),
        ([FALLS, RISES], "partly supported"),
        ([UNCLEAR, RISES], "not supported"),
        ([UNCLEAR, UNCLEAR], "open"),
        ([UNCLEAR, RISES[:3]], "open"),
        ([FALLS[:3], RISES[:3]], "too few seeds"),
        ([], "not tested"),
    ],
)
def test_the_verdict_follows_from_all_pieces_together(values, expected):
    assert verdict(evidence(number(*each)) for each in values) == expected


def test_one_example_is_enough_for_a_claim_that_something_exists():
    pieces = [evidence(number(*each)) for each in (RISES, FALLS, UNCLEAR)]
    assert verdict(pieces, exists=True) == "supported"
    assert verdict(pieces[::2], exists=True) == "not supported"


def test_numbers_are_told_with_their_seeds_and_what_diverged():
    assert str(number(-0.1, np.nan, -0.1, -0.1)) == "−10.0 (−10.0 to −10.0; 3 seeds, 1 diverged)"
    assert str(number(1, np.nan, 0, 1, 1, unit="seeds")) == "in 3 of 4 seeds, 1 diverged"
    assert str(number(np.nan, np.nan)) == "all 2 diverged"
    assert str(number(-0.1, np.nan)) == "−10.0 (1 seed, 1 diverged)"
    assert str(number(0.1)) == "+10.0 (1 seed)"
    assert str(number(0.04, 0.04, unit="")) == "0.04 (0.04 to 0.04; 2 seeds)"
    assert str(number(0.04, 0.04, unit="change")) == "+0.04 (+0.04 to +0.04; 2 seeds)"


def test_an_end_near_zero_is_told_with_digits_enough_to_see_its_side():
    """The half width of 5 values that spread by s about their mean is 2.776 s / sqrt 5."""
    values = 0.1 + 0.08 * np.array([-1, -0.5, 0, 0.5, 1])
    low = 0.1 - 2.7764 * np.std(values, ddof=1) / 5**0.5
    near = values - low + 2e-5
    assert re.fullmatch(r"\+7\.\d{3} \(\+0\.002 to \+15\.\d{3}; 5 seeds\)", str(number(*near)))
    assert re.fullmatch(r"\+7\.\d \(\+\d\.\d to \+\d+\.\d; 10 seeds\)", str(number(*near, *near)))


def test_partly_supported_says_which_way_it_leans():
    def judged(*pieces):
        return Judged(ALL[0], tuple(evidence(number(*each)) for each in pieces))

    assert judged(FALLS, FALLS, RISES).leaning == "mostly for"
    assert judged(FALLS, RISES, RISES, UNCLEAR).leaning == "mostly against"
    assert judged(FALLS, RISES).leaning == judged(FALLS, UNCLEAR, RISES).leaning == "evenly"
    assert judged(FALLS, FALLS).leaning == judged(RISES).leaning == ""


def test_settings_are_data_network_and_width():
    about = ("toy points, d = 2, step 0.1: gap", "toy points, d = 2, step 0.4, 40 tasks", "toy points, d = 4, step 0.1")
    pictures = ("pairs of CIFAR-100, MLP, d = 2, step 0.1", "pairs of CIFAR-100, SmallConv, d = 2, step 0.1")
    pieces = tuple(Evidence(of, (number(*FALLS),), "type1") for of in (*about, *pictures))
    assert Judged(ALL[0], pieces).settings == 4


def test_the_bounds_matter_where_the_page_says(monkeypatch):
    rule = page().split("**Bounds.**")[1].split("**Signs.**")[0]
    verdicts = [judged.verdict for part in judge().values() for judged in part]
    assert "With half a\n  point or two points every verdict on the paper is the same" in rule
    for margin in (0.005, 0.02):
        for module in (questions, type_questions):
            monkeypatch.setattr(module, "MARGIN", margin)
        assert [judged.verdict for part in judge(in_results()).values() for judged in part] == verdicts
    monkeypatch.undo()
    assert "anything from a quarter of the sum to all of it both verdicts are the same" in rule
    for place in (3, 9):
        for piece in ALL[place].evidence(in_results()):
            total, rest = piece.numbers
            for share in (0.25, 0.5, 1):
                other = replace(rest, values=rest.values + (0.8 - share) * total.values)
                assert replace(piece, numbers=(total, other)).says == "against"
    assert "at 0.52 no piece is for the claim\n  and it is not supported, at 0.6 ten are" in rule
    for bound, expected in ((0.52, ("not supported", 0)), (0.6, ("partly supported", 10))):
        pieces = [
            replace(each, numbers=tuple(replace(n, bound=bound) if n.label == "late" else n for n in each.numbers))
            for each in ALL[21].evidence(in_results())
        ]
        assert (verdict(pieces), [each.says for each in pieces].count("for")) == expected


def test_the_remark_on_stretch_and_age_says_what_its_evidence_says():
    wide = [each for each in question("Type-2 strikes").evidence(in_results()) if "d = 256" in each.of]
    assert [(each.says, "of that age" in each.of) for each in wide] == [("for", False), ("open", True)]


def test_everything_in_results_is_read_but_what_holds_no_learner():
    names = {path.name for path in (TOP / "results").iterdir()}
    read = [part for each in in_results() for part in each.parts]
    runs = {path.parent.name: json.loads(path.read_text()) for path in (TOP / "results").glob("*/config.json")}
    lives = {name for name, config in runs.items() if config.get("dead_after", 0) > 0}
    assert sorted(read) == sorted({name for name in names if not name.endswith(TEXTS)} - set(NO_LEARNERS) - lives)
    assert all(each.experiments for each in in_results())


def test_the_bins_are_those_of_the_stored_run():
    run = stored("table1_tinyimagenet").results
    (experiment,) = next(each for each in in_results() if each.name == "table1_tinyimagenet")
    np.testing.assert_allclose(experiment.bins("g_mixup"), run.binned("g_mixup", bins=BINS))
    exponents = run.curves("none", "ftle_within_q50")[:, -12:]
    looked = ~np.isnan(exponents).all(axis=0)
    np.testing.assert_allclose(
        experiment.bins("none", "ftle_within_q50")[:, -1], exponents[:, looked].mean(axis=1), atol=1e-12
    )


def copied(tmp_path, *names):
    """Some of what is stored, under names that nobody knows."""
    for name in names:
        source = TOP / "results" / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / f"unknown_{name}")
    return collect(tmp_path)


@pytest.mark.parametrize(
    ("name", "claims"),
    [
        ("table1_cifar100", ["Plasticity is lost", "best of the six methods on pairs", "ends at chance"]),
        ("table1_quick", ["best of the six methods on pairs"]),
        ("table2_cifar100", ["best of the six methods on pairs", "Layernorm keeps"]),
        ("methods", ["best of the six methods on pairs", "Continual backpropagation", "helps against both types"]),
        ("real_images_cifar100", ["helps against both types", "low-dimensional: Type-1", "mixed forms"]),
        ("type1_settings.json", ["belongs to low", "belongs to high"]),
        ("increments.json", ["best of the six methods with classes", "With classes added, No Intv. ends below"]),
        ("inheritance.json", ["exponents between its classes rise", "approach collapsed", "product of the α"]),
    ],
)
def test_a_stored_experiment_is_evidence_whatever_it_is_called(tmp_path, name, claims):
    experiments = copied(tmp_path, name)
    for words in claims:
        claim = question(words)
        found = list(claim.evidence(experiments))
        assert found, f"{name} bears on {claim.short!r}"
        assert {each.run for each in found} == {f"unknown_{name}"}
        there = [each for each in claim.evidence(in_results()) if each.run == name]
        assert Counter(each.says for each in found) == Counter(each.says for each in there)


def test_learners_that_two_runs_share_count_once(tmp_path):
    """`width` trains the networks of `type1` again; by itself it speaks of them."""
    claim = question("belongs to low")
    alone, both = ([each.of for each in claim.evidence(copied(tmp_path, name))] for name in ("width", "type1"))
    narrow = [of for of in alone if "d = 2," in of]
    assert len(narrow) == 1
    assert [of for of in both if "d = 2," in of] == narrow
    assert [of for of in both if of not in narrow] == [of for of in alone if of not in narrow]


def test_the_rounds_of_a_search_are_one_experiment(tmp_path):
    """Its second round goes on with new seeds; a method is compared over all seeds that both methods have."""
    plain, second, strengths, elsewhere = (
        f"step_search_{name}"
        for name in (
            "plain_procedural_step_0.025",
            "procedural_step_0.025_seeds_104_107_2",
            "procedural_step_0.025",
            "plain_procedural_step_0.05",
        )
    )
    found = {each.parts: each for each in copied(tmp_path, plain, second, strengths, elsewhere)}
    together = tuple(f"unknown_{name}" for name in (plain, strengths, second))
    assert set(found) == {together, (f"unknown_{elsewhere}",)}
    assert found[together].name == f"unknown_{plain} and 2 more"
    (experiment,) = found[together]
    assert experiment.learners["none"].seeds == tuple(range(100, 107))
    assert experiment.learners["retrained"].seeds == tuple(range(100, 104))
    runs = [stored(name).results for name in (plain, second)]
    both = np.concatenate([run.binned("none", bins=BINS) for run in runs])
    np.testing.assert_allclose(experiment.bins("none"), both)
    assert len(experiment.difference("none", "layer_norm")) == 7
    assert experiment.learners["g_mixup:M=2"].seeds == (100, 104, 105, 106)


def test_learners_among_those_of_another_experiment_count_once():
    """The walk's plain networks are the first eight of `inheritance.json`, stored with fewer digits."""
    stored = [each for each in in_results() if each.name in ("walk.json", "inheritance.json")]
    for words in ("exponents within its classes fall", "product of the β", "approach collapsed", "Plasticity is lost"):
        assert {each.run for each in question(words).evidence(stored)} == {"inheritance.json"}
        assert list(question(words).evidence([each for each in stored if each.name == "walk.json"]))


def test_equal_shares_of_the_same_learners_count_once():
    """No Intv. of `table1_quick` was trained again at the same step; both say "in five of five seeds"."""
    names = ("table1_quick", "table1_one_step_procedural_0.1")
    stored = [each for each in in_results() if each.name in names]
    assert len(list(question("Collapse accumulates").evidence(stored))) == 1


def test_the_trials_of_suspects_and_cures_are_read():
    """Their accuracies stand in every fifth task: late are the 25th and the 30th."""
    (trial,) = (each for each in in_results() if each.name == "suspects")
    assert [each.dimension for each in trial] == [2, 8, 64, 256, 64, 64]
    rows = load(TOP / "results/suspects").table.where(setting="type1", method="none", seed=101).rows
    late = [row["test_accuracy"] for row in rows if row["task"] in (24, 29)]
    learned = trial.experiments[0].learners["none"]
    assert learned.seeds == (*range(8), *range(100, 108))
    assert learned.bins("test_accuracy")[learned.seeds.index(101), -1] == pytest.approx(np.mean(late))
    assert any(each.run == "cures_pairs" for each in question("Plasticity is lost").evidence(in_results()))


def test_best_of_six_is_one_question_an_experiment():
    (found,) = question("best of the six methods on pairs").evidence(
        each for each in in_results() if each.name == "table1_tinyimagenet"
    )
    assert found.says == "for"
    assert len(found.numbers) == 5 * BINS
    assert {number.label.split(",")[0] for number in found.numbers} >= {"minus Retrained", "minus No Intv."}


def test_a_single_task_is_not_early_and_late_at_once():
    found = question("falls, and ends").evidence(in_results())
    single = [each for each in found if len(each.numbers) == 1]
    assert {each.run for each in single} == {"controls"}
    assert all(each.numbers[0].label == "late" for each in single)
    assert all(each.numbers[0].values.any() for each in found)


def test_contrary_evidence_changes_a_verdict(tmp_path):
    """A copy of a run in which G-mixup wins every bin, with the labels of G-mixup and No Intv. exchanged."""
    source = TOP / "results" / "table1_tinyimagenet"
    shutil.copytree(source, tmp_path / "as_it_is")
    claim = question("best of the six methods on pairs")
    (before,) = claim.evidence(collect(tmp_path))
    shutil.copytree(source, tmp_path / "exchanged")
    path = tmp_path / "exchanged" / "metrics.csv"
    text = path.read_text().replace("\nnone,", "\nX,").replace("\ng_mixup,", "\nnone,").replace("\nX,", "\ng_mixup,")
    path.write_text(text)
    after = [each for each in claim.evidence(collect(tmp_path)) if each.run == "exchanged"]
    assert [each.says for each in after] == ["against"]
    assert before.says == "for"


def test_a_file_of_an_unknown_kind_is_refused(tmp_path):
    (tmp_path / "new.json").write_text(json.dumps({"environment": {}, "rows": [{"a": 1}]}))
    with pytest.raises(ValueError, match="no run, no sweep"):
        collect(tmp_path)


@pytest.mark.parametrize("claim", ALL, ids=lambda claim: claim.short)
def test_every_claim_has_evidence_and_a_chapter(claim):
    assert claim.quote
    assert claim.asked
    assert (TOP / f"book/chapters/{claim.chapter}.ipynb").exists()
    found = list(claim.evidence(in_results()))
    assert found or claim.remark
    assert {each.says for each in found} <= set(SAYS)


@pytest.mark.parametrize(
    ("short", "in_wide_ones"), [("Collapse accumulates", "against"), ("Stretch accumulates", "for")]
)
def test_the_remarks_on_wide_representations_say_what_their_evidence_says(short, in_wide_ones):
    """Of 32 dimensions and more: where exponents rise, where no change is seen, and who is too few to count."""
    found = question(short).evidence(in_results())
    wide = [each for each in found if int(re.search(r"d = (\d+)", each.of)[1]) >= 32]
    toys = [each.says for each in wide if "toy" in each.of and each.says != "too few seeds"]
    assert len(toys) - toys.count(in_wide_ones) == 1
    small = [each for each in wide if "MLP" in each.of]
    assert {each.says for each in small if "drawn" not in each.of} == {"open"}
    assert {each.says for each in small if "drawn" in each.of} == {in_wide_ones}
    convolutional = [each for each in wide if "Conv" in each.of and each.says == "too few seeds"]
    assert len(convolutional) == 6
    share = np.concatenate([each.numbers[0].kept for each in convolutional]).mean()
    assert share > 0.9 if short.startswith("Collapse") else share < 0.1


def test_the_remark_on_type_2_on_photographs_tells_of_the_run_with_both_signs():
    claim = question("high-dimensional: Type-2")
    (both,) = (each for each in claim.evidence(in_results()) if each.run == "table1_one_step_tinyimagenet_0.05")
    gap, share = both.numbers
    assert (gap.says, share.says, str(share)) == ("for", "too few seeds", "in 5 of 5 seeds")
    assert str(gap) == "+7.1 (+4.5 to +9.8; 5 seeds)"
    assert "7.1 points (4.5 to 9.8)" in claim.remark
    rest = (each for each in claim.evidence(in_results()) if len(each.numbers) == 2 and each.run != both.run)
    assert not any(each.numbers[0].says == "for" for each in rest), "it is the only one"


def test_evidence_by_width_is_all_there_once():
    text = page()
    for claim in (each for each in ALL if each.by_width):
        section = text.split(f". {claim.short}\n", 1)[1].split("\n(claim-", 1)[0]
        pieces = list(claim.evidence(in_results()))
        rows = [line for line in section.splitlines() if line.startswith("| ") and "`results/`" not in line]
        assert len(rows) == len(pieces)
        narrow = section.split("**At most 2 dimensions:**")[1].split("\n**")[0]
        told = Counter(each.says for each in pieces if re.search("d = [12],", each.of))
        assert narrow.count("\n| ") - 1 == sum(told.values()), "and the table's head"
        assert all(f"{number} {says}" in narrow for says, number in told.items())


def test_the_page_is_what_the_stored_runs_give():
    assert (TOP / "book/claims.md").read_text(encoding="utf-8") == page(), "lop-tutorial book claims"


def test_the_page_is_written_by_a_command(tmp_path, capsys):
    assert main(["book", "claims", "--top", str(tmp_path)]) == 2
    assert "top of the repository" in capsys.readouterr().err
    (tmp_path / "book").mkdir()
    assert main(["book", "claims", "--top", str(tmp_path)]) == 0
    assert (tmp_path / "book/claims.md").read_text(encoding="utf-8") == page()


def test_the_readme_counts_the_verdicts():
    every = [judged for part in judge().values() for judged in part]
    counts = Counter(judged.verdict for judged in every)
    supported, partly, none, undecided = (counts[each] for each in VERDICTS[:4])
    text = " ".join((TOP / "README.md").read_text().split())
    told = f"Of {len(ALL)} [claims](book/claims.md) {supported} are supported here, {partly} partly, {none} not"
    assert sum(counts.values()) == supported + partly + none + undecided
    assert f"{told}; {undecided} {'is' if undecided == 1 else 'are'} open." in text
    said = [judged.counts for judged in every if judged.verdict == "partly supported"]
    mostly, hardly = (sum(c[one] > c[other] for c in said) for one, other in (("for", "against"), ("against", "for")))
    assert mostly + hardly == partly
    more = f"in {mostly} of the {partly} more experiments speak for the claim than against it"
    assert f"{more}, in {hardly} more against it" in text


def test_an_experiment_counts_alike_in_a_folder_and_in_an_older_file(tmp_path):
    older = load("inheritance")
    (tmp_path / "inheritance").mkdir()
    for name in ("config", "environment"):
        (tmp_path / f"inheritance/{name}.json").write_text(json.dumps(getattr(older, name)))
    text = ",".join(older.table.columns) + "\n" + lines_of(older.table.rows, older.table.columns)
    (tmp_path / "inheritance/table.csv").write_text(text)
    (new,), (old,) = collect(tmp_path), [source for source in in_results() if source.name == "inheritance.json"]
    for mine, theirs in zip(new, old, strict=True):
        assert (mine.about, set(mine.learners)) == (theirs.about, {"none"})
        for quantity, curves in theirs.learners["none"].curves.items():
            np.testing.assert_allclose(mine.learners["none"].curves[quantity], curves, atol=1e-4)

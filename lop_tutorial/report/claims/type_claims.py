"""What the poster claims of loss of plasticity and its two types."""

from __future__ import annotations

from lop_tutorial.report.claims.claim import Claim
from lop_tutorial.report.claims.questions import HIGH, LOW, each
from lop_tutorial.report.claims.type_questions import (
    accumulates,
    accuracies_of,
    belongs,
    lost,
    mixed_forms,
    multiply_up,
    on_real_pictures,
    one_task,
    strikes_there,
)

_BEFORE_AND_AFTER = "Toys whose exponents were measured at each task's own points before it was learned and after."
_FRESH = "No Intv. minus Retrained, late"
_GAP = "the gap from training to test accuracy"

LOSS = (
    Claim(
        "Plasticity is lost",
        "It refers to the degradation of performance on new tasks, which eventually prevents the system from learning "
        "continuously.",
        f"Every experiment with No Intv. Test accuracy, {_FRESH}: below 0. Where no fresh network was trained: late "
        "minus early.",
        each(lost),
        "what_is_loss_of_plasticity",
        "It depends on the step size: with small steps the same network gets better from task to task.",
    ),
)

TYPE1 = (
    Claim(
        "A task makes the exponents within its classes fall",
        r"$\log\beta = \lambda_{\text{trained}} - \lambda_0 < 0$ within a class",
        f"{_BEFORE_AND_AFTER} log β of the first task, and the mean of all later ones: below 0.",
        one_task("within", "below"),
        "theory",
    ),
    Claim(
        "Collapse accumulates over tasks",
        "Learning progressively causes within-class regions to collapse, and these collapsed areas accumulate during "
        "continual learning.",
        "Every experiment with No Intv. that measured exponents. The median within classes, late minus early: below "
        "0. Where some are −∞: in more than half of the seeds.",
        accumulates("within", "below"),
        "type_1",
        "It does in narrow representations. In small wide networks the exponents within classes rise on drawn pictures "
        "and on all toys but one; on photographs no change is seen. In convolutional networks at large steps they fall "
        "in most seeds, too few to count.",
        by_width=True,
    ),
    Claim(
        "The stretching is the product of the β",
        r"$\lambda_{\text{trained},T} \to -\infty$ within a class, as the product of $\beta_1, \dots, \beta_T \to 0$",
        f"{_BEFORE_AND_AFTER} Summed log β: below 0, and the change from before the first task to after the last minus "
        "0.8 of that sum: below 0.",
        multiply_up("within", "below"),
        "theory",
        "Between two tasks most of what was lost comes back: the new task's points lie elsewhere.",
    ),
    Claim(
        "Type-1 strikes when new representations approach collapsed regions",
        "Type-1 LoP occurs when representations of a new task approach these previously collapsed regions, "
        "characterized by highly negative FTLEs.",
        f"{_BEFORE_AND_AFTER} Where training accuracy falls by more than a point: rank correlation over tasks of the "
        "exponent within classes before learning with the training accuracy after it, above 0; as it is, and among "
        "networks of one age (each on its own task).",
        strikes_there("within", "train_accuracy", "above"),
        "theory",
        "Shown is that low exponents come with bad learning, not that they cause it: with intra-class mixing networks "
        "learn well from starts nearly as collapsed.",
    ),
    Claim(
        "Training and test accuracy both fall",
        "Both training and test accuracies drop sharply, indicating a loss of learning capacity.",
        f"Experiments in which No Intv. shows Type-1 alone by its exponents. Accuracies, {_FRESH}: both below −1 "
        "point.",
        accuracies_of("Type-1"),
        "type_1",
    ),
    Claim(
        "Type-1 belongs to low-dimensional representations",
        "According to our theory, Type-1 LoP is more likely to occur in low-dimensional representation spaces.",
        f"Every experiment with No Intv. and Retrained. Training accuracy, {_FRESH}: below −1 point with at most "
        f"{LOW} dimensions, above −1 point with at least {HIGH}; of one plan at several widths also the change "
        "with every doubling: above 0.",
        belongs("Type-1"),
        "type_2",
        "It also takes units that saturate, and SmallConv, with 64 dimensions, shows it.",
        by_width=True,
    ),
)

TYPE2 = (
    Claim(
        "A task makes the exponents between its classes rise",
        r"$\log\alpha = \lambda_{\text{trained}} - \lambda_0 > 0$ between classes",
        f"{_BEFORE_AND_AFTER} log α of the first task, and the mean of all later ones: above 0.",
        one_task("between", "above"),
        "theory",
        "With 256 dimensions the first task stretches; later ones begin stretched and end about where they began.",
    ),
    Claim(
        "Stretch accumulates over tasks",
        "Learning progressively causes inter-class regions to expand, and this expansion accumulates during continual "
        "learning.",
        "Every experiment with No Intv. that measured exponents. The median between classes, late minus early: above "
        "0. Where some are −∞: in more than half of the seeds.",
        accumulates("between", "above"),
        "type_2",
        "In small wide networks the exponents between classes rise on drawn pictures and on all toys but one; on "
        "photographs no change is seen. In convolutional networks at large steps they rise in hardly any seed, too few "
        "to count. In narrow representations they fall.",
        by_width=True,
    ),
    Claim(
        "The stretching is the product of the α",
        r"$\lambda_{\text{trained},T} \to \infty$ between classes, "
        r"as the product of $\alpha_1, \dots, \alpha_T \to \infty$",
        f"{_BEFORE_AND_AFTER} Summed log α: above 0, and the change from before the first task to after the last minus "
        "0.8 of that sum: above 0.",
        multiply_up("between", "above"),
        "theory",
    ),
    Claim(
        "Type-2 strikes when new representations approach over-stretched regions",
        "Type-2 LoP occurs when representations of a new task approach these overly stretched regions in "
        "representation space, characterized by highly positive FTLEs.",
        f"{_BEFORE_AND_AFTER} Where test accuracy falls by more than a point: rank correlation over tasks of the "
        "exponent between classes before learning with the test accuracy after it, below 0; as it is, and among "
        "networks of one age (each on its own task).",
        strikes_there("between", "test_accuracy", "below"),
        "theory",
        "With 256 dimensions stretch does not predict the loss among networks of one age; what speaks for the claim is "
        "that both grow with the number of tasks. The two pieces against are of two-dimensional networks, whose loss "
        "is Type-1: the question is put to every toy whose test accuracy falls.",
        by_width=True,
    ),
    Claim(
        "Training accuracy stays high while test accuracy falls",
        "Training accuracy remains high due to the chaotic and over-expressive representation space, while test "
        "accuracy degrades, indicating a loss of generalization capacity.",
        f"Experiments in which No Intv. shows Type-2 alone by its exponents. {_FRESH}: training accuracy above −1 "
        "point, test accuracy below −1 point.",
        accuracies_of("Type-2"),
        "type_2",
    ),
    Claim(
        "Type-2 belongs to high-dimensional representations",
        "According to our theory, Type-2 LoP is more likely to occur in high-dimensional representation spaces.",
        f"Every experiment with No Intv. and Retrained. {_GAP.capitalize()}, {_FRESH}: above 1 point with at least "
        f"{HIGH} dimensions, below 1 point with at most {LOW}; of one plan at several widths also the change with "
        "every doubling: above 0.",
        belongs("Type-2"),
        "type_2",
        "A network that no longer learns its training data has no gap, whatever its width.",
        by_width=True,
    ),
)

REAL = (
    Claim(
        "Real data, low-dimensional: Type-1",
        "We validate our theoretical prediction on real datasets, confirming the existence of two different types of "
        "LoP (of its two panels, *Low Dim Space*)",
        f"Experiments on real pictures with at most {LOW} dimensions. Training accuracy, {_FRESH}: below −1 point; and "
        "the 5 % quantile of exponents within classes, where measured, lower than Retrained's in more than half of the "
        "seeds.",
        on_real_pictures("Type-1"),
        "real_images",
    ),
    Claim(
        "Real data, high-dimensional: Type-2",
        "We validate our theoretical prediction on real datasets, confirming the existence of two different types of "
        "LoP (of its two panels, *High Dim Space*)",
        f"Experiments on real pictures with at least {HIGH} dimensions. {_GAP.capitalize()}, {_FRESH}: above 1 point; "
        "and the 95 % quantile of exponents between classes, where measured, higher than Retrained's in more than half "
        "of the seeds.",
        on_real_pictures("Type-2"),
        "real_images",
        "A network that has lost its training accuracy has no gap left to show: at chance both accuracies are the "
        "same. The SmallConvs at step sizes of 0.085 and 0.1 are such networks. And a larger gap is not yet a loss: at "
        "0.01, and where classes are added, the old network is ahead on new pictures, too. The one run with both "
        "signs, `table1_one_step_tinyimagenet_0.05`, is set aside because a share of seeds needs six: its gap is "
        "larger by 7.1 points (4.5 to 9.8) and its exponents are higher in five of five seeds. One more seed would "
        "decide it.",
    ),
    Claim(
        "Real data: mixed forms",
        "and their mixed forms",
        "Experiments on real pictures that measured exponents. The lowest within classes lower, and the highest "
        "between them higher, than Retrained's, each in more than half of the seeds. One example is enough.",
        each(mixed_forms),
        "real_images",
        exists=True,
    ),
)

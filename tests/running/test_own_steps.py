"""Methods with step sizes of their own."""

from dataclasses import replace

import numpy as np
import pytest
from trust import TINY

from lop_tutorial.running import Results, carry_out, rows
from lop_tutorial.running.carry_out import begun

PLAN = replace(TINY, methods=("none", "l2_init", "g_mixup"), seeds=(0, 1), tasks=3)


def test_each_learner_is_the_one_of_a_plan_with_its_step_size_alone():
    own = replace(PLAN, step_sizes={"l2_init": 0.2, "g_mixup": 0.01})
    found = list(rows(own))
    assert len(found) == own.steps
    for method, step_size in (("none", 0.05), ("l2_init", 0.2), ("g_mixup", 0.01)):
        alone = replace(PLAN, methods=(method,), training=replace(PLAN.training, step_size=step_size))
        mine, others = Results(tuple(found)), Results(tuple(rows(alone)))
        for quantity in ("train_accuracy", "test_accuracy", "train_loss"):
            np.testing.assert_allclose(mine.curves(method, quantity), others.curves(method, quantity), rtol=1e-4)


def test_a_step_size_for_a_method_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match=r"step_sizes names 'cbp'; the methods are none, l2_init, g_mixup"):
        replace(PLAN, step_sizes={"cbp": 0.1})


def test_a_run_that_is_older_than_the_setting_can_be_gone_on_with(tmp_path):
    folder = tmp_path / "run"
    list(carry_out(PLAN, "quick", folder))
    config = (folder / "config.json").read_text()
    assert '"step_sizes": {},\n' in config
    older = config.replace('  "step_sizes": {},\n', "").replace('  "dead_after": 0,\n', "")
    assert len(older) < len(config)
    (folder / "config.json").write_text(older)
    assert begun(folder, PLAN, "quick")
    with pytest.raises(ValueError, match="other settings"):
        begun(folder, replace(PLAN, step_sizes={"none": 0.1}), "quick")


def test_a_run_with_step_sizes_can_be_gone_on_with(tmp_path):
    own = replace(PLAN, step_sizes={"l2_init": 0.2})
    list(carry_out(own, "quick", tmp_path / "run"))
    assert begun(tmp_path / "run", own, "quick")
    with pytest.raises(ValueError, match=r"step_sizes.l2_init is 'not set', was 0.2"):
        begun(tmp_path / "run", PLAN, "quick")

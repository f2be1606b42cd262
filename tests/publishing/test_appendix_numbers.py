"""Numbers of figures and equations in the appendix."""

from lop_tutorial.publishing.appendix_numbers import renumber


def test_the_appendix_counts_for_itself_and_others_go_on_without_it():
    numbers = {
        "index": {"figure": {"a": (1,)}},
        "chapter": {"figure": {"b": (4, 1)}, "displaymath": {"c": (4, 1)}},
        "appendix": {"figure": {"d": (2,), "e": (3,)}, "displaymath": {"f": (1,)}},
        "notation": {"figure": {"g": (4,)}, "displaymath": {"h": (2,), "i": (3,)}},
    }
    renumber(numbers, ["appendix"])
    assert numbers == {
        "index": {"figure": {"a": (1,)}},
        "chapter": {"figure": {"b": (4, 1)}, "displaymath": {"c": (4, 1)}},
        "appendix": {"figure": {"d": ("A", 1), "e": ("A", 2)}, "displaymath": {"f": ("A", 1)}},
        "notation": {"figure": {"g": (2,)}, "displaymath": {"h": (1,), "i": (2,)}},
    }

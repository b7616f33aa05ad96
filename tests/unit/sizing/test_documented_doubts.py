from pathlib import Path

import pytest

from cpost.sizing.doubts.doubt import DoubtKind

NUMBERS = Path(__file__).parents[3] / "docs" / "numbers.md"


@pytest.mark.parametrize("kind", list(DoubtKind))
def test_every_doubt_is_explained_in_the_page_of_numbers(kind):
    assert f"| `{kind.value}` |" in NUMBERS.read_text(encoding="utf-8")

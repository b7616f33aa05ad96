from __future__ import annotations

import pytest

import demo_image


@pytest.mark.parametrize(("python", "numpy"), [("3.10", "2.2"), ("3.11", "2.4"), ("3.13", "2.4")])
def test_packages_are_chosen_for_the_images_python_not_for_this_one(
    python: str, numpy: str
) -> None:
    names = [line.partition("==")[0] for line in demo_image.requirements_for(python)]
    assert sorted(names) == ["numpy", "pydicom", "scipy"]
    assert any(line.startswith(f"numpy=={numpy}.") for line in demo_image.requirements_for(python))


def test_the_image_depends_on_its_base_and_on_its_files() -> None:
    assert demo_image.digest_of_inputs("sha256:one") == demo_image.digest_of_inputs("sha256:one")
    assert demo_image.digest_of_inputs("sha256:one") != demo_image.digest_of_inputs("sha256:two")

from __future__ import annotations

import pytest

import demo_image
import packages
import triton_image


@pytest.mark.parametrize(("python", "numpy"), [("3.10", "2.2"), ("3.11", "2.4"), ("3.13", "2.4")])
def test_packages_are_chosen_for_the_images_python_not_for_this_one(
    python: str, numpy: str
) -> None:
    lines = packages.requirements_for(python, demo_image.REQUIREMENTS)
    (chosen,) = [line for line in lines if line.startswith("numpy==")]
    assert chosen.startswith(f"numpy=={numpy}.")


def test_every_package_is_pinned_as_pip_is_told_to_look_for_no_others() -> None:
    for file in (demo_image.REQUIREMENTS, triton_image.TRITON / "requirements.txt"):
        lines = packages.requirements_for("3.11", file)
        assert lines
        assert all("==" in line for line in lines)


def test_an_architecture_without_wheels_is_told() -> None:
    with pytest.raises(packages.PackagesError, match="riscv64"):
        packages.site(["numpy==1.26.4"], "3.11", "riscv64")

from __future__ import annotations

from pathlib import Path

import pytest

import triton_image
from triton_image import TritonImageError, lay_out, require_python


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A tree like that of NVIDIA's wheel, of empty files."""
    for name in (
        "nvidia_pytriton.libs/libtritonserver-717102f0.so",
        "nvidia_pytriton.libs/libpython3-419a3a08.13.so.1.0",
        "pytriton/triton.py",
        "pytriton/tritonserver/bin/tritonserver",
        "pytriton/tritonserver/backends/python/libtriton_python.so",
        "pytriton/tritonserver/python_backend_stubs/3.10/triton_python_backend_stub",
        "pytriton/tritonserver/python_backend_stubs/3.11/triton_python_backend_stub",
    ):
        file = tmp_path / "wheel" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path / "wheel"


def test_the_server_is_laid_out_as_in_nvidias_image_with_the_pythons_own_backend(
    wheel: Path, tmp_path: Path
) -> None:
    tree = tmp_path / "tritonserver"
    lay_out(wheel, "3.11", tree)
    files = {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}
    assert files == {
        "bin/tritonserver",
        "lib/libtritonserver-717102f0.so",
        "backends/python/libtriton_python.so",
        "backends/python/triton_python_backend_stub",
    }
    assert "/3.11/" in (tree / "backends/python/triton_python_backend_stub").read_text()


def test_a_python_that_the_wheel_has_no_backend_for_is_told(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(TritonImageError, match=r"no backend for Python 3\.12"):
        lay_out(wheel, "3.12", tmp_path / "tritonserver")


@pytest.mark.parametrize("python", ["3.13", "3.14"])
def test_a_base_image_whose_python_is_too_new_is_told(python: str) -> None:
    with pytest.raises(TritonImageError, match=rf"has Python {python}; .* takes 3\.12 at most"):
        require_python(python)


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12"])
def test_a_base_image_whose_python_the_backend_takes_is_accepted(python: str) -> None:
    require_python(python)


def test_the_image_is_named_for_the_server_it_holds() -> None:
    requirements = (triton_image.TRITON / "requirements.txt").read_text()
    assert triton_image.IMAGE.rpartition(":")[2] in requirements

"""Have an image with Python at hand: pulled, or built from this host's own distribution.

Prints the image's name on stdout; what it does, on stderr. Where a registry answers it is the
usual Python image; where none does, a minimal Debian or Ubuntu of the host's own release, made by
mmdebstrap from the mirror that the host's apt uses.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import docker
from docker.errors import APIError
from requests.exceptions import RequestException

from cpost.engine.connection import Endpoint
from cpost.errors import CpostError

REPOSITORY = "cpost-base/python"
PULLED_REPOSITORY, PULLED_TAG = "python", "3.11-slim"
# A registry that is there says something at once, and goes on saying something.
REGISTRY_TIMEOUT_S = 15.0
# What os-release and apt call the distributions that mmdebstrap can make.
ORIGINS = {"debian": "Debian", "ubuntu": "Ubuntu"}
TELL_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


class BaseImageError(Exception):
    """No base image can be had; the message is one line that says why."""


def provide(endpoint: Endpoint) -> str:
    """Return the name of an image with Python, ``cpost-base/python:<x.y>``; BaseImageError."""
    api = endpoint.client()
    for image in api.images(name=REPOSITORY):
        return str(image["RepoTags"][0])
    image_id = _pull(endpoint.client(REGISTRY_TIMEOUT_S)) or _build(api)
    tag = ask_python(api, image_id, TELL_VERSION)
    api.tag(image_id, REPOSITORY, tag)
    return f"{REPOSITORY}:{tag}"


def python_version_of(image: str) -> str:
    """Return ``3.11`` or the like, which is the tag of an image that ``provide`` has named."""
    return image.rpartition(":")[2]


def ask_python(api: docker.APIClient, image: str, code: str) -> str:
    """Return what ``code`` prints when the image's Python executes it; BaseImageError."""
    container = api.create_container(image, ["python3", "-c", code], network_disabled=True)
    try:
        api.start(container)
        exit_code = api.wait(container)["StatusCode"]
        output = str(api.logs(container), "utf-8", "replace").strip()
    finally:
        api.remove_container(container, force=True)
    if exit_code:
        raise BaseImageError(f"its Python does not work: {output!r}")
    return output


def _say(text: str) -> None:
    print(f"base image: {text}", file=sys.stderr, flush=True)


def _pull(api: docker.APIClient) -> str | None:
    """Return the pulled image's id; None where no registry gives it."""
    reference = f"{PULLED_REPOSITORY}:{PULLED_TAG}"
    _say(f"pulling {reference}")
    try:
        for event in api.pull(PULLED_REPOSITORY, tag=PULLED_TAG, stream=True, decode=True):
            if "error" in event:
                _say(f"cannot be pulled: {event['error'].rpartition(': ')[2]}")
                return None
        return str(api.inspect_image(reference)["Id"])  # type: ignore[no-untyped-call]
    except APIError as error:
        _say(f"cannot be pulled: {str(error.explanation).rpartition(': ')[2]}")
    except RequestException:
        _say(f"cannot be pulled: the registry did not answer within {REGISTRY_TIMEOUT_S:.0f} s")
    return None


def _build(api: docker.APIClient) -> str:
    """Return the id of an image of the host's own release, with its Python; BaseImageError."""
    release = platform.freedesktop_os_release()
    suite, origin = release.get("VERSION_CODENAME", ""), ORIGINS.get(release["ID"], "")
    if not suite or not origin:
        raise BaseImageError("without a registry it can be built on Debian and Ubuntu only")
    if not shutil.which("mmdebstrap"):
        installer = Path(__file__).with_name("apt_install.sh")
        if subprocess.run([installer, "base image", "mmdebstrap"], check=False).returncode:
            raise BaseImageError("mmdebstrap is not here")
    _say(f"building it from {origin} {suite} (about half a minute)")
    return _import_tree(api, suite, _mirror(suite, origin))


def _mirror(suite: str, origin: str) -> str:
    """Return where the host's apt fetches the release from."""
    wanted = ["Created-By: Packages", f"Codename: {suite}", f"Origin: {origin}"]
    lines = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", *wanted],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    if not lines:
        raise BaseImageError(f"apt knows no mirror of {origin} {suite}")
    return lines[0]


def _import_tree(api: docker.APIClient, suite: str, mirror: str) -> str:
    command = [
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        "--include=python3",
        suite,
        "-",
        mirror,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as bootstrap:
        answer = api.import_image_from_stream(bootstrap.stdout)
    image_id = str(json.loads(answer)["status"])
    if bootstrap.returncode:
        # What came through the pipe was a torso.
        api.remove_image(image_id)
        raise BaseImageError(f"mmdebstrap ended with exit code {bootstrap.returncode}")
    return image_id


def main() -> None:
    """Print the name, or one line that says why there is none."""
    try:
        print(provide(Endpoint.find(os.environ)))
    except (BaseImageError, CpostError) as error:
        sys.exit(f"base image: {error}")


if __name__ == "__main__":
    main()

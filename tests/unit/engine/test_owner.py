import os
import subprocess
import sys
from dataclasses import replace

from cpost.engine.owner import Owner, start_ticks, token_is_alive


def test_this_process_is_alive_by_its_labels() -> None:
    owner = Owner.from_labels(Owner.current("s1").labels())
    assert owner is not None
    assert owner.pid == os.getpid()
    assert owner.may_be_alive()


def test_a_reused_process_number_is_not_the_same_owner() -> None:
    owner = Owner.current("s1")
    assert not replace(owner, start_ticks=owner.start_ticks - 1).may_be_alive()


def test_a_process_that_ended_is_dead_even_before_its_parent_has_noticed() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    ticks = start_ticks(child.pid)
    assert ticks is not None
    namespace = Owner.current("s").token.partition("i")[2]
    token = f"{child.pid}x{ticks}i{namespace}n3"
    assert token_is_alive(token)
    assert child.stdin is not None
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # a zombie now
    assert not token_is_alive(token)
    child.wait()
    assert not token_is_alive(token)


def test_an_owner_on_another_host_or_of_another_boot_may_always_be_alive() -> None:
    owner = replace(Owner.current("s1"), pid=1, start_ticks=-1)
    assert not owner.may_be_alive()
    assert replace(owner, host="elsewhere").may_be_alive()
    assert replace(owner, namespace="another boot").may_be_alive()


def test_labels_that_are_not_ours_tell_no_owner() -> None:
    assert Owner.from_labels({}) is None
    assert Owner.from_labels({"com.docker.compose.project": "x"}) is None
    assert Owner.from_labels({**Owner.current("s").labels(), "cpost.pid": "many"}) is None


def test_what_is_no_token_or_of_another_namespace_is_left_alone() -> None:
    for text in ("", "x", "12", "12x", "x12", "axb", "1x2y", "somebody", "1x2i3n4"):
        assert token_is_alive(text)


def test_an_owners_token_leads_back_to_it() -> None:
    assert token_is_alive(f"{Owner.current('s').token}n1")
    assert not token_is_alive(f"{replace(Owner.current('s'), start_ticks=1).token}n1")

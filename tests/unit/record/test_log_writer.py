import threading

import pytest

from cpost.record.log_writer import LogWriter


def failures(path, error):
    raise AssertionError(f"{path}: {error}")


def logs(folder, max_bytes, tell_failure=failures):
    return LogWriter(folder, max_bytes, tell_failure)


def texts(folder):
    return (folder / "stdout.log").read_bytes(), (folder / "stderr.log").read_bytes()


def test_streams_are_kept_apart_and_whole(tmp_path):
    writer = logs(tmp_path, 100)
    writer.write("stdout", b"one\n")
    writer.write("stderr", b"oh\n")
    writer.write("stdout", b"\xff\x00two")
    writer.close()
    assert texts(tmp_path) == (b"one\n\xff\x00two", b"oh\n")
    assert writer.cut_bytes == {"stdout": 0, "stderr": 0}


def test_output_of_exactly_the_limit_is_not_cut(tmp_path):
    writer = logs(tmp_path, 100)
    writer.write("stdout", b"a" * 60)
    writer.write("stderr", b"b" * 40)
    writer.close()
    assert texts(tmp_path) == (b"a" * 60, b"b" * 40)


@pytest.mark.parametrize("limit", [0, 1, 40, 60, 100, 200, 1000])
@pytest.mark.parametrize("stderr_bytes", [0, 30, 5000])
@pytest.mark.parametrize("chunk", [1, 7, 5000])
def test_both_logs_together_never_exceed_the_limit(tmp_path, limit, stderr_bytes, chunk):
    writer = logs(tmp_path, limit)
    for stream, count in (("stderr", stderr_bytes), ("stdout", 5000)):
        for at in range(0, count, chunk):
            writer.write(stream, b"x" * min(chunk, count - at))
    assert sum(map(len, texts(tmp_path))) <= limit
    writer.close()
    out, err = texts(tmp_path)
    assert len(out) + len(err) <= limit
    cut = writer.cut_bytes
    assert (
        out.count(b"x")
        + err.count(b"x")
        - out.count(b"max")
        - err.count(b"max")
        + sum(cut.values())
        == 5000 + stderr_bytes
    )


def test_the_last_line_of_a_log_that_was_cut_says_how_much_is_missing(tmp_path):
    writer = logs(tmp_path, 1000)
    writer.write("stderr", b"short")
    writer.write("stdout", b"x" * 10_000)
    writer.close()
    out, err = texts(tmp_path)
    assert err == b"short"
    missing = 10_000 - out.rstrip(b"\n").rpartition(b"\n")[0].count(b"x")
    assert out.endswith(f"\n[cpost: {missing} bytes cut: --max_log_bytes 1000]\n".encode())
    assert writer.cut_bytes["stdout"] == missing


def test_room_is_given_to_whoever_comes_first(tmp_path):
    writer = logs(tmp_path, 1000)
    writer.write("stdout", b"x" * 1000)
    writer.write("stderr", b"too late")
    writer.close()
    out, err = texts(tmp_path)
    assert err == b"\n[cpost: 8 bytes cut: --max_log_bytes 1000]\n"
    assert out.endswith(b" bytes cut: --max_log_bytes 1000]\n")  # it made room for both lines


def test_what_comes_after_the_end_is_only_counted(tmp_path):
    writer = logs(tmp_path, 1000)
    writer.close()
    writer.write("stdout", b"late")
    writer.close()
    assert texts(tmp_path) == (b"", b"")
    assert writer.cut_bytes["stdout"] == 4


def test_a_disk_that_refuses_is_told_and_the_rest_counted(tmp_path, full_disk):
    told = []
    writer = logs(tmp_path, 10_000, lambda path, error: told.append((path.name, error)))
    full_disk(600)
    writer.write("stdout", b"x" * 1000)
    writer.write("stdout", b"x" * 1000)
    writer.close()
    assert {name for name, _ in told} == {"stdout.log"}
    assert writer.why_cut == "the disk refused it"
    assert (tmp_path / "stdout.log").stat().st_size <= 600
    assert writer.kept_bytes["stdout"] + writer.cut_bytes["stdout"] >= 2000


def test_logs_that_cannot_be_made_are_told_and_counted(tmp_path):
    told = []
    writer = logs(tmp_path / "no", 100, lambda path, error: told.append(path.name))
    writer.write("stderr", b"abc")
    writer.close()
    assert told == ["stdout.log", "stderr.log"]
    assert writer.cut_bytes == {"stdout": 0, "stderr": 3}


def test_threads_that_write_at_once_lose_nothing(tmp_path):
    writer = logs(tmp_path, 100_000)

    def print_a_lot(stream):
        for _ in range(1000):
            writer.write(stream, b"0123456789")

    threads = [threading.Thread(target=print_a_lot, args=[s]) for s in ("stdout", "stderr") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    assert texts(tmp_path) == (b"0123456789" * 2000, b"0123456789" * 2000)

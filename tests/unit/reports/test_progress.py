import io
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from report_examples import run, sample

from cpost.reports.progress import Gauge, Progress


class Clock:
    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


def test_the_line_tells_place_time_usage_and_name():
    clock = Clock()
    gauge = Gauge(clock)
    gauge.begin("reader", "[2/4]")
    assert gauge.line() == "[2/4]  reader"
    gauge.newest = sample(0)
    clock.now_s += 12
    assert gauge.line() == "[2/4]  12.0 s  20.0 MB  reader"
    gauge.newest = sample(3, memory_bytes=405_242_000)
    assert gauge.line() == "[2/4]  12.0 s  CPU 50 %  405.2 MB  reader"


def test_usage_is_taken_between_drawings_and_stays_until_there_is_a_newer_sample():
    gauge = Gauge(Clock())
    gauge.begin("reader")
    for k in (0, 1, 2):
        gauge.newest = sample(k)
    gauge.line()
    gauge.newest = sample(4, cpu_usage_usec=sample(2).cpu_usage_usec + 400_000)
    assert "CPU 200 %" in gauge.line()
    assert "CPU 200 %" in gauge.line()


def test_the_next_operator_begins_without_the_figures_of_the_last():
    gauge = Gauge(Clock())
    gauge.begin("reader")
    for k in (0, 1):
        gauge.newest = sample(k)
        gauge.line()
    gauge.begin("writer")
    assert gauge.line() == "writer"
    gauge.newest = sample(9)
    assert "CPU" not in gauge.line()


def test_where_nobody_watches_nothing_is_written():
    stream = io.StringIO()
    with Progress(stream) as progress:
        progress.status("pulling reader:1")
        progress.run_began("reader", 1, 1)
        progress.container_started("c")
        progress.sampled(sample(0))
        progress.run_ended(run())
    assert stream.getvalue() == ""


class TerminalGone(io.StringIO):
    def isatty(self):
        return True

    def write(self, text):
        raise OSError(5, "Input/output error")


def test_a_terminal_that_goes_away_ends_nothing(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    with Progress(TerminalGone()) as progress:
        progress.run_began("reader", 1, 1)
        progress.sampled(sample(0))
        progress.run_ended(run())


SCRIPT = """
import os, sys, time
sys.path.insert(0, {folder!r})
from report_examples import run, sample
from cpost.reports.progress import Progress

with Progress(sys.stderr) as progress:
    if {pulling!r}:
        progress.status("pulling reader:1")
        time.sleep(0.4)
        progress.status("")
        print("pulled", flush=True)
        progress.status("pulling writer:1")
        time.sleep(0.4)
    progress.run_began("register-volume-images-for-rendering", 1, 4)
    print("The container id is: 47ca", flush=True)
    progress.container_started("47ca")
    for k in range(8):
        progress.sampled(sample(k))
        time.sleep(0.1)
    if {interrupted!r}:
        raise SystemExit(130)
    progress.run_ended(run())
    print("Summary", flush=True)
print("rich" if "rich" in sys.modules else "plain", flush=True)
"""


def on_terminal(columns=80, term="xterm", *, pulling=False, interrupted=False):
    """What the script writes to a terminal of its own."""
    code = SCRIPT.format(
        folder=str(Path(__file__).parent), pulling=pulling, interrupted=interrupted
    )
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TERM": term, "COLUMNS": str(columns)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs, env=environ
    ) as process:
        os.close(theirs)
        text = b""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and select.select([ours], [], [], 30)[0]:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the terminal's other end is closed
                break
            text += piece
        os.close(ours)
    assert process.returncode == (130 if interrupted else 0), text.decode()
    return text.decode().replace("\r\n", "\n")


ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def screen(text, columns):
    """The lines that are left on a terminal after ``text``: a terminal in a few lines."""
    rows, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[[0-9;?]*[a-zA-Z]|.|\n", text):
        if token == "\n":
            row, column = row + 1, 0
            rows += [""] * (row + 1 - len(rows))
        elif token == "\r":
            column = 0
        elif token.startswith("\x1b"):
            if token[-1] == "A":
                row -= int(token[2:-1] or 1)
            elif token[-1] == "K":
                rows[row] = "" if token[2:-1] == "2" else rows[row][:column]
        else:
            if column == columns:
                row, column = row + 1, 0
                rows += [""] * (row + 1 - len(rows))
            rows[row] = rows[row][:column].ljust(column) + token + rows[row][column + 1 :]
            column += 1
    return [line.rstrip() for line in rows if line.rstrip()]


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_on_a_terminal_the_line_is_drawn_in_one_row_and_gone_at_the_end(columns):
    text = on_terminal(columns)
    assert screen(text, columns) == ["The container id is: 47ca", "Summary", "rich"]
    drawn = [line for line in re.split(r"[\r\n]", ESCAPES.sub("", text)) if "[1/4]" in line]
    assert 2 <= len(drawn) <= 7
    assert all(len(line) <= columns for line in drawn)
    assert "CPU 50 %  20.0 MB  regis" in drawn[-1]
    if columns >= 80:
        assert drawn[-1].rstrip().endswith("register-volume-images-for-rendering")


def test_the_line_of_a_pull_is_gone_when_the_first_operator_begins():
    text = on_terminal(pulling=True)
    assert "pulling reader:1" in text
    assert "pulling writer:1" in text
    assert screen(text, 80) == ["pulled", "The container id is: 47ca", "Summary", "rich"]


def test_an_interrupt_leaves_no_line_behind():
    text = on_terminal(interrupted=True)
    assert "[1/4]" in text
    assert screen(text, 80) == ["The container id is: 47ca"]


def test_the_cursor_is_never_hidden():
    assert "\x1b[?25l" not in on_terminal()


def test_a_terminal_that_cannot_redraw_gets_no_line_and_costs_no_rich():
    text = on_terminal(term="dumb")
    assert text == "The container id is: 47ca\nSummary\nplain\n"

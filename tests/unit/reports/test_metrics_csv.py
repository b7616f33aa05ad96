import csv
from pathlib import Path

from report_examples import MB, STARTED_NS, run, sample, skipped

from cpost.record.run import Run
from cpost.reports.metrics_csv import HEADER, MetricsCsv, metrics_lines

COLUMNS = [
    "timestamp",
    "cpu_percent",
    "memory",
    "memory_bytes",
    "working_set_bytes",
    "hard_bytes",
    "cpu_usec",
    "throttled_usec",
    "pids",
    "io_read_bytes",
    "io_write_bytes",
]


def execute(metrics: MetricsCsv, name: str, count: int) -> Run:
    metrics.run_began(name, 1, 1)
    metrics.container_started("c")
    for k in range(count):
        metrics.sampled(sample(k))
    ended = run(name, [sample(k) for k in range(count)])
    metrics.run_ended(ended)
    return ended


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_first_columns_are_the_originals_and_more_come_after_them(tmp_path):
    with MetricsCsv(tmp_path) as metrics:
        execute(metrics, "reader", 3)
    found = rows(tmp_path / "reader_final_result.csv")
    assert list(found[0]) == COLUMNS
    assert [row["timestamp"] for row in found] == [
        "1795000000.123456",
        "1795000000.223456",
        "1795000000.323456",
    ]
    assert [row["cpu_percent"] for row in found] == ["0.000", "50.000", "50.000"]
    assert [row["memory"] for row in found] == ["20.000"] * 3
    assert [row["cpu_usec"] for row in found] == ["5000", "55000", "105000"]


def test_what_was_not_measured_is_an_empty_cell():
    known = sample(1, inactive_file_bytes=5 * MB, hard_bytes=7, throttled_usec=0, pids=2)
    known_line, unknown_line = list(metrics_lines([known, sample(2)]))[1:]
    assert known_line.endswith(",20000000,15000000,7,55000,0,2,,\n")
    assert unknown_line.endswith(",20000000,,,105000,,,,\n")


def test_the_fraction_of_a_timestamp_keeps_its_leading_zeros():
    line = list(metrics_lines([sample(0, wall_ns=STARTED_NS // 10**9 * 10**9 + 7_999)]))[1]
    assert line.startswith("1795000000.000007,")


def test_rows_are_there_while_the_operator_executes(tmp_path):
    with MetricsCsv(tmp_path) as metrics:
        metrics.run_began("reader", 1, 1)
        assert (tmp_path / "reader_final_result.csv").read_text() == HEADER
        metrics.sampled(sample(0))
        metrics.sampled(sample(1))
        assert len(rows(tmp_path / "reader_final_result.csv")) == 2


def test_an_operator_without_samples_has_just_the_header(tmp_path):
    with MetricsCsv(tmp_path) as metrics:
        execute(metrics, "reader", 0)
    assert (tmp_path / "reader_final_result.csv").read_text() == HEADER


def test_an_operator_that_was_skipped_has_no_file(tmp_path):
    with MetricsCsv(tmp_path) as metrics:
        metrics.run_ended(skipped())
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_made_if_missing_and_the_path_is_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with MetricsCsv(Path("new/metrics")) as metrics:
        execute(metrics, "reader", 1)
    assert metrics.path == tmp_path / "new" / "metrics" / "reader_final_result.csv"


def test_older_files_are_kept_and_the_newest_has_the_plain_name(tmp_path):
    for count in (1, 2, 3):
        with MetricsCsv(tmp_path) as metrics:
            execute(metrics, "reader", count)
    path = tmp_path / "reader_final_result.csv"
    assert len(rows(path)) == 3
    assert len(rows(tmp_path / "reader_final_result.csv.1")) == 1
    assert len(rows(tmp_path / "reader_final_result.csv.2")) == 2


def test_a_number_that_was_freed_is_not_taken_again(tmp_path):
    for count in (1, 2, 3):
        with MetricsCsv(tmp_path) as metrics:
            execute(metrics, "reader", count)
    (tmp_path / "reader_final_result.csv.1").unlink()
    with MetricsCsv(tmp_path) as metrics:
        execute(metrics, "reader", 4)
    assert len(rows(tmp_path / "reader_final_result.csv.3")) == 3


def test_each_operator_has_its_own_file_and_its_own_first_row(tmp_path):
    with MetricsCsv(tmp_path) as metrics:
        execute(metrics, "reader", 2)
        execute(metrics, "writer", 2)
    assert rows(tmp_path / "writer_final_result.csv")[0]["cpu_percent"] == "0.000"
    assert len(rows(tmp_path / "reader_final_result.csv")) == 2


def test_a_name_of_255_letters_finds_room_in_a_file_name(tmp_path):
    with MetricsCsv(tmp_path) as metrics:
        execute(metrics, "x" * 255, 1)
        execute(metrics, "x" * 255, 1)
    assert metrics.failure is None
    assert len(list(tmp_path.iterdir())) == 2


def test_a_counter_that_goes_backwards_gives_no_negative_usage():
    lines = list(metrics_lines([sample(0), sample(1, cpu_usage_usec=0), sample(1)]))[1:]
    assert [line.split(",")[1] for line in lines] == ["0.000", "0.000", "0.000"]


def test_a_folder_that_cannot_be_made_is_remembered_not_raised(tmp_path):
    (tmp_path / "file").write_text("")
    with MetricsCsv(tmp_path / "file" / "metrics") as metrics:
        execute(metrics, "reader", 2)
    assert metrics.path is None
    assert "reader_final_result.csv: Not a directory" in str(metrics.failure)
    assert metrics.failure.hint == "keep results elsewhere: --metrics_dir DIR"


def test_a_disk_that_fills_up_ends_the_file_and_the_next_one_is_tried(tmp_path, full_disk):
    with MetricsCsv(tmp_path) as metrics:
        metrics.run_began("reader", 1, 2)
        full_disk(300)
        for k in range(10):
            metrics.sampled(sample(k))
        metrics.run_ended(run("reader"))
        assert metrics.path is None
        assert (tmp_path / "reader_final_result.csv").read_text().endswith("\n")
        first = metrics.failure
        full_disk(100_000)
        execute(metrics, "writer", 5)
        assert metrics.path == tmp_path / "writer_final_result.csv"
    assert metrics.failure is first
    assert "reader_final_result.csv" in str(first)
    assert len(rows(tmp_path / "writer_final_result.csv")) == 5


def test_a_session_that_is_interrupted_leaves_a_whole_file(tmp_path):
    with MetricsCsv(tmp_path) as metrics:
        metrics.run_began("reader", 1, 1)
        metrics.sampled(sample(0))
    assert (tmp_path / "reader_final_result.csv").read_text().endswith("\n")

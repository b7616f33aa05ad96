from dataclasses import replace

import pytest
from report_examples import run

from cpost.record.gpu import GpuUse
from cpost.reports.facts import fact_lines
from cpost.reports.gpu_words import gpu_words
from cpost.reports.operator_json import operator_object
from cpost.reports.tables import final_table
from cpost.sizing.sized_run import size_run

USE = GpuUse(("NVIDIA T4",), 16_000_000_000, 3_200_000_000, 41, 97, 60)
UNUSED = GpuUse((), None, 0, 0, 0, 60)


def told(gpu):
    return [one for one in fact_lines(size_run(run(gpu=gpu))) if "GPU" in one]


def test_use_is_one_line_under_the_table():
    assert told(USE) == [
        "GPU: at most 3.2 GB of 16.0 GB (NVIDIA T4), 41 % busy on average, 97 % at most; gpu: 1"
    ]
    assert told(UNUSED) == ["GPU: given, but not used in any of 60 readings; gpu: 0"]


def test_where_there_is_no_gpu_nothing_is_told():
    assert told(None) == []
    assert "gpu" not in final_table([size_run(run())])


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (replace(USE, memory_total_bytes=None), "at most 3.2 GB (NVIDIA T4), 41 % busy"),
        (replace(USE, memory_peak_bytes=None), "NVIDIA T4, 41 % busy"),
        (replace(USE, devices=("T4", "A2", "T4")), "at most 3.2 GB of 16.0 GB (2 T4, A2), 41 %"),
    ],
)
def test_what_is_not_known_of_it_is_left_out(use, words):
    assert gpu_words(use, None)[0].startswith(words)
    silent = replace(use, utilisation_average_percent=None, utilisation_maximum_percent=None)
    assert "%" not in gpu_words(silent, None)[0]


def test_the_request_stands_in_the_table_of_all_and_in_json():
    sized = size_run(run(gpu=USE))
    assert final_table([sized]).splitlines()[-2].split("|")[-2].strip() == "gpu: 1"
    known = operator_object(sized)
    assert known["recommendation"]["requests"]["gpu"] == 1
    assert known["gpu"]["memory_peak_bytes"] == 3_200_000_000

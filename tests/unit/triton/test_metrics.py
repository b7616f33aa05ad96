from __future__ import annotations

import pytest

from cpost.triton.metrics import ModelCounters, parse_metrics, used_between

TEXT = """\
# HELP nv_inference_request_success Number of successful inference requests, all batch sizes
# TYPE nv_inference_request_success counter
nv_inference_request_success{model="burner",version="1"} 3
nv_inference_request_success{model="burner",version="2"} 1
nv_inference_request_failure{model="burner",reason="OTHER",version="1"} 2
nv_inference_request_failure{model="burner",reason="REJECTED",version="1"} 1
nv_inference_count{model="burner",version="1"} 24
nv_inference_queue_duration_us{model="burner",version="1"} 129
nv_inference_compute_input_duration_us{model="burner",version="1"} 10
nv_inference_compute_infer_duration_us{model="burner",version="1"} 3.2e+06
nv_inference_compute_output_duration_us{model="burner",version="1"} 5
nv_inference_exec_count{model="burner",version="1"} 3
nv_cpu_utilization 0.5
"""


def test_versions_and_reasons_of_one_model_are_added_up() -> None:
    assert parse_metrics(TEXT) == {"burner": ModelCounters(4, 3, 24, 129, 3_200_015)}


def test_the_one_compute_time_of_the_first_generation_is_read_too() -> None:
    text = 'nv_inference_compute_duration_us{gpu_uuid="G",model="m",version="1"} 7.000000'
    assert parse_metrics(text)["m"].compute_usec == 7


def test_only_what_was_added_counts() -> None:
    before = {"a": ModelCounters(2, 1, 5, 10, 100)}
    after = {"a": ModelCounters(3, 1, 9, 15, 250), "b": ModelCounters(requests=1)}
    assert used_between(before, after) == {
        "a": ModelCounters(1, 0, 4, 5, 150),
        "b": ModelCounters(requests=1),
    }


def test_a_model_that_was_loaded_anew_begins_at_nothing() -> None:
    before, after = {"a": ModelCounters(requests=9)}, {"a": ModelCounters(requests=2)}
    assert used_between(before, after)["a"].requests == 2


@pytest.mark.parametrize("value", ["NaN", "+Inf", "1e", "-", "many"])
def test_a_value_that_is_no_amount_is_passed_over(value: str) -> None:
    lines = [f'nv_inference_count{{model="m"}} {one}' for one in ("2", value, "1e-05", "3")]
    assert parse_metrics("\n".join(lines))["m"].inferences == 5

"""Runs for tests of reports, and the README's own figures."""

from cpost.meter.sample import Rung, Sample, Totals
from cpost.record.run import Run, RunResult, RunState, Settings
from cpost.sizing.sized_run import SizedRun
from cpost.sizing.strategies.classic import requests
from cpost.sizing.summary import Summary

MB = 1_000_000
STARTED_NS = 1_795_000_000_123_456_789
TOTALS = Totals(
    cpu_usage_usec=1_000_000,
    memory_peak_bytes=50 * MB,
    throttled_usec=0,
    io_read_bytes=0,
    io_write_bytes=0,
)
CONTAINER_ID = "47ca2626929006154a5515eba841755993df3f298de0abcdc5b9b951971470ca"


def sample(k, **others):
    return Sample(
        **{
            "at_ns": k * 100_000_000,
            "wall_ns": STARTED_NS + k * 100_000_000,
            "cpu_usage_usec": 5_000 + k * 50_000,
            "memory_bytes": 20 * MB,
            **others,
        }
    )


def run(name="reader", samples=(), *, index=1, **result):
    known = {"exit_code": 0, "container_id": CONTAINER_ID, **result}
    known = {"duration_ns": 2_000_000_000, "rung": Rung.PARENT_CGROUP_V2, **known}
    known = {"totals": TOTALS, **known}
    settings = Settings(name, f"{name}:1", "/payload", 0.1, "docker")
    state = known.pop("state", RunState.PASS)
    result = RunResult(state, **known)
    return Run(name, index, settings, result, tuple(samples), len(samples), None, "u-1")


def skipped(name="writer", index=2):
    settings = Settings(name, f"{name}:1", "/payload", 0.1, "docker")
    result = RunResult(RunState.SKIPPED, reason="skipped")
    return Run(name, index, settings, result, (), 0, None, "")


def from_readme(name, cpu_average, cpu_maximum, memory_average, memory_maximum, exit_code=0):
    """An operator with figures in percent and MB, sized by ``classic`` even if it failed."""
    summary = Summary(
        duration_s=10.0,
        cpu_total_s=1.0,
        cpu_average_cores=cpu_average / 100,
        cpu_maximum_cores=cpu_maximum / 100,
        memory_peak_bytes=round(memory_maximum * MB),
        memory_peak_sampled=False,
        hard_peak_bytes=None,
        working_set_peak_bytes=None,
        memory_average_bytes=round(memory_average * MB),
        sample_count=100,
    )
    failed = {"state": RunState.FAIL, "reason": f"exit {exit_code}"} if exit_code else {}
    recommendation = requests(cpu_maximum / 100, round(memory_maximum * MB))
    return SizedRun(run(name, exit_code=exit_code, **failed), summary, recommendation)


README_FIGURES = [
    from_readme("dicom-reader", 124.714, 1097.941, 91.057, 405.242),
    from_readme("spleen-segmentation", 150.649, 1134.358, 1630.311, 4455.412),
    from_readme("dicom-writer", 190.224, 1017.747, 278.678, 552.313),
    from_readme("register-volume-images-for-rendering", 12.667, 14.923, 2.633, 3.783, 126),
]

README_OPERATOR_TABLES = [
    """\
+--------+-----------+------------+-------------+
| Metric |  Average  |  Maximum   |  Resource   |
+--------+-----------+------------+-------------+
|  CPU   | 124.714 % | 1097.941 % |   cpu: 11   |
| Memory | 91.057 MB | 405.242 MB | memory: 512 |
+--------+-----------+------------+-------------+""",
    """\
+--------+-------------+-------------+--------------+
| Metric |   Average   |   Maximum   |   Resource   |
+--------+-------------+-------------+--------------+
|  CPU   |  150.649 %  | 1134.358 %  |   cpu: 12    |
| Memory | 1630.311 MB | 4455.412 MB | memory: 4608 |
+--------+-------------+-------------+--------------+""",
    """\
+--------+------------+------------+-------------+
| Metric |  Average   |  Maximum   |  Resource   |
+--------+------------+------------+-------------+
|  CPU   | 190.224 %  | 1017.747 % |   cpu: 11   |
| Memory | 278.678 MB | 552.313 MB | memory: 768 |
+--------+------------+------------+-------------+""",
    """\
+--------+----------+----------+-------------+
| Metric | Average  | Maximum  |  Resource   |
+--------+----------+----------+-------------+
|  CPU   | 12.667 % | 14.923 % |   cpu: 1    |
| Memory | 2.633 MB | 3.783 MB | memory: 256 |
+--------+----------+----------+-------------+""",
]

README_FINAL_TABLE = """\
+--------------------------------------+----------+-------------+-------------+--------------+
| Operator                             | Metric   | Average     | Maximum     | Resource     |
+======================================+==========+=============+=============+==============+
| dicom-reader                         | CPU      | 124.714 %   | 1097.941 %  | cpu: 11      |
|                                      | Memory   | 91.057 MB   | 405.242 MB  | memory: 512  |
+--------------------------------------+----------+-------------+-------------+--------------+
| spleen-segmentation                  | CPU      | 150.649 %   | 1134.358 %  | cpu: 12      |
|                                      | Memory   | 1630.311 MB | 4455.412 MB | memory: 4608 |
+--------------------------------------+----------+-------------+-------------+--------------+
| dicom-writer                         | CPU      | 190.224 %   | 1017.747 %  | cpu: 11      |
|                                      | Memory   | 278.678 MB  | 552.313 MB  | memory: 768  |
+--------------------------------------+----------+-------------+-------------+--------------+
| register-volume-images-for-rendering | CPU      | 12.667 %    | 14.923 %    | cpu: 1       |
| (Non-zero exitcode)                  | Memory   | 2.633 MB    | 3.783 MB    | memory: 256  |
+--------------------------------------+----------+-------------+-------------+--------------+"""

# What stands under each table of the original's figures, which tell no more.
README_FACTS = [
    "memory: peak 405.2 MB (page cache included)\nCPU: 1.000 s\nread 0 B, wrote 0 B",
    "memory: peak 4455.4 MB (page cache included)\nCPU: 1.000 s\nread 0 B, wrote 0 B",
    "memory: peak 552.3 MB (page cache included)\nCPU: 1.000 s\nread 0 B, wrote 0 B",
    "memory: peak 3.8 MB (page cache included)\nCPU: 1.000 s\nread 0 B, wrote 0 B",
]

README_BANNERS = [
    "______________Executing Operator dicom-reader_______________",
    "_______________Operator dicom-reader Summary________________",
    "___________Executing Operator spleen-segmentation___________",
    "____________Operator spleen-segmentation Summary____________",
    "______________Executing Operator dicom-writer_______________",
    "_______________Operator dicom-writer Summary________________",
    "__Executing Operator register-volume-images-for-rendering___",
    "___Operator register-volume-images-for-rendering Summary____",
]

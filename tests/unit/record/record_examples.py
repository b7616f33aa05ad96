"""Samples, settings and facts for tests of the record."""

from cpost.meter.sample import Sample
from cpost.record.host import HostFacts
from cpost.record.run import Settings
from cpost.record.session import SessionFacts

HOST = HostFacts("lab", "Debian 12", "6.1.0", "x86_64", "EPYC", 2, 8_000_000_000)
FACTS = SessionFacts(
    pipeline="spleen",
    arguments=("spleen.yaml", "in put"),
    config={"interval_s": 0.1, "pull": "missing"},
    host=HOST,
)
STARTED_NS = 1_795_000_000_123_456_789  # 2026-11-18


def settings(**others):
    return Settings(
        **{
            "operator": "dicom-reader",
            "image": "dicom-reader:1",
            "payload": "/data/spleen",
            "interval_s": 0.1,
            "engine": "docker",
            **others,
        }
    )


def sample(k, **others):
    return Sample(
        at_ns=k * 100_000_000,
        wall_ns=STARTED_NS + k * 100_000_000,
        cpu_usage_usec=k * 90_000,
        memory_bytes=50_000_000 + k,
        **others,
    )

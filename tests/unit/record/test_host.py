from cpost.record.host import host_facts


def test_this_machine_tells_its_facts():
    facts = host_facts()
    assert facts.cpu_count >= 1
    assert facts.memory_bytes > 10**8
    assert facts.kernel


def test_facts_are_read_from_the_systems_files(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "proc").mkdir()
    (tmp_path / "etc/os-release").write_text('NAME="Debian"\nPRETTY_NAME="Debian 12"\n')
    (tmp_path / "proc/cpuinfo").write_text("processor\t: 0\nmodel name\t: EPYC 7: x\n")
    (tmp_path / "proc/meminfo").write_text("MemTotal:       24105000 kB\nMemFree: 1 kB\n")
    facts = host_facts(tmp_path)
    assert facts.operating_system == "Debian 12"
    assert facts.cpu_model == "EPYC 7: x"
    assert facts.memory_bytes == 24_105_000 * 1024


def test_what_a_machine_does_not_tell_is_unknown(tmp_path):
    facts = host_facts(tmp_path)
    assert facts.operating_system is None
    assert facts.cpu_model is None
    assert facts.memory_bytes is None

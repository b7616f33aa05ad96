"""What cpost says, against what is known to be true and beside what others say.

Containers of known appetite are executed by cpost, while ``docker stats`` and psrecord watch the
same containers and a reader of its own notes the kernel's high-water marks.

    python -m benchmarks.truth --help

Modules, in the order in which data flows: ``sizes`` (how much), ``appetite`` (the program in the
containers), ``session`` (one cpost), ``peers`` and ``kernel_mark`` (who watches), an experiment
each in ``burn``, ``memory``, ``spikes``, ``nothing``, ``sample``, ``slow_down`` and ``own_use``,
then ``outcome`` (what is kept), ``statistic`` (pure arithmetic), ``judgement`` (aims beside what
was seen) and ``tables`` (the README).
"""

"""A virtual machine with a real cgroup v2, for tests on hosts that have none.

::

    recipe    what a machine is made of, and where it is kept
    image     make a machine that is not there yet
    exchange  the checkout goes in, the results come back
    machine   one boot: one command, and never longer than it may
    host      what this computer offers: packages, hardware virtualisation, a cgroup v2 of its own

``PYTHONPATH=tools python3 -m cgroup2 --help`` says what can be done with it. Only the standard
library is used, so that any Python of 3.10 or later can do it.
"""

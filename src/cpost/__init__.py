"""cpost: what does each container of a batch pipeline need?

Glossary, used the same way in code, help texts and documents:

Pipeline, Operator, Service
    What the definition file says. An operator is one container step; a service stands beside it.
Payload
    The input directory given on the command line.
Session, Run
    One execution of a whole pipeline; one execution of one operator in it. A run is a thing that
    is kept, never a verb: operators are *executed*.
Sample, Totals
    One reading of raw, cumulative kernel counters; the exact counters read once a run has ended.
Summary, Strategy, Recommendation
    Figures computed from one stored run; how figures become requests; the requests with their
    reason.
Rung
    How good a measurement is: which step of the ladder of meters this machine allows.
"""

__version__ = "1.0.0.dev0"

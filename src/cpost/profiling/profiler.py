"""The main flow: one session, every operator executed once, in order, each kept as a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cpost.engine.port import ImageInfo, PullPolicy
from cpost.errors import CpostError, ImageError, InterruptedByUserError
from cpost.pipeline.model import Operator
from cpost.pipeline.order import execution_order
from cpost.profiling.execution import Conditions
from cpost.profiling.observer import Observer
from cpost.profiling.outputs import Outputs
from cpost.profiling.own_use import OwnUseMeter
from cpost.profiling.session import Continue, Order, Session
from cpost.profiling.start_up import measure_start_up
from cpost.record.run import OwnUse, Run
from cpost.record.session import SessionRecord


@dataclass(frozen=True, slots=True)
class SessionResult:
    """All runs of a session in the order of execution, and what ended it early, if anything.

    ``not_kept`` is the first failure to keep a result. ``own_use`` is what cpost itself used from
    the call of ``profile`` until all operators were executed and their outputs removed.
    """

    runs: Sequence[Run]
    stopped_by: CpostError | None = None
    not_kept: CpostError | None = None
    own_use: OwnUse | None = None


def profile(
    order: Order,
    conditions: Conditions,
    create_record: Callable[[Mapping[str, ImageInfo]], SessionRecord],
    observer: Observer,
    go_on: Continue,
    pull_progress: Callable[[str], None],
) -> SessionResult:
    """Execute a whole pipeline and return its runs, as far as they came.

    All images are at hand before the first operator is executed; only then is the record made,
    by ``create_record``. Raises what keeps the first operator from being executed: EngineError,
    ImageError, RecordError. Later trouble is in the result, beside the runs that were measured.
    """
    own_use = OwnUseMeter(conditions.clock)
    operators = execution_order(order.pipeline)
    engine = conditions.engine
    session = None
    try:
        with engine.exclusive(order.session_id):
            engine.require_folder(order.payload, copy_will_do=not order.writable_input)
            images = _provide_images(operators, order.pull, conditions, pull_progress)
            with create_record(images) as record:
                outputs = Outputs(engine, order.session_id, record.directory, order.keep_outputs)
                session = Session(order, conditions, record, images, outputs, observer)
                try:
                    with outputs.tidied():
                        session.start_up = measure_start_up(conditions, order.session_id)
                        session.execute_all(operators, go_on)
                finally:
                    record.own_use = own_use.use(session.sample_count, conditions.lateness)
    except InterruptedByUserError as error:
        if session is None:
            raise
        session.stopped_by = error
    session.skip_rest(operators)
    return SessionResult(session.runs, session.stopped_by, record.failure, record.own_use)


def _provide_images(
    operators: Sequence[Operator],
    pull: PullPolicy,
    conditions: Conditions,
    progress: Callable[[str], None],
) -> dict[str, ImageInfo]:
    """Return all images by their reference; ImageError tells of all that cannot be had."""
    images: dict[str, ImageInfo] = {}
    missing: dict[str, ImageError] = {}
    for reference in dict.fromkeys(one.container.reference for one in operators):
        try:
            images[reference] = conditions.engine.provide_image(reference, pull, progress)
        except ImageError as error:
            missing[reference] = error
    if missing:
        hints = "; ".join(dict.fromkeys(one.hint for one in missing.values() if one.hint))
        raise ImageError("\n".join(map(str, missing.values())), hint=hints or None)
    return images

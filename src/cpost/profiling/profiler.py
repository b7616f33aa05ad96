"""The main flow: one session, every operator executed once, in order, each kept as a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cpost.engine.port import ImageInfo
from cpost.errors import CpostError, ImageError, InterruptedByUserError, TritonError
from cpost.pipeline.model import Operator
from cpost.pipeline.order import execution_order
from cpost.profiling.beside import VOLUMES, Servers
from cpost.profiling.execution import Conditions
from cpost.profiling.observer import Observer
from cpost.profiling.outputs import Outputs
from cpost.profiling.own_use import OwnUseMeter
from cpost.profiling.session import Continue, Order, Session
from cpost.profiling.start_up import measure_start_up
from cpost.record.run import OwnUse, Run
from cpost.record.session import SessionRecord
from cpost.triton.servers import needs_of


@dataclass(frozen=True, slots=True)
class SessionResult:
    """All runs of a session in the order of execution, and what ended it early, if anything.

    ``not_kept`` is the first failure to keep a result, ``unserved`` the first reason why an
    operator could not have the servers it needs. ``own_use`` is what cpost itself used from the
    call of ``profile`` until all operators were executed and their outputs removed.
    """

    runs: Sequence[Run]
    stopped_by: CpostError | None = None
    not_kept: CpostError | None = None
    unserved: TritonError | None = None
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
    ImageError, TritonError, RecordError. Later trouble is in the result, beside the runs that
    were measured.
    """
    own_use = OwnUseMeter(conditions.clock)
    operators = execution_order(order.pipeline)
    engine = conditions.engine
    session = None
    try:
        with engine.exclusive(order.session_id):
            engine.require_folder(order.payload, copy_will_do=not order.writable_input)
            images = _provide_images(order, operators, conditions, pull_progress)
            with create_record(images) as record:
                outputs = Outputs(engine, order.session_id, record.directory, order.keep_outputs)
                servers = Servers(
                    operators,
                    order.triton,
                    conditions,
                    images,
                    session_id=order.session_id,
                    volumes_dir=outputs.folder / VOLUMES,
                    progress=pull_progress,
                )
                session = Session(order, conditions, record, images, outputs, servers, observer)
                try:
                    with outputs.tidied(), servers:
                        session.start_up = measure_start_up(conditions, order.session_id)
                        session.execute_all(operators, go_on)
                finally:
                    record.own_use = own_use.use(session.sample_count, conditions.lateness)
    except InterruptedByUserError as error:
        if session is None:
            raise
        session.stopped_by = error
    session.skip_rest(operators)
    return SessionResult(
        session.runs, session.stopped_by, record.failure, session.unserved, record.own_use
    )


def _provide_images(
    order: Order,
    operators: Sequence[Operator],
    conditions: Conditions,
    progress: Callable[[str], None],
) -> dict[str, ImageInfo]:
    """Return all images by their reference; ImageError tells of all that cannot be had.

    It is a TritonError where only those of servers cannot be had.
    """
    own = [one.container.reference for one in operators]
    needs = [need for one in operators for need in needs_of(one, order.triton)]
    servers = [need.server.container.reference for need in needs]
    images: dict[str, ImageInfo] = {}
    missing: dict[str, ImageError] = {}
    for reference in dict.fromkeys((*own, *servers)):
        try:
            images[reference] = conditions.engine.provide_image(reference, order.pull, progress)
        except ImageError as error:
            missing[reference] = error
    if missing:
        hints = "; ".join(dict.fromkeys(one.hint for one in missing.values() if one.hint))
        kind = ImageError if missing.keys() & set(own) else TritonError
        raise kind("\n".join(map(str, missing.values())), hint=hints or None)
    return images

"""Which `backward()` an optimizer's step uses, and what clears those gradients in the same loop."""

from __future__ import annotations

from .flow import Event, Flow, Kind, common_loops
from .things import Role, parameters_of, related, role


def gradients_of(flow: Flow, step: Event) -> Event | None:
    """The `backward()` that the step uses in the same loop, the nearest one."""
    for backward in (*flow.before(step, Kind.BACKWARD), *flow.after(step, Kind.BACKWARD)):
        if common_loops(backward, step):
            return None if backward.through else backward
    return None


def clears(flow: Flow, step: Event, backward: Event, event: Event) -> bool:
    """Whether an event clears, or may clear, what the step uses."""
    assert step.thing is not None
    loop = common_loops(step, backward)[-1]
    match event.kind:
        case Kind.ZERO:
            return (
                bool(common_loops(step, event))
                and not is_other_optimizer(event, step)
                and not is_other_path(flow, event, step, backward)
            )
        case Kind.CREATE:
            return loop in event.loops and f"{step.key}.".startswith(f"{event.key}.")
        case Kind.OPAQUE:
            return (
                loop in event.loops
                and not event.seems_harmless
                and any(
                    role(thing) is Role.MODEL or related(thing, step.thing)
                    for thing in event.involved
                )
            )
    return False


def is_other_path(flow: Flow, zero: Event, step: Event, backward: Event) -> bool:
    """Whether what is cleared serves another arm of an `if`, which goes backward and steps too."""
    return (
        zero.excludes(step)
        and zero.excludes(backward)
        and any(not other.excludes(zero) and other.excludes(step) for other in flow.of(Kind.STEP))
    )


def is_other_optimizer(zero: Event, step: Event) -> bool:
    """Whether what is cleared are surely the gradients of other parameters."""
    assert zero.thing is not None
    assert step.thing is not None
    if related(zero.thing, step.thing) or role(zero.thing) is not Role.OPTIMIZER:
        return False
    mine, theirs = parameters_of(step.thing), parameters_of(zero.thing)
    if not mine or not theirs:
        return False
    return not any(related(one, other) for one in mine for other in theirs)

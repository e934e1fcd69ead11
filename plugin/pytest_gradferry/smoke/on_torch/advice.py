"""The words of the checks for torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

from ...frameworks import load
from ..acts import Update
from ..advice import GIVEN_ONE_CLASS, Advice
from ..record import LossCall, StepRecord

_NOTHING = ("", "", "")
_KERAS_MOMENTUM = 0.9  # of batch norm, from which on it is one of Keras'
_SCALER_ORDER = (
    "scaler.scale(loss).backward(), scaler.unscale_(optimizer) if gradients are clipped, "
    "scaler.step(optimizer), scaler.update(), each once a step"
)
# What GradScaler raises when a call of its is missing or comes twice.
_SCALER_ERRORS = {
    "step() has already been called since the last update()": (
        "scaler.update() is missing after scaler.step(optimizer)",
        _SCALER_ORDER,
        "XFR803",
    ),
    "unscale_() has already been called on this optimizer": (
        "scaler.unscale_(optimizer) comes twice, or scaler.update() is missing",
        _SCALER_ORDER,
        "XFR803",
    ),
    "No inf checks were recorded prior to update": (
        "scaler.update() comes twice, or without scaler.step(optimizer) before it",
        _SCALER_ORDER,
        "XFR803",
    ),
    "_scale is None": ("the loss is never scaled", _SCALER_ORDER, "XFR803"),
}


class TorchAdvice(Advice):
    """See `Advice`."""

    def __init__(self, model: Any) -> None:
        self._model = model
        # where a graph of an earlier step is kept, if anywhere
        self.carried_graph: Callable[[], str] = lambda: ""

    stepping = "call optimizer.step() after loss.backward()"
    stepping_code = "XFR235"
    made_in_call_code = "XFR109"
    cut_loss_code = "XFR220"
    summing = "clear the gradients once an update, not once a micro-batch"
    penalty = (
        "torch.autograd.grad gave numbers without a graph: a penalty on them trains nothing",
        "pass create_graph=True to it",
    )
    clearing = ("call optimizer.zero_grad() before loss.backward()", "XFR202")

    def flaws(self) -> list[tuple[str, str, str, str]]:
        kind = load("torch").nn.modules.batchnorm._BatchNorm
        norms = {n: m for n, m in self._model.named_modules() if isinstance(m, kind)}
        strange = {
            name: module
            for name, module in norms.items()
            if module.track_running_stats
            and module.momentum is not None
            and (_KERAS_MOMENTUM <= module.momentum < 1 or _never_counts(module))
        }
        if not strange:
            return []
        name, module = next(iter(strange.items()))
        others = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
        what = f"{name} ({type(module).__name__}){others}"
        if not module.momentum:
            return [
                (
                    f"{what} never updates its running statistics: evaluation uses a mean of 0 and "
                    "a variance of 1",
                    "momentum=0: it is the part of them that is taken from the new batch",
                    "leave the momentum at torch's default, 0.1",
                    "",
                )
            ]
        return [
            (
                f"{what} takes all but {1 - module.momentum:.2g} of its running statistics from "
                "the latest batch",
                f"momentum={module.momentum:g}: in torch it is the part of the new batch, in Keras "
                "that of the old statistics",
                "give it 1 - the momentum of Keras: 0.1 (torch's default) for 0.9, 0.01 for 0.99",
                "XFR420",
            )
        ]

    def frozen_in_vain(self, moved: set[str]) -> list[tuple[str, str, str, str]]:
        found = []
        for place, thing, weights in self._freezable():
            names = [n for n, value in vars(thing).items() if value is False and _means_frozen(n)]
            if names and weights & moved:
                found.append((place, names[0]))
        if not found:
            return []
        (place, name), count = found[0], len(found)
        others = f" and {count - 1} more" if count > 1 else ""
        return [
            (
                f"{name} = False is set on {place}{others}, and the weights go on being trained",
                f"{name} is an attribute that nobody reads there",
                "freeze with parameter.requires_grad = False, or module.requires_grad_(False)",
                "XFR315",
            )
        ]

    def _freezable(self) -> Iterator[tuple[str, Any, set[str]]]:
        """The weights, and the modules with the weights in them; but none if the model's own code
        reads such an attribute."""
        for name, parameter in self._model.named_parameters():
            yield name, parameter, {name}
        kinds = {type(module) for module in self._model.modules()}
        if any(_means_frozen(name) for kind in kinds for name in _names_read(kind)):
            return
        for name, module in self._model.named_modules():
            prefix = f"{name}." if name else ""
            weights = {prefix + own for own, _ in module.named_parameters()}
            yield name or type(module).__name__, module, weights

    def error(self, error: BaseException) -> tuple[str, str, str]:
        if "backward through the graph a second time" in str(error):
            place = self.carried_graph()
            if place:
                cause = f"{place} is carried into the next step with the graph of the one before"
                return cause, "detach it at the end of the step: hidden = hidden.detach()", "XFR708"
        return next((told for text, told in _SCALER_ERRORS.items() if text in str(error)), _NOTHING)

    def modes(self, record: StepRecord, measured: str) -> list[tuple[str, str, str, str]]:
        parts = [
            f"{name} ({type(part).__name__})"
            for name, part in _given_parts(self._model)
            if _rests(name, record)
        ]
        if parts:
            cause = f"{parts[0]} is in evaluation mode while an optimizer of its own trains it"
            fix = f"call train() of {parts[0]} before training, and again after every evaluation"
            return [(measured, cause, fix, "XFR302")]
        name = type(self._model).__name__
        roots = [call for call in record.calls if call.layer == name] or record.calls
        if any(call.training for call in roots):
            part = self._resting_part(record)
            if not part:
                return []
            cause = f"{part}, which holds all that is trained, is in evaluation mode"
            fix = f"look for an eval() in the step, and call {part}.train() before training"
            return [(measured, cause, fix, "XFR302")]
        cause = f"{name}.training is False while the step trains it"
        fix = "call model.train() before training, and again after every evaluation"
        return [(measured, cause, fix, "XFR302")]

    def _resting_part(self, record: StepRecord) -> str:
        """The part of the model that holds all of its trainable weights, each layer of it in
        evaluation mode.  Where some layers are, a backbone's batch norm is kept at rest."""
        trained = {id(p) for p in self._model.parameters() if p.requires_grad}
        for name, part in self._model.named_modules():
            holds = trained <= {id(p) for p in part.parameters()}
            if name and holds and not any(module.training for module in part.modules()):
                return name if any(call.layer == name for call in record.calls) else ""
        return ""

    def evaluation(self, record: StepRecord) -> tuple[str, str]:
        return "pass training=self.training to the function, or use nn.Dropout", "XFR310"

    def mixing(self, mixes: Callable[[], bool]) -> tuple[str, str, str] | None:
        modules = list(self._model.modules())
        sequence_first = [m for m in modules if getattr(m, "batch_first", None) is False]
        if sequence_first:
            for module in sequence_first:
                module.batch_first = True
            try:
                if not _raises(mixes) and not mixes():
                    kinds = ", ".join(sorted({type(m).__name__ for m in sequence_first}))
                    return (
                        f"{kinds} takes axis 0 for time; with batch_first=True nothing is mixed",
                        "build it with batch_first=True, or feed it (time, batch, features)",
                        "XFR517",
                    )
            finally:
                for module in sequence_first:
                    module.batch_first = False
        norms = load("torch").nn.modules.batchnorm._BatchNorm
        if any(isinstance(m, norms) and not m.track_running_stats for m in modules):
            return (
                "batch norm with track_running_stats=False uses the batch's own statistics",
                "leave track_running_stats at True",
                "",
            )
        return None

    def loss(self, call: LossCall, given: str) -> tuple[str, str]:
        match call.expects, given:
            case _, _ if call.function == "F.ctc_loss":
                return "take log_softmax over the classes, dim=-1, before ctc_loss", ""
            case _, _ if given == GIVEN_ONE_CLASS:
                return "use binary_cross_entropy_with_logits, or let the model end in C outputs", ""
            case _, _ if "over the classes" in given:
                return "take log_softmax over the classes: dim=1 (dim=-1 of a matrix)", ""
            case "logits", "sigmoids":
                return "drop the sigmoid: cross_entropy takes logits", "XFR401"
            case "logits", _:
                return "drop the softmax: cross_entropy applies log_softmax itself", "XFR401"
            case "log-probabilities", _ if call.function == "F.kl_div":
                return "pass log_softmax outputs to kl_div", "XFR407"
            case "log-probabilities", _:
                return "use cross_entropy, or log_softmax before nll_loss", "XFR404"
        return "drop the sigmoid: the loss applies it itself", "XFR406"


def _never_counts(norm: Any) -> bool:
    """Whether a batch norm leaves its running statistics as they were made; frozen ones of a
    trained net are others."""
    made = not norm.running_mean.any() and bool((norm.running_var == 1).all())
    return norm.momentum == 0 and norm.training and made


def _given_parts(model: Any) -> list[tuple[str, Any]]:
    """The models of a list or dict of them, by name."""
    nn = load("torch").nn
    return list(model.named_children()) if type(model) in (nn.ModuleList, nn.ModuleDict) else []


def _rests(part: str, record: StepRecord) -> bool:
    """Whether a model is in evaluation mode throughout, and an optimizer trains it alone.

    With others in one optimizer it may be a backbone whose batch norm is kept at rest on purpose.
    """
    calls = [
        call for call in record.calls if call.layer == part or call.layer.startswith(f"{part}.")
    ]
    if any(call.training for call in calls):
        return False
    groups = [act.gradients for act in record.acts if isinstance(act, Update) and act.gradients]
    return any(all(name.startswith(f"{part}.") for name in group) for group in groups)


def _means_frozen(name: str) -> bool:
    """Whether somebody who wrote this attribute meant `requires_grad`."""
    return name == "trainable" or bool(get_close_matches(name, ["requires_grad"], cutoff=0.85))


def _names_read(kind: type[Any]) -> set[str]:
    """The names in the code of a class of the user's."""
    functions = (f for base in kind.__mro__[:-2] for f in vars(base).values())
    codes = (getattr(function, "__code__", None) for function in functions)
    return {name for code in codes if code is not None for name in code.co_names}


def _raises(function: Callable[[], Any]) -> bool:
    try:
        function()
    except Exception:
        return True
    return False

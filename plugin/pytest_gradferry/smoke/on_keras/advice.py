"""The words of the checks for Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...wording import listed
from ..advice import GIVEN_ONE_CLASS, GIVEN_ONE_VALUE, Advice
from ..record import LossCall, StepRecord
from . import errors, loop

if TYPE_CHECKING:
    from .trainee import KerasTrainee


class KerasAdvice(Advice):
    """See `Advice`."""

    def __init__(self, trainee: KerasTrainee) -> None:
        self._trainee = trainee
        backend = trainee.backend.framework.name
        self._place_of_calls = " under the tape" if backend == "tensorflow" else ""
        if backend != "tensorflow":
            self.unasked = "the step never asks for their gradients"
        if trainee.backend.trains_in_place:  # by a tape, which is asked for gradients
            self.frozen = (
                "the step asks for their gradients too, and hands them to the optimizer",
                "ask for those of model.trainable_variables, read after freezing, and not of "
                "model.variables",
            )
            self.clipping = (
                "clip what tape.gradient returns, and give optimizer.apply_gradients the result"
            )
            self.others_asked = (
                "the step asks the tape for the gradients of other variables, and not for those of "
                "this model",
                "ask for those of model.trainable_variables, of the model that is to learn",
            )
        if backend == "tensorflow":
            self.penalty = (
                "the tape of the loss does not see how they are computed: a penalty on them trains "
                "nothing",
                "call the inner tape's gradient inside the block of the outer tape",
            )
            self.cut = (
                "stop_gradient, .numpy(), argmax, rounding, a part that runs before the tape, or a "
                "tensor made anew from another's values"
            )
            self.unrecorded = (
                "runs outside of every tape that is recording",
                "call the layer inside `with tf.GradientTape() as tape:`, or freeze it",
            )
        if not trainee.backend.keeps_gradients:
            self.unused = (
                "the optimizer is handed zeros for them, not the gradients computed",
                "hand it the gradients as they come from the backward pass",
                "",
            )

    own_rate_zero = "the learning rate of the optimizer that updates them is 0"
    unread_rate_code = "XFR412"
    skipping_code = "XFR224"
    made_in_call_code = "XFR108"
    clearing = ("start the sum of gradients from zero after each update", "")

    def flaws(self) -> list[tuple[str, str, str, str]]:
        own = self._trainee.structure.own_classes().values()
        if self._trainee.watcher.root_call is not None or not isinstance(
            self._trainee.model, tuple(own)
        ):
            return []
        if not any(
            "__call__" in vars(kind) for kind in type(self._trainee.model).__mro__ if kind in own
        ):
            return []
        name = type(self._trainee.model).__name__
        return [
            (
                f"{name}'s layers ran, and Keras saw no call of {name}",
                f"{name} defines __call__, which replaces Keras' own: training= does not reach its "
                "layers, and built stays False",
                "rename __call__ to call",
                "XFR101",
            )
        ]

    def error(self, error: BaseException) -> tuple[str, str, str]:
        return errors.explain(error)

    def modes(self, record: StepRecord, measured: str) -> list[tuple[str, str, str, str]]:
        name = type(self._trainee.model).__name__
        roots = [call for call in record.calls if call.layer == name]
        if any(call.training for call in roots):
            return self._told_off(record)
        if not roots:
            return []
        told = self._acting_when_told()
        resting = {call.layer for call in record.calls if call.sensitive} - _acting(record)
        if not resting & told:
            return []
        advice = []
        declared = loop.takes_training(self._trainee.model)
        if self._trainee.calls_itself or declared:
            advice.append(
                (
                    measured,
                    f"{name} is called without training=True in the step; with it they act",
                    "call model(inputs, training=True)" + self._place_of_calls,
                    "XFR303",
                )
            )
        if not declared:
            advice.append(
                (
                    "fit would leave them off too" if advice else measured,
                    f"{name}.call has no `training` parameter, so fit calls {name} without it",
                    "declare call(self, inputs, training=None) and pass training on",
                    "XFR305",
                )
            )
        return advice

    def _told_off(self, record: StepRecord) -> list[tuple[str, str, str, str]]:
        off = {
            f"{call.layer} ({call.kind})": None
            for call in record.calls
            if call.sensitive and call.told_off and call.layer not in _acting(record)
        }
        if not off:
            return []
        return [
            (
                f"{listed(list(off))} did not act in a training step",
                "the layer around passes training=False on while it is itself in training, so that "
                "they never act",
                "pass training on: layer(x, training=training), or leave it out",
                "",
            )
        ]

    def _acting_when_told(self) -> set[str]:
        undo = self._trainee.save()
        try:
            self._trainee.backend.settle(self._trainee.model)
            _, record = self._trainee.predict_with(self._trainee.model, training=True)
        finally:
            undo()
        return _acting(record)

    def evaluation(self, record: StepRecord) -> tuple[str, str]:
        if record.dropouts[0].startswith("dropout"):  # Keras', in one of its layers
            return "do not call the layer with training=True", "XFR906"
        return "apply it only `if training`", "XFR311"

    def loss(self, call: LossCall, given: str) -> tuple[str, str]:
        if "batch axis" in given:
            return "take log_softmax over the classes, axis=-1", ""
        if given in (GIVEN_ONE_CLASS, GIVEN_ONE_VALUE):
            fix = (
                "end the model in one sigmoid and use binary_crossentropy, or in an output a class"
            )
            return fix, ""
        if "over axis" in given:
            return "take the softmax over the classes, axis=-1", ""
        if call.expects == "distribution":
            return "take the softmax of outputs and targets first", "XFR407"
        if given == "logits":
            return "pass from_logits=True, or end the model in a softmax or sigmoid", "XFR402"
        if "from_logits" in call.function:
            return (
                "let the model end without softmax or sigmoid, or pass from_logits=False",
                "XFR403",
            )
        return "drop the softmax or sigmoid before it: the function applies its own", "XFR403"


def _acting(record: StepRecord) -> set[str]:
    """The layers that acted as in training at least once."""
    return {call.layer for call in record.calls if call.sensitive and call.training}

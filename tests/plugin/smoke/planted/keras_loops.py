"""Bugs of Keras loops and models on TensorFlow."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

CLASSES = 3


def batch(samples=16):
    return np.random.normal(size=(samples, 8)).astype("float32"), np.arange(samples) % CLASSES


def mlp(outputs=CLASSES, **first):
    return keras.Sequential(
        [
            layers.Input((8,)),
            layers.Dense(8, "tanh", name="a", **first),
            layers.Dense(8, "tanh", name="b"),
            layers.Dense(outputs, name="c"),
        ]
    )


def cross_entropy(target, output):
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(target, output)


def loop(model, loss=cross_entropy, before=None, after=None, forward=None, pair=zip, **how):
    """A right loop; `before` and `after` are done at the start and the end of each step."""
    optimizer = how.get("optimizer") or keras.optimizers.SGD(0.1)

    def step(x, y):
        if before:
            before()
        with tf.GradientTape() as tape:
            value = loss(y, (forward or model)(x, training=True))
        weights = how.get("held", model).trainable_variables
        optimizer.apply_gradients(pair(tape.gradient(value, weights), weights))
        if after:
            after()
        return tf.reduce_mean(value)

    return model, *batch(), {"step": step}


def graph(case):
    """The same with the step under tf.function."""

    def build():
        model, x, y, how = case()
        return model, x, y, {"step": tf.function(how["step"])}

    build.__name__ = f"{case.__name__}_graph"
    return build


def fitted(model, loss=cross_entropy):
    model.compile(optimizer="sgd", loss=loss)
    return model, *batch(), {}


class Holder:
    """A plain object, in which Keras does not look for layers."""

    def __init__(self, layer):
        self.layer = layer


class InAnObject(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder, self.head = Holder(layers.Dense(8, "tanh")), layers.Dense(CLASSES)

    def call(self, x):
        return self.head(self.encoder.layer(x))


def layer_in_a_plain_object():
    return loop(InAnObject())


def layer_in_a_plain_object_fitted():
    return fitted(InAnObject())


class MadeInCall(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = layers.Dense(CLASSES)

    def call(self, x):
        return self.head(layers.Dense(8, "tanh")(x))


def layer_made_in_call():
    return loop(MadeInCall())


class PlainVariable(keras.Model):
    def __init__(self):
        super().__init__()
        self.scale, self.head = tf.Variable(tf.ones(8)), layers.Dense(CLASSES)

    def call(self, x):
        return self.head(self.scale * x)


def weight_as_a_tensorflow_variable():
    return loop(PlainVariable())


def weight_as_a_tensorflow_variable_fitted():
    return fitted(PlainVariable())


def targets_shuffled():
    return loop(mlp(), lambda y, out: cross_entropy(tf.random.shuffle(y), out))


def targets_reversed():
    return loop(mlp(), lambda y, out: cross_entropy(y[::-1], out))


def gradients_in_another_order():
    return loop(mlp(), pair=lambda g, w: zip([*g[2:4], *g[:2], *g[4:]], w, strict=True))


def loss_per_sample():
    each = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    return loop(mlp(), each)


def regulariser_left_out():
    return loop(mlp(kernel_regularizer="l2"))


def optimizer_made_in_every_step():
    model = mlp()

    def step(x, y):
        with tf.GradientTape() as tape:
            loss = cross_entropy(y, model(x, training=True))
        weights = model.trainable_variables
        optimizer = keras.optimizers.Adam()
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss

    return model, *batch(), {"step": step}


def weights_loaded_before_every_step():
    model = mlp()
    weights = model.get_weights()
    return loop(model, before=lambda: model.set_weights(weights))


def weights_loaded_after_every_step():
    model = mlp()
    weights = model.get_weights()
    return loop(model, after=lambda: model.set_weights(weights))


def kernels_zero():
    model = mlp()
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    return loop(model)


def kernels_alike():
    model = mlp()
    model.set_weights([np.full_like(weight, 0.1) for weight in model.get_weights()])
    return loop(model)


def frozen_by_the_first_step():
    model = mlp()

    def freeze():
        model.get_layer("a").trainable = False

    return loop(model, after=freeze)


def clone_trained():
    model = mlp()
    clone = keras.models.clone_model(model)
    return loop(model, forward=clone, held=clone)


def output_cut_and_none_left_out():
    cut = lambda y, out: cross_entropy(y, tf.stop_gradient(out))  # noqa: E731
    given = lambda g, w: [pair for pair in zip(g, w, strict=True) if pair[0] is not None]  # noqa: E731
    model, x, y, how = loop(mlp(), cut, pair=given, optimizer=Silent())
    return model, x, y, how


class Silent(keras.optimizers.SGD):
    """Passes over an update without gradients, which Keras would refuse."""

    def apply_gradients(self, grads_and_vars):
        if pairs := list(grads_and_vars):
            super().apply_gradients(pairs)


def softmax_over_the_batch():
    model = keras.Sequential([layers.Input((8,)), layers.Dense(CLASSES), layers.Softmax(axis=0)])
    return loop(model, keras.losses.SparseCategoricalCrossentropy())


class Squashed(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc = layers.Dense(CLASSES)

    def call(self, x):
        return tf.identity(tf.sigmoid(self.fc(x)))


def sigmoid_for_several_classes():
    return loop(Squashed())


def loss_of_another_step():
    model, x, y, how = loop(mlp())

    def stale(x, y):
        how["step"](x, y)
        return 1.0

    return model, x, y, {"step": stale}


BUGS = [
    (layer_in_a_plain_object, "updates", "stands in encoder.layer", ""),
    (graph(layer_in_a_plain_object), "updates", "stands in encoder.layer", ""),
    (layer_in_a_plain_object_fitted, "updates", "stands in encoder.layer", ""),
    (layer_made_in_call, "updates", "Dense is made anew", "XFR108"),
    (weight_as_a_tensorflow_variable, "updates", "which Keras 3 does not see", "XFR116"),
    (weight_as_a_tensorflow_variable_fitted, "updates", "which Keras 3 does not see", "XFR116"),
    (targets_shuffled, "pairing", "stand in different orders", ""),
    (targets_reversed, "pairing", "that of sample 0 acts on the output of 15", ""),
    (gradients_in_another_order, "updates", "a/kernel by that of b/kernel", "XFR210"),
    (graph(gradients_in_another_order), "updates", "a/kernel by that of b/kernel", "XFR210"),
    (loss_per_sample, "shapes", "the gradient of 16 numbers", "XFR225"),
    (regulariser_left_out, "layer-losses", "leaves model.losses out", "XFR226"),
    (optimizer_made_in_every_step, "updates", "made anew in every step", "XFR214"),
    (weights_loaded_before_every_step, "learns", "itself before the forward pass", ""),
    (weights_loaded_after_every_step, "updates", "the step itself sets them back", ""),
    (kernels_zero, "symmetry", "all start as 0", ""),
    (kernels_alike, "symmetry", "all start as one value", ""),
    (frozen_by_the_first_step, "updates", "step 1 freezes them", ""),
    (clone_trained, "gradients", "never calls Sequential", ""),
    (output_cut_and_none_left_out, "gradients", "cut behind c", "XFR221"),
    (softmax_over_the_batch, "batch-independence", "a softmax over the batch axis", ""),
    (sigmoid_for_several_classes, "loss-input", "it is given sigmoids", "XFR403"),
    (loss_of_another_step, "learns", "stays the same while the weights move", ""),
]

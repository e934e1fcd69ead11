"""Sound Keras training that a smoke test must let pass, odd as some of it is."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from pytest_gradferry.smoke import Smoke

CLASSES = 3


def batch(samples=16):
    x = np.random.normal(size=(samples, 8)).astype("float32")
    return x, np.random.randint(0, CLASSES, samples)


def mlp(*middle, hidden=16, outputs=CLASSES, activation=None):
    return keras.Sequential(
        [
            layers.Input((8,)),
            layers.Dense(hidden, "relu"),
            *middle,
            layers.Dense(outputs, activation=activation),
        ]
    )


def stepper(model, optimizer, loss=None):
    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def step(x, y):
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(value, weights), weights, strict=True))
        return value

    return step


def compiled(model, loss="sparse_categorical_crossentropy", optimizer="adam", **how):
    model.compile(optimizer=optimizer, loss=loss, **how)
    return model


def named_loss():
    return mlp(), *batch(), {"loss": "cross_entropy"}


def named_loss_with_regulariser():
    model = mlp(layers.Dense(4, kernel_regularizer="l2", activity_regularizer="l2"))
    return model, *batch(), {"loss": "cross_entropy", "optimizer": "sgd"}


def keras_names():
    model = mlp(activation="softmax")
    return model, *batch(), {"loss": "sparse_categorical_crossentropy", "optimizer": "RMSprop"}


def one_hot():
    x, y = batch()
    return mlp(), x, np.eye(CLASSES, dtype="float32")[y], {"loss": "cross_entropy"}


def regression():
    x, _ = batch()
    return mlp(outputs=1), x, np.random.normal(size=(16, 1)), {"loss": "mse"}


def regression_keras_squeezes():
    x, _ = batch()
    return compiled(mlp(outputs=1), "mse"), x, np.random.normal(size=16), {}


def huge_targets():
    x, _ = batch()
    return compiled(mlp(outputs=1), "mae", "sgd"), x, 1e4 * np.random.normal(size=(16, 1)), {}


def binary():
    x, y = batch()
    target = (y > 0).astype("float32")[:, None]
    return compiled(mlp(outputs=1, activation="sigmoid"), "binary_crossentropy"), x, target, {}


def binary_logits():
    x, y = batch()
    return mlp(outputs=1), x, (y > 0).astype("float32")[:, None], {"loss": "bce_with_logits"}


def repaired_from_logits():
    """Keras takes the logits that it knows were the softmax's input."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return compiled(mlp(activation="softmax"), loss), *batch(), {}


def compiled_softmax():
    return compiled(mlp(activation="softmax"), metrics=["accuracy"]), *batch(), {}


def compiled_eagerly():
    return compiled(mlp(activation="softmax"), run_eagerly=True), *batch(), {}


def dropout_09():
    return compiled(mlp(layers.Dropout(0.9), activation="softmax")), *batch(), {}


def dropout_09_own_loop():
    model = mlp(layers.Dropout(0.9), hidden=8)
    return model, *batch(), {"step": stepper(model, keras.optimizers.SGD(0.01))}


def guarded_tensorflow_dropout():
    class Guarded(keras.Model):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc2 = layers.Dense(16, "relu"), layers.Dense(CLASSES)

        def call(self, x, training=None):
            x = self.fc1(x)
            return self.fc2(tf.nn.dropout(x, 0.5) if training else x)

    model = Guarded()
    return model, *batch(), {"step": tf.function(stepper(model, keras.optimizers.Adam()))}


def batch_norm_batch_of_two():
    return mlp(layers.BatchNormalization()), *batch(2), {"loss": "cross_entropy"}


def tiny_batch():
    return mlp(hidden=4), *batch(2), {"loss": "cross_entropy"}


def one_sample():
    return compiled(mlp(activation="softmax")), *batch(1), {}


def own_loop():
    model = mlp(layers.BatchNormalization(), layers.Dropout(0.3))
    return model, *batch(), {"step": stepper(model, keras.optimizers.Adam())}


def own_loop_graph():
    model = mlp(layers.BatchNormalization(), layers.Dropout(0.3))
    return model, *batch(), {"step": tf.function(stepper(model, keras.optimizers.Adam()))}


def own_loop_compiled_by_xla():
    model = mlp()
    step = tf.function(stepper(model, keras.optimizers.SGD(0.1)), jit_compile=True)
    return model, *batch(), {"step": step}


def frozen_backbone():
    backbone = mlp(layers.BatchNormalization())
    backbone.trainable = False
    x = layers.Input((8,))
    head = layers.Dense(CLASSES)(layers.Dropout(0.2)(backbone(x, training=False)))
    model = keras.Model(x, head)
    return model, *batch(), {"step": stepper(model, keras.optimizers.Adam())}


def convolution():
    model = keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(4, 3, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.SpatialDropout2D(0.2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    x = np.random.normal(size=(4, 8, 8, 3)).astype("float32")
    return compiled(model), x, batch(4)[1], {}


class Tied(keras.Model):
    def __init__(self):
        super().__init__()
        self.embed, self.mix = layers.Embedding(11, 6), layers.Dense(6, "tanh")

    def call(self, tokens):
        return tf.matmul(self.mix(self.embed(tokens)), self.embed.embeddings, transpose_b=True)


def weight_tying():
    tokens = np.random.randint(0, 11, (6, 5))
    return Tied(), tokens, np.roll(tokens, 1, 1), {"loss": "cross_entropy"}


def accumulation_over_calls():
    model, optimizer = mlp(), keras.optimizers.SGD(0.1)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    total = [tf.Variable(tf.zeros_like(w)) for w in model.trainable_variables]
    count = tf.Variable(0)

    def step(x, y):
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        weights = model.trainable_variables
        for kept, new in zip(total, tape.gradient(value, weights), strict=True):
            kept.assign_add(new / 4)
        count.assign_add(1)
        if count % 4 == 0:
            optimizer.apply_gradients(zip(total, weights, strict=True))
            for kept in total:
                kept.assign(tf.zeros_like(kept))
        return value

    return model, *batch(), {"step": step}


def keras_accumulation():
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    return compiled(mlp(activation="softmax"), optimizer=optimizer), *batch(), {}


def clipped():
    optimizer = keras.optimizers.SGD(0.1, global_clipnorm=0.1, momentum=0.9)
    return compiled(mlp(activation="softmax"), optimizer=optimizer), *batch(), {}


def schedule():
    rate = keras.optimizers.schedules.CosineDecay(0.0, 10, warmup_target=0.1, warmup_steps=5)
    model = compiled(mlp(activation="softmax"), optimizer=keras.optimizers.SGD(rate))
    return model, *batch(), {}


def update_by_hand():
    model = mlp()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def step(x, y):
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        weights = model.trainable_variables
        for weight, gradient in zip(weights, tape.gradient(value, weights), strict=True):
            weight.assign_sub(0.1 * gradient)
        return value

    return model, *batch(), {"step": step}


class Gan(keras.Model):
    def __init__(self):
        super().__init__()
        self.generator, self.critic = mlp(outputs=8), mlp(outputs=1)
        self.built = True

    def compile(self, **how):
        super().compile(**how)
        self.g_optimizer, self.c_optimizer = keras.optimizers.Adam(), keras.optimizers.Adam()

    def call(self, x):
        return self.critic(x)

    def train_step(self, data):
        real = data[0] if isinstance(data, tuple) else data
        bce = keras.losses.BinaryCrossentropy(from_logits=True)
        noise = tf.random.normal(tf.shape(real))
        with tf.GradientTape() as tape:
            scores = self.critic(real), self.critic(self.generator(noise))
            c_loss = bce(tf.ones_like(scores[0]), scores[0])
            c_loss += bce(tf.zeros_like(scores[1]), scores[1])
        weights = self.critic.trainable_variables
        self.c_optimizer.apply_gradients(zip(tape.gradient(c_loss, weights), weights, strict=True))
        with tf.GradientTape() as tape:
            fake = self.critic(self.generator(noise))
            g_loss = bce(tf.ones_like(fake), fake)
        weights = self.generator.trainable_variables
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))
        return {"g_loss": g_loss, "c_loss": c_loss}


def gan():
    model = Gan()
    model.compile()
    return model, batch()[0], None, {}


class OwnTrainStep(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc1, self.drop = layers.Dense(16, "relu"), layers.Dropout(0.2)
        self.fc2 = layers.Dense(CLASSES)

    def call(self, x, training=None):
        return self.fc2(self.drop(self.fc1(x), training=training))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(y=y, y_pred=self(x, training=True))
        weights = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return {"loss": loss}


def own_train_step():
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return compiled(OwnTrainStep(), loss), *batch(), {}


class Variational(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = layers.Dense(6), layers.Dense(8)

    def call(self, x):
        mean, log_variance = tf.split(self.encoder(x), 2, -1)
        self.add_loss(0.01 * tf.reduce_mean(mean**2 + tf.exp(log_variance) - log_variance))
        noise = keras.random.normal(tf.shape(mean))
        return self.decoder(mean + noise * tf.exp(log_variance / 2))


def variational_autoencoder():
    x, _ = batch()
    return compiled(Variational(), "mse"), x, x, {}


def dict_inputs():
    left, right = layers.Input((8,), name="left"), layers.Input((5,), name="right")
    joined = layers.Concatenate()([layers.Dense(4)(left), layers.Dense(4)(right)])
    model = keras.Model({"left": left, "right": right}, layers.Dense(CLASSES)(joined))
    x, y = batch()
    right = np.random.normal(size=(16, 5)).astype("float32")
    return model, {"left": x, "right": right}, y, {"loss": "cross_entropy"}


def list_inputs_two_outputs():
    left, right = layers.Input((8,)), layers.Input((5,))
    joined = layers.Concatenate()([left, right])
    model = keras.Model([left, right], [layers.Dense(CLASSES)(joined), layers.Dense(1)(joined)])
    loss = [keras.losses.SparseCategoricalCrossentropy(from_logits=True), "mse"]
    x, y = batch()
    right = np.random.normal(size=(16, 5)).astype("float32")
    return compiled(model, loss), [x, right], [y, y.astype("float32")[:, None]], {}


def recurrent():
    model = keras.Sequential(
        [layers.Input((5, 4)), layers.LSTM(6, dropout=0.2), layers.Dense(CLASSES)]
    )
    x = np.random.normal(size=(16, 5, 4)).astype("float32")
    return model, x, batch()[1], {"loss": "cross_entropy"}


def masked_sequence():
    model = keras.Sequential(
        [layers.Embedding(11, 6, mask_zero=True), layers.GRU(6), layers.Dense(CLASSES)]
    )
    return model, np.random.randint(1, 11, (16, 5)), batch()[1], {"loss": "cross_entropy"}


def attention():
    x = layers.Input((5, 8))
    y = layers.MultiHeadAttention(2, 4, dropout=0.1)(x, x)
    y = layers.LayerNormalization()(x + y)
    model = keras.Model(x, layers.Dense(CLASSES)(layers.Flatten()(y)))
    return model, np.random.normal(size=(4, 5, 8)), batch(4)[1], {"loss": "cross_entropy"}


def mixed_precision():
    model = keras.Sequential(
        [
            layers.Dense(16, "relu", dtype="mixed_bfloat16"),
            layers.Dense(CLASSES, dtype="float32"),
        ]
    )
    return model, *batch(), {"loss": "cross_entropy"}


def learned_already():
    x, _ = batch()
    model = keras.Sequential([layers.Input((8,)), layers.Dense(1, use_bias=False)])
    return model, x, model(x).numpy(), {"loss": "mse", "optimizer": "sgd"}


def augmentation():
    model = keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.RandomFlip(),
            layers.GaussianNoise(0.1),
            layers.Flatten(),
            layers.Dense(CLASSES),
        ]
    )
    x = np.random.normal(size=(4, 8, 8, 3)).astype("float32")
    return model, x, batch(4)[1], {"loss": "cross_entropy"}


def evaluates_inside_the_step():
    model = mlp(layers.Dropout(0.5))
    inner = stepper(model, keras.optimizers.Adam())

    def step(x, y):
        loss = inner(x, y)
        model(x, training=False)
        return {"loss": loss, "accuracy": 0.5}

    return model, *batch(), {"step": step}


class FrozenStatistics(keras.Model):
    """Batch norm kept at rest on purpose, in a model that leaves `training` to Keras."""

    def __init__(self):
        super().__init__()
        self.norm, self.drop = layers.BatchNormalization(), layers.Dropout(0.2)
        self.fc1, self.fc2 = layers.Dense(16, "relu"), layers.Dense(CLASSES)

    def call(self, x):
        return self.fc2(self.drop(self.fc1(self.norm(x, training=False))))


def batch_norm_at_rest():
    model = FrozenStatistics()
    return model, *batch(), {"step": stepper(model, keras.optimizers.Adam())}


class Plain(keras.Model):
    """Nothing in it acts differently in training, so it needs no `training`."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = layers.Dense(16, "relu"), layers.Dense(CLASSES)

    def call(self, x):
        return self.fc2(self.fc1(x))


def no_training_and_no_need():
    return Plain(), *batch(), {"loss": "cross_entropy"}


class Trainer:
    """The step as a method, with all it needs on the object."""

    def __init__(self, model):
        self.model, self.optimizer = model, keras.optimizers.Adam()
        self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.seen = keras.metrics.Mean()

    @tf.function
    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = self.loss(y, self.model(x, training=True))
        weights = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        self.seen.update_state(loss)
        return loss


def method():
    model = mlp()
    trainer = Trainer(model)
    return model, *batch(), {"step": lambda x, y: trainer.step(x, y)}


SOUND = [
    accumulation_over_calls,
    attention,
    augmentation,
    batch_norm_at_rest,
    batch_norm_batch_of_two,
    binary,
    binary_logits,
    clipped,
    compiled_eagerly,
    compiled_softmax,
    convolution,
    dict_inputs,
    dropout_09,
    dropout_09_own_loop,
    evaluates_inside_the_step,
    frozen_backbone,
    gan,
    guarded_tensorflow_dropout,
    huge_targets,
    keras_accumulation,
    keras_names,
    learned_already,
    list_inputs_two_outputs,
    masked_sequence,
    method,
    mixed_precision,
    named_loss,
    named_loss_with_regulariser,
    no_training_and_no_need,
    one_hot,
    one_sample,
    own_loop,
    own_loop_compiled_by_xla,
    own_loop_graph,
    own_train_step,
    recurrent,
    regression,
    regression_keras_squeezes,
    repaired_from_logits,
    schedule,
    tiny_batch,
    update_by_hand,
    variational_autoencoder,
    weight_tying,
]


@pytest.mark.parametrize("sound", SOUND, ids=lambda case: case.__name__)
def test_sound_training_passes(sound):
    keras.utils.set_random_seed(2)
    model, x, y, how = sound()
    report = Smoke()(model, x, y, **how)
    assert report.passed

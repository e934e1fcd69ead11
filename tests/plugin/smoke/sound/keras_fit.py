"""Sound training by `fit` on TensorFlow, by a train_step of the model's own or Keras'."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from ..planted import keras_fit as bugs

CLASSES = 3


def batch(samples=16):
    x = np.random.normal(size=(samples, 8)).astype("float32")
    return x, np.random.randint(0, CLASSES, samples)


def compiled(model, loss=None, optimizer="adam", **how):
    model.compile(optimizer, loss or bugs.logits_loss(), **how)
    return model, *batch(), {}


def gan_without_call():
    return bugs.gan()


def simsiam_with_parts_unbuilt():
    return bugs.simsiam()


def teacher_in_front_of_the_tape():
    return compiled(bugs.Distiller())


def average_cleared():
    return bugs.accumulating(clears=True)


class MeanTeacher(keras.Model):
    """Frozen, the teacher is an average that the step itself takes."""

    def __init__(self):
        super().__init__()
        self.student, self.teacher = bugs.mlp(), bugs.mlp()
        self.teacher.set_weights(self.student.get_weights())
        self.teacher.trainable = False

    def call(self, x, training=None):
        return self.student(x, training=training)

    def train_step(self, data):
        x, y = data
        of_teacher = tf.nn.softmax(self.teacher(x))
        with tf.GradientTape() as tape:
            found = self.student(x, training=True)
            apart = tf.reduce_mean((tf.nn.softmax(found) - of_teacher) ** 2)
            loss = self.compute_loss(x, y, found) + apart
        weights = self.student.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        for average, weight in zip(self.teacher.weights, self.student.weights, strict=True):
            average.assign(0.9 * average + 0.1 * weight)
        return {"loss": loss}


def mean_teacher():
    return compiled(MeanTeacher())


def text():
    words = np.array(["good", "bad", "very good", "very bad", "so good", "so bad"])
    split = layers.TextVectorization(max_tokens=9, output_sequence_length=3)
    split.adapt(words)
    model = keras.Sequential(
        [
            layers.Input((), dtype="string"),
            split,
            layers.Embedding(9, 4),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(1e-2), "binary_crossentropy")
    return model, words, np.array([1, 0] * 3, dtype="float32"), {}


class Weighted(keras.Model):
    def train_step(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            found = self(x, training=True)
            loss = self.compute_loss(x, y, found, sample_weight)
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}


def sample_weights():
    weights = np.random.uniform(0.2, 2, 16)
    return *compiled(bugs.of(Weighted))[:3], {"sample_weight": weights}


def class_weights():
    return *compiled(bugs.mlp(), weighted_metrics=["accuracy"])[:3], {"class_weight": {1: 4.0}}


class Plain(keras.optimizers.SGD):
    pass


class Rising(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1 * ops.minimum(1.0, (ops.cast(step, "float32") + 1) / 5)

    def get_config(self):
        return {}


def weighed_crossentropy(target, output):
    return 2 * keras.losses.sparse_categorical_crossentropy(target, output, from_logits=True)


def optimizer_loss_and_schedule_of_its_own():
    return compiled(bugs.mlp(), weighed_crossentropy, Plain(Rising(), momentum=0.9))


class Scheduled(keras.Model):
    """Statistics from training before: the batch norm is meant to rest."""

    def __init__(self):
        super().__init__()
        self.norm, self.out = layers.BatchNormalization(), layers.Dense(CLASSES)

    def call(self, x, training=None):
        return self.out(self.norm(x, training=False))


def batch_norm_with_statistics_at_rest():
    model = Scheduled()
    model(batch()[0])
    model.norm.moving_variance.assign(np.full(8, 2.0))
    return compiled(model)


SOUND = [
    average_cleared,
    batch_norm_with_statistics_at_rest,
    class_weights,
    gan_without_call,
    mean_teacher,
    optimizer_loss_and_schedule_of_its_own,
    sample_weights,
    simsiam_with_parts_unbuilt,
    teacher_in_front_of_the_tape,
    text,
]

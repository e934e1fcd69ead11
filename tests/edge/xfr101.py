import abc

import keras
import tensorflow as tf
from flax import linen
from torch import nn


class Block(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense(4)

    def __call__(self, x):  # XFR101
        return x


class Indirect(Block):
    if True:
        scale = 1.0

    def call(self, x):
        return x * self.scale


class Grandchild(Indirect, abc.ABC):
    def __call__(self, *args, **kwargs):  # XFR101
        return self.call(*args, **kwargs)


class Functional(keras.Sequential):
    async def __call__(self, x):  # XFR101
        return x


class OfALayer(keras.layers.Dense):
    def __call__(self, inputs):  # XFR101
        return self.call(inputs)


class OldSpelling(keras.models.Model):
    def __call__(self, inputs):  # XFR101
        return inputs


Base = keras.Model


class ThroughAlias(Base):
    def __call__(self, inputs):  # XFR101
        return inputs


def local_class():
    class Inner(keras.Model):
        def __call__(self, inputs):  # XFR101
            return inputs

    return Inner


class Timed(keras.Model):
    def __call__(self, *args, **kwargs):
        print("called")
        return super().__call__(*args, **kwargs)


class TimedOld(keras.Model):
    def __call__(self, *args, **kwargs):
        out = keras.Model.__call__(self, *args, **kwargs)
        return out


class Smooth(keras.losses.Loss):
    def __call__(self, y_true, y_pred, sample_weight=None):
        return tf.reduce_mean(y_true - y_pred)


class Warmup(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1


class Init(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return tf.zeros(shape)


class Flax(linen.Module):
    def __call__(self, x):
        return x


class Torch(nn.Module):
    def __call__(self, x):
        return x


class Plain:
    def __call__(self, x):
        return x


class Renamed(keras.Model):
    def forward(self, x):
        return x

    __call__ = forward  # XFR101


class Under(keras.Model):
    if tf.__version__ > "2":

        @tf.function
        def __call__(self, x):  # XFR101
            return x


class Handed(keras.Model):
    __call__ = keras.Model.__call__


class StatefulMetric(keras.layers.Layer):
    def reset_states(self):
        self.positives = 0

    def __call__(self, y_true, y_pred):
        self.positives += 1
        return self.positives


class OwnMetric(keras.layers.Layer):
    def update_state(self, values):
        self.total = values

    def __call__(self, values):
        return self.update_state(values)


class Bare(tf.Module):
    def __call__(self, x):
        return x


class Cosine(keras.constraints.Constraint):
    def __call__(self, w):
        return w


class Penalty(keras.regularizers.Regularizer):
    def __call__(self, w):
        return tf.reduce_sum(w)


class Both(nn.Module, linen.Module):
    def __call__(self, x):
        return x


class LowerCase(keras.layers.Layer):
    def __call__(self, text):
        return tf.strings.lower(text)


class Scaled(keras.layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],))

    def __call__(self, x):  # XFR101
        return x * self.scale

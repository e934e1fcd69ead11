import keras
import tensorflow as tf
from keras import layers
from tensorflow.keras import Model


class Dense(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units
        self.scale = tf.Variable(1.0, name="scale")  # XFR116

    def build(self, shape):
        init = tf.random_normal_initializer()
        self.w = tf.Variable(  # XFR116
            initial_value=init(shape=(shape[-1], self.units), dtype="float32"), trainable=True
        )
        self.b = tf.Variable(tf.zeros((self.units,)), dtype=tf.float32)  # XFR116

    def call(self, x):
        return self.scale * (x @ self.w + self.b)


class Prompt(Model):
    def __init__(self, length):
        super().__init__()
        self.body = Dense(4)
        self.prompts = [tf.Variable(tf.zeros((1, 4))) for _ in range(length)]  # XFR116

    def call(self, x):
        return self.body(tf.concat([x, *self.prompts], axis=0))


class Gated(Prompt):
    def __init__(self, length):
        super().__init__(length)
        gate = tf.Variable(tf.ones((4,)))  # XFR116
        self.gate = gate

    def call(self, x):
        return super().call(x) * self.gate


# -- variables that Keras sees, and what is no weight ----------------------------------------------


class Seen(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.scale = keras.Variable(1.0)
        self.steps = tf.Variable(0)
        self.count = tf.Variable(0, dtype=tf.int64)
        self.mean = tf.Variable(tf.zeros((units,)), trainable=False)
        self.total = tf.Variable(0.0)
        self.units = units

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], self.units), name="w")

    def call(self, x):
        self.total.assign_add(1.0)
        return x @ self.w * self.scale


class Handed(Model):
    def __init__(self):
        super().__init__()
        self.alpha = tf.Variable(0.5)
        self.beta = tf.Variable(0.5)

    def call(self, x):
        return x * self.alpha + self.beta

    def step(self, x):
        with tf.GradientTape(persistent=True) as tape:
            loss = tf.reduce_mean(self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables + [self.alpha])
        return gradients, tape.gradient(loss, self.beta)


class OwnVariables(Model):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable(1.0)

    @property
    def trainable_variables(self):
        return (self.w,)

    def call(self, x):
        return x * self.w


class Module(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable(1.0)


class Rate(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self):
        self.rate = tf.Variable(0.1)


class Plain:
    def __init__(self):
        self.w = tf.Variable(1.0)

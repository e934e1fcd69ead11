import keras
import tensorflow as tf
from keras import backend
from tensorflow.nn import dropout


class Block(keras.layers.Layer):
    def __init__(self, rate=0.5, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.fc = rate, keras.layers.Dense(4)
        self.seed = keras.random.SeedGenerator(0)

    def call(self, x, training=None):
        x = tf.nn.dropout(x, rate=self.rate)  # XFR311
        x = dropout(x, 0.3)  # XFR311
        x = keras.random.dropout(x, self.rate, seed=self.seed)  # XFR311
        x = tf.nn.experimental.stateless_dropout(x, 0.2, seed=[1, 2])  # XFR311
        return self.fc(x, training=training)


class Net(keras.Model):
    def call(self, x):
        return self.head(tf.nn.relu(x))

    def head(self, x):
        return backend.dropout(x, 0.4)  # XFR311

    def corrupt(self, x):
        return tf.nn.dropout(x, 0.1)

    def train_step(self, data):
        noisy = tf.nn.dropout(data[0], 0.1)
        return {"loss": self.compute_loss(y=data[1], y_pred=self(self.corrupt(noisy)))}


class Child(Block):
    def call(self, x, training=None):
        keep = 0.9
        return super().call(tf.nn.dropout(x, 1 - keep), training=training)  # XFR311


class Guarded(keras.layers.Layer):
    def call(self, x, training=None):
        if training:
            x = tf.nn.dropout(x, 0.5)
        x = tf.nn.dropout(x, 0.5) if training is not False else x
        rate = 0.5 if training else 0.0
        x = tf.nn.dropout(x, rate)
        x = tf.nn.dropout(x, 0)
        x = tf.nn.dropout(x, rate=0.5 * tf.cast(training, tf.float32))
        x = tf.cond(training, lambda: tf.nn.dropout(x, 0.5), lambda: x)
        return backend.in_train_phase(backend.dropout(x, 0.2), x, training=training)


class Early(keras.layers.Layer):
    def call(self, x, is_training=False):
        if not is_training:
            return x
        return self._drop(tf.nn.dropout(x, 0.1))

    def _drop(self, x):
        return tf.nn.dropout(x, 0.5)


class Chosen(keras.layers.Layer):
    def call(self, x, training=None):
        return self._drop(x) if training else x

    def _drop(self, x):
        return tf.nn.dropout(x, 0.5)


class MCDropout(keras.layers.Layer):
    def call(self, x):
        return tf.nn.dropout(x, 0.5)


class Sampling(keras.layers.Layer):
    def call(self, x):
        mean, log_var = x
        return mean + tf.exp(log_var / 2) * tf.random.normal(tf.shape(mean))


class Plain:
    def call(self, x):
        return tf.nn.dropout(x, 0.5)


def augment(x):
    return tf.nn.dropout(x, 0.5)


monte_carlo = keras.layers.Lambda(lambda x: tf.nn.dropout(x, 0.5))


class Unnamed(keras.layers.Layer):
    def call(self, x, rate=None, options=None):
        x = tf.nn.dropout(x, **options)
        match rate:
            case "training":
                return tf.nn.dropout(x, 0.5)  # XFR311
        return x


class Matched(keras.layers.Layer):
    def call(self, x, mode):
        match mode:
            case "fit":
                return tf.nn.dropout(x, 0.5)
        return x

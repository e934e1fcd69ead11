# one spelling
import keras
import tensorflow as tf
from tensorflow.keras import backend as K
from keras.optimizers import Adam


class Decay(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        rate = float(self.model.optimizer.lr)  # XFR412
        self.model.optimizer.lr = rate * 0.9  # XFR412
        self.model.optimizer.learning_rate = rate * 0.9
        if hasattr(self.model.optimizer, "lr"):
            self.model.optimizer.lr = rate

    def on_epoch_end(self, epoch, logs=None):
        K.set_value(self.model.optimizer.lr, 0.1)  # XFR412
        print(K.get_value(self.model.optimizer.learning_rate))
        print(tf.keras.backend.get_value(self.model.optimizer.lr))  # XFR412
        print(tf.keras.backend.get_value(self.optimizer.lr))  # XFR412


class Gan(keras.Model):
    def compile(self, g_optimizer=None, **kwargs):
        super().compile(**kwargs)
        self.g_optimizer = Adam(1e-4)
        self.d_optimizer = g_optimizer

    def slow_down(self):
        self.g_optimizer.lr = 1e-5  # XFR412
        self.d_optimizer.lr = 1e-5
        self.optimizer.lr = 1e-5  # XFR412
        self.optimizer.lr.assign(1e-6)  # XFR412


class Other:
    def __init__(self, optimizer, args):
        self.optimizer = optimizer
        self.lr = args.lr

    def step(self):
        self.optimizer.lr = self.lr
        return K.get_value(self.lr)


class Mine(keras.optimizers.SGD):
    @property
    def lr(self):
        return self.learning_rate


# notebook style
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.optimizer.lr = 0.001  # XFR412
print(model.optimizer.lr)  # XFR412
print(model.optimizer.learning_rate)
tf.keras.backend.set_value(model.optimizer.learning_rate, 0.1)  # XFR412
opt = tf.keras.optimizers.Adam(1e-3)
opt.lr *= 0.1  # XFR412
opt.lr.assign(1e-4)  # XFR412
opt.learning_rate.assign(1e-4)
mine = Mine(0.1)
print(mine.lr)
try:
    opt.lr = 0.1
except AttributeError:
    opt.learning_rate = 0.1

"""Shapes in which a learning rate that stays was reported, each with its fixed twin."""

import keras

# -- as asked in keras-team/keras#3922: on the model that was compiled --------------------------------


def second_phase(model, x, y):
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.1))
    model.fit(x, y)
    model.optimizer.lr = 0.02  # XFR412
    model.fit(x, y)


def second_phase_fixed(model, x, y):
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.1))
    model.fit(x, y)
    model.optimizer.learning_rate = 0.02
    model.fit(x, y)


# -- a callback of one's own, as those that keras-team/keras#19148 is about ----------------------------


class Halving(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch % 10 == 9:
            self.model.optimizer.lr = 0.1 / 2 ** (epoch // 10)  # XFR412


class HalvingFixed(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch % 10 == 9:
            self.model.optimizer.learning_rate = 0.1 / 2 ** (epoch // 10)


# -- as in mlrun/mlrun#8155: times the number of workers -------------------------------------------------

optimizer = keras.optimizers.SGD(0.01)
optimizer.lr = 0.01 * 4  # XFR412
optimizer.learning_rate = 0.01 * 4

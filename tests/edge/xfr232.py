import keras
import tensorflow as tf
from scipy import optimize


class Net(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        self.optimizer.minimize(loss, self.trainable_variables, tape=tape)  # XFR232
        return {"loss": loss}


class Agent:
    def __init__(self, lr):
        self.opt = tf.optimizers.Adam(lr)
        self.net = keras.Sequential([keras.layers.Dense(2)])

    def learn(self, x):
        self.opt.minimize(lambda: self.loss(x), var_list=self.net.trainable_weights)  # XFR232

    def loss(self, x):
        return tf.reduce_mean(self.net(x) ** 2)


def make():
    return keras.optimizers.RMSprop(0.01)


def helpers(loss, variables):
    opt = make()
    updates = opt.get_updates(loss, variables)  # XFR232
    return opt.get_gradients(loss, variables), updates  # XFR232


def annotated(opt: keras.optimizers.Optimizer, f, variables):
    return opt.minimize(f, variables)  # XFR232


def compiled(f):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model.optimizer.get_weights(), model.get_weights()  # XFR232


step = keras.optimizers.SGD(0.5).minimize  # named, not called
keras.optimizers.SGD(0.5).minimize(lambda: step, [])  # XFR232


class Own(keras.optimizers.SGD):
    def minimize(self, loss, variables, tape):
        self.apply_gradients(zip(tape.gradient(loss, variables), variables))


def right(loss, variables, tape, solver):
    Own(0.1).minimize(loss, variables, tape)
    optimize.minimize(loss, variables)
    solver.minimize(loss)
    keras.optimizers.SGD(0.1).apply_gradients(zip(tape.gradient(loss, variables), variables))


class Momentum(keras.optimizers.Optimizer):
    def get_updates(self, loss, params):
        return zip(self.get_gradients(loss, params), self.get_weights())

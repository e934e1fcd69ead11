import keras
import numpy as np
import tensorflow as tf


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.drop = keras.layers.Dropout(0.5)

    def call(self, x, training=None):
        return self.drop(x, training=training)

    def test_step(self, data):
        x, y = data
        y_pred = self(x, training=True)  # XFR304
        return {"loss": self.compute_loss(y=y, y_pred=y_pred)}


class Right(Net):
    def test_step(self, data):
        x, y = data
        y_pred = self(x, training=False)
        return {"loss": self.compute_loss(y=y, y_pred=y_pred)}


class Trainer:
    def __init__(self):
        self.model = Net()
        self.generator = Net()
        self.plain = keras.Sequential([keras.layers.Dense(2)])

    @tf.function
    def test_step(self, x, y):
        return keras.losses.mse(y, self.model(x, training=True))  # XFR304

    def validate(self, dataset):
        for x, _ in dataset:
            self.plain(x, training=True)
            self.generator(x, training=True)
            print(self.model(x, training=True))  # XFR304

    def validate_rightly(self, dataset):
        for x, _ in dataset:
            print(self.model(x, training=False), self.model(x))

    def test_both(self, x):
        return self.model(x, training=True) - self.model(x, training=False)

    def test(self, x):
        return self.model(x, training=True), self.model(x, training=False)

    def generate_images(self, x):
        return self.model(x, training=True)


@tf.function
def eval_step(model, x):
    return model(x, training=True)  # XFR304


def predict(x):
    return np.mean([net(x, training=True) for _ in range(50)], axis=0)


def predict_mc(x):
    return net(x, training=True)


def evaluate(x, y):
    spread = []
    for _ in range(10):
        spread.append(net(x, training=True))
    outputs = [net(batch, training=True) for batch in x]  # XFR304
    return spread, outputs, y


def train_step(model, x, y, optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True) - y)
    optimizer.apply_gradients(
        zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    )


def test(model, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x, training=True)
    return tape.gradient(y, x)


net = Net()
test_dataset = tf.data.Dataset.range(4)
for batch in test_dataset:
    net(batch, training=True)  # XFR304
for batch in test_dataset:
    net(batch)

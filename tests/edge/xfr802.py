import keras
import numpy as np
import tensorflow as tf

net = keras.Sequential([keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.1)
dataset = tf.data.Dataset.from_tensor_slices((np.ones((8, 2)), np.ones((8, 1)))).batch(2)
beta = 0.0


@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((net(x, training=True) - y) ** 2) + beta * tf.reduce_sum(x)
    gradients = tape.gradient(loss, net.trainable_variables)
    optimizer.apply_gradients(zip(gradients, net.trainable_variables))
    return loss


for epoch in range(10):
    for x, y in dataset:
        train_step(x, y)
    beta = min(1.0, beta + 0.1)  # XFR802
    if epoch == 5:
        optimizer = keras.optimizers.SGD(0.01)  # XFR802


class Trainer(tf.Module):
    def __init__(self, lr=0.1):
        super().__init__()
        self.lr = lr
        self.warm = True
        self.count = 0
        self.w = tf.Variable(1.0)

    @tf.function
    def step(self, x):
        rate = self.lr / 10 if self.warm else self.lr
        self.w.assign_sub(rate * tf.reduce_mean(x) + 0.0 * self.count)

    def decay(self):
        self.lr *= 0.5

    def fit(self, data):
        for x in data:
            self.step(x)
            self.count += 1  # XFR802
        self.warm = False


trainer = Trainer()
for x, _ in dataset:
    trainer.step(x)
    trainer.decay()  # XFR802
trainer.lr = 0.001


def by_hand(data):
    trainer = Trainer()
    for x in data:
        trainer.step(x)
    trainer.warm = False  # XFR802
    for x in data:
        trainer.step(x)


def closure(data):
    rate = 0.1
    w = tf.Variable(1.0)

    def raw(x):
        w.assign_sub(rate * x)

    step = tf.function(raw)
    for x in data:
        step(x)
        rate = rate * 0.9  # XFR802
    return w


@tf.function(jit_compile=True)
def scaled(x):
    return x * epoch_scale * number


epoch_scale = 1.0
for number in range(3):  # XFR802
    scaled(tf.ones(2))

print(scaled(tf.ones(2)))
epoch_scale = 2.0  # XFR802
print(scaled(tf.ones(2)))


# -- right ones ------------------------------------------------------------------------------------


class Right(tf.Module):
    def __init__(self):
        super().__init__()
        self.lr = tf.Variable(0.1, trainable=False)
        self.mode = "fast"
        self.seen = 0

    @tf.function
    def step(self, x, weight):
        return x * self.lr * weight

    def fit(self, data):
        weight = 1.0
        self.mode = "slow"
        for x in data:
            self.step(x, tf.constant(weight))
            weight *= 0.5
            self.lr.assign(self.lr * 0.5)
            self.seen += 1


right = Right()
right.mode = "slow"
for x, _ in dataset:
    right.step(x, x)

scale = 1.0
scale = 2.0


@tf.function
def once(x):
    return x * scale


once(tf.ones(2))
once(tf.ones(2))


def traced_each_time(data):
    for rate in range(3):

        @tf.function
        def step(x):
            return x * rate

        for x in data:
            step(x)


@tf.function
def with_number(x, epoch):
    return x * factor * epoch


factor = 1.0
for epoch in range(3):
    with_number(tf.ones(2), epoch)
    factor *= 0.5

training = True


@tf.function
def flagged(x):
    return net(x, training=training)


def plain(x):
    return net(x, training=training)


for x, _ in dataset:
    training = True
    flagged(x)
    training = False
    plain(x)

held = tf.Variable(1.0)
state = {"k": 1}


@tf.function
def reads(x):
    return x * held * state["k"]


for x, _ in dataset:
    reads(x)
    held.assign_add(1.0)
    state["k"] += 1
    shadow = 0


@tf.function
def shadows(x):
    number = 2
    return x * number


def eager(x):
    return x * late


late = 1.0
for x, _ in dataset:
    eager(x)
    late *= 0.5


class Scheduled(tf.Module):
    def __init__(self):
        super().__init__()
        self.a, self.rate, self.sign, self.scale = 0, 1.0, 1, 2.0
        self.flag = False

    @tf.function
    def step(self, x):
        return x * self.rate * self.sign * self.scale * self.a * self.flag

    def fit(self, data, start):
        for i, x in enumerate(data):
            self.step(x)
            self.rate = 0.5 if start else 1.0  # XFR802
            self.sign = -self.sign  # XFR802
            self.scale = float(start)  # XFR802
            self.a, self.b = start, i


@tf.function
def numbered(x):
    return x * turn * lap


for turn, x in enumerate(dataset):  # XFR802
    numbered(x)
for lap in tqdm(range(3)):  # XFR802
    numbered(tf.ones(2))

import keras
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

net = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
generator = keras.Sequential([keras.Input((2,)), layers.Dense(3)])
discriminator = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
backbone = keras.Sequential([keras.Input((3,)), layers.Dense(3)])
opt = keras.optimizers.Adam()
mse = keras.losses.MeanSquaredError()
bce = keras.losses.BinaryCrossentropy(from_logits=True)
w = tf.Variable(2.0)
b = tf.Variable(1.0)


# ---- mistakes, each with its fixed twin --------------------------------------------------------


@tf.function
def step(x, y):
    out = net(x, training=True)  # XFR209
    with tf.GradientTape() as tape:
        loss = mse(y, out)
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))


@tf.function
def step_fixed(x, y):
    with tf.GradientTape() as tape:
        out = net(x, training=True)
        loss = mse(y, out)
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))


def dedented_loss(x, y):
    with tf.GradientTape() as t:
        out = net(x, training=True)
    loss = mse(y, out)  # XFR209
    opt.apply_gradients(zip(t.gradient(loss, net.trainable_weights), net.trainable_weights))


def dedented_mean(x, y):
    with tf.GradientTape() as t:
        out = net(x, training=True)
        per_sample = tf.square(out - y)
    loss = tf.reduce_mean(per_sample)  # XFR209
    return t.gradient(loss, net.trainable_weights)


def in_the_call(x, y):
    with tf.GradientTape() as t:
        out = net(x, training=True)
    return t.gradient(mse(y, out), net.trainable_weights)  # XFR209


def divided(x, y, steps):
    with tf.GradientTape() as t:
        out = net(x, training=True)
        loss = mse(y, out)
    loss = loss / steps  # XFR209
    return t.gradient(loss, net.trainable_weights)


def divided_fixed(x, y, steps):
    with tf.GradientTape() as t:
        out = net(x, training=True)
        loss = mse(y, out) / steps
    shown = loss * steps
    return t.gradient(loss, net.trainable_weights), shown


class Trainer:
    def __init__(self, model):
        self.model = model
        self.optimizer = keras.optimizers.Adam()
        self.loss_fn = keras.losses.MeanSquaredError()

    def forward(self, x):
        return self.model(x, training=True)  # XFR209

    def fit_batch(self, x, y):
        out = self.forward(x)
        with tf.GradientTape() as tape:
            loss = self.loss_fn(y, out)
        grads = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.model.trainable_variables))


class TrainerFixed:
    def __init__(self, model):
        self.model = model
        self.optimizer = keras.optimizers.Adam()
        self.loss_fn = keras.losses.MeanSquaredError()

    def forward(self, x):
        return self.model(x, training=True)

    def fit_batch(self, x, y):
        with tf.GradientTape() as tape:
            out = self.forward(x)
            loss = self.loss_fn(y, out)
        grads = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.model.trainable_variables))


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y = data
        y_pred = self(x, training=True)  # XFR209
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.abs(y - y_pred))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}


class NetFixed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = tf.reduce_mean(tf.abs(y - y_pred))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}


def gan(noise):
    fake = generator(noise, training=True)  # XFR209
    with tf.GradientTape() as g_tape:
        g_loss = bce(tf.ones((4, 1)), discriminator(fake, training=True))
    grads = g_tape.gradient(g_loss, generator.trainable_variables)
    opt.apply_gradients(zip(grads, generator.trainable_variables))


def gan_fixed(noise):
    with tf.GradientTape() as g_tape:
        fake = generator(noise, training=True)
        g_loss = bce(tf.ones((4, 1)), discriminator(fake, training=True))
    grads = g_tape.gradient(g_loss, generator.trainable_variables)
    opt.apply_gradients(zip(grads, generator.trainable_variables))


def one_of_two(x, y):
    features = backbone(x, training=True)  # XFR209
    with tf.GradientTape() as tape:
        loss = mse(y, net(features, training=True))
    variables = backbone.trainable_variables + net.trainable_variables
    opt.apply_gradients(zip(tape.gradient(loss, variables), variables))


def one_term(x, y):
    weight_decay = tf.add_n([tf.nn.l2_loss(v) for v in net.trainable_variables])  # XFR209
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True)) + 1e-4 * weight_decay
    return tape.gradient(loss, net.trainable_variables)


def by_hand(x, y):
    out = w * x + b  # XFR209
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((out - y) ** 2)
    return tape.gradient(loss, [w, b])


def by_hand_fixed(x, y):
    with tf.GradientTape() as tape:
        out = w * x + b
        loss = tf.reduce_mean((out - y) ** 2)
    return tape.gradient(loss, [w, b])


for x, y in [(np.ones((4, 3), "float32"), np.ones((4, 1), "float32"))]:
    y_hat = net(x, training=True)  # XFR209
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(tf.square(y_hat - y))
    grads = tape.gradient(value, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))


# ---- look-alikes -------------------------------------------------------------------------------


def frozen_features(x, y):
    features = backbone(x, training=False)
    with tf.GradientTape() as tape:
        loss = mse(y, net(features, training=True))
    return tape.gradient(loss, net.trainable_variables)


def fixed_half(noise, real):
    fake = generator(noise, training=True)
    with tf.GradientTape() as d_tape:
        loss = bce(tf.ones((4, 1)), discriminator(real, training=True))
        loss += bce(tf.zeros((4, 1)), discriminator(fake, training=True))
    return d_tape.gradient(loss, discriminator.trainable_variables)


def bootstrapped(states, rewards, following):
    targets = rewards + 0.99 * tf.reduce_max(net(following, training=False), axis=1)
    with tf.GradientTape() as tape:
        values = tf.reduce_max(net(states, training=True), axis=1)
        loss = tf.reduce_mean(tf.square(targets - values))
    return tape.gradient(loss, net.trainable_variables)


def importance(states, actions):
    before = net(states, training=False)
    with tf.GradientTape() as tape:
        ratio = tf.exp(net(states, training=True) - before)
        loss = -tf.reduce_mean(ratio * actions)
    return tape.gradient(loss, net.trainable_variables)


def compute_loss(model, x, y):
    return mse(y, model(x, training=True))


def through_a_helper(x, y):
    logits = net(x, training=False)
    print(logits)
    with tf.GradientTape() as tape:
        loss = compute_loss(net, x, y)
    return tape.gradient(loss, net.trainable_variables), logits


def closure(x, y):
    out = net(x, training=False)

    def objective():
        return mse(y, net(x, training=True))

    with tf.GradientTape() as tape:
        loss = objective()
    return tape.gradient(loss, net.trainable_variables), out


def unseen(agent, x, y):
    out = agent.model(x)
    with tf.GradientTape() as tape:
        loss = agent.objective(out, y)
    return tape.gradient(loss, agent.model.trainable_variables)


def collected(batches):
    losses = []
    with tf.GradientTape() as tape:
        for x, y in batches:
            losses.append(mse(y, net(x, training=True)))
        total = tf.add_n(losses)
    picked = total
    return tape.gradient(picked, net.trainable_variables)


def in_parts(x, y):
    with tf.GradientTape(persistent=True) as tape:
        out = net(x, training=True)
        parts = {"fit": mse(y, out), "size": tf.reduce_mean(out**2)}
    return [tape.gradient(parts[name], net.trainable_variables) for name in parts]


def entered_twice(x, y):
    tape = tf.GradientTape()
    with tape:
        out = net(x, training=True)
        loss = mse(y, out)
    return tape.gradient(loss, net.trainable_variables)


def carried(steps, x):
    state = net(x, training=True)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            state = net(tf.tile(state, (1, 3)), training=True)
            loss = tf.reduce_mean(state)
        opt.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))


def second_derivative(t):
    with tf.GradientTape() as outer:
        outer.watch(t)
        with tf.GradientTape() as inner:
            inner.watch(t)
            u = net(t, training=True)
        u_t = inner.gradient(u, t)
        loss = tf.reduce_mean(u_t**2)
    return outer.gradient(loss, net.trainable_variables)


def averaged(hvd, x, y):
    out = net(x, training=True)  # XFR209
    with tf.GradientTape() as tape:
        loss = mse(y, out)
    tape = hvd.DistributedGradientTape(tape)
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))


def of_somebody(x, y):
    from .data import load

    weights = load("weights.npy")
    scale = weights.mean()
    out = net(x, training=True)  # XFR209
    with tf.GradientTape() as tape:
        loss = tf.add_n([mse(y, out) * scale] + net.losses)
    return tape.gradient(loss, net.trainable_variables)


class Spread(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return tf.abs(y_true - y_pred)


def own_loss(x, y):
    out = net(x, training=True)  # XFR209
    with tf.GradientTape() as tape:
        loss = Spread()(y, out)
    return tape.gradient(loss, net.trainable_variables)


def update_generator(z, net_D, net_G, loss, optimizer):
    fake = net_G(z)  # XFR209
    with tf.GradientTape() as tape:
        scores = net_D(fake)
        value = loss(tf.ones((4, 1)), scores)
    grads = tape.gradient(value, net_G.trainable_variables)
    optimizer.apply_gradients(zip(grads, net_G.trainable_variables))

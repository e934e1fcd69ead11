import keras
import numpy as np
import tensorflow as tf

net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
target_net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
opt = keras.optimizers.Adam()
mse = keras.losses.MeanSquaredError()
running = keras.metrics.Mean()
w = tf.Variable(2.0)


# ---- mistakes, each with its fixed twin --------------------------------------------------------


def plain(x, y):
    with tf.GradientTape() as tape:
        out = net(x, training=True)
        loss = np.mean((out - y) ** 2)  # XFR212
    return tape.gradient(loss, net.trainable_variables)


def plain_fixed(x, y):
    with tf.GradientTape() as tape:
        out = net(x, training=True)
        loss = tf.reduce_mean((out - y) ** 2)
    return tape.gradient(loss, net.trainable_variables)


def numpy_of_outputs(x, y):
    with tf.GradientTape() as tape:
        out = net(x, training=True).numpy()  # XFR212
        loss = mse(y, out)
    return tape.gradient(loss, net.trainable_variables)


def predicted(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net.predict(x))  # XFR212
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))


def predicted_fixed(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))


def as_number(x, y):
    with tf.GradientTape() as tape:
        loss = float(mse(y, net(x, training=True)))  # XFR212
    return tape.gradient(tf.constant(loss), net.trainable_variables)


def log_likelihood(x, y):
    with tf.GradientTape() as tape:
        p = tf.sigmoid(net(x, training=True))
        loss = -tf.reduce_mean(y * np.log(p) + (1 - y) * np.log(1 - p))  # XFR212
    return tape.gradient(loss, net.trainable_variables)


def log_likelihood_fixed(x, y):
    with tf.GradientTape() as tape:
        p = tf.sigmoid(net(x, training=True))
        loss = -tf.reduce_mean(y * tf.math.log(p) + (1 - y) * tf.math.log(1 - p))
    return tape.gradient(loss, net.trainable_variables)


def rmse(y, out):
    return tf.sqrt(tf.reduce_mean(np.square(y - out)))  # XFR212


def in_a_helper(x, y):
    with tf.GradientTape() as tape:
        loss = rmse(y, net(x, training=True))
    return tape.gradient(loss, net.trainable_variables)


def mean_of_means(x, y):
    with tf.GradientTape() as tape:
        loss = running(mse(y, net(x, training=True)))  # XFR212
    return tape.gradient(loss, net.trainable_variables)


def mean_of_means_fixed(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
        running(loss)
    return tape.gradient(loss, net.trainable_variables)


def kept_as_variable(x, y):
    with tf.GradientTape() as tape:
        loss = tf.Variable(mse(y, net(x, training=True)))  # XFR212
    return tape.gradient(loss, net.trainable_variables)


def through_ops(x, y):
    with tf.GradientTape() as tape:
        out = keras.ops.convert_to_numpy(net(x, training=True))  # XFR212
        loss = tf.reduce_mean(tf.abs(out - y))
    return tape.gradient(loss, net.trainable_variables)


def by_hand(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((np.exp(w) * x - y) ** 2)  # XFR212
    return tape.gradient(loss, w)


def by_hand_fixed(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.exp(w) * x - y) ** 2)
    return tape.gradient(loss, w)


def one_term(x, y):
    with tf.GradientTape() as tape:
        out = net(x, training=True)
        loss = mse(y, out)
        loss += 0.1 * np.mean(np.abs(out.numpy()))  # XFR212
    return tape.gradient(loss, net.trainable_variables)


class Agent:
    def __init__(self):
        self.policy = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        self.optimizer = keras.optimizers.Adam()

    def learn(self, states, returns):
        with tf.GradientTape() as tape:
            log_probs = tf.nn.log_softmax(self.policy(states, training=True))
            loss = -np.sum(log_probs.numpy() * returns)  # XFR212
        grads = tape.gradient(loss, self.policy.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.policy.trainable_variables))


class AgentFixed:
    def __init__(self):
        self.policy = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        self.optimizer = keras.optimizers.Adam()

    def learn(self, states, returns):
        with tf.GradientTape() as tape:
            log_probs = tf.nn.log_softmax(self.policy(states, training=True))
            loss = -tf.reduce_sum(log_probs * returns)
        grads = tape.gradient(loss, self.policy.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.policy.trainable_variables))


# ---- look-alikes -------------------------------------------------------------------------------


def logged(x, y, history):
    with tf.GradientTape() as tape:
        out = net(x, training=True)
        loss = mse(y, out)
        history.append(float(loss))
        print(np.mean(out.numpy()))
    return tape.gradient(loss, net.trainable_variables)


def labels_in_numpy(x, y):
    with tf.GradientTape() as tape:
        out = net(x, training=True)
        loss = mse(np.asarray(y, "float32"), out) * np.sqrt(2.0)
    return tape.gradient(loss, net.trainable_variables)


def bootstrapped(states, rewards, following):
    with tf.GradientTape() as tape:
        targets = rewards + 0.99 * np.max(net(following).numpy(), axis=1)
        loss = tf.reduce_mean(tf.square(targets - net(states, training=True)[:, 0]))
    return tape.gradient(loss, net.trainable_variables)


def other_model(states, following, rewards):
    with tf.GradientTape() as tape:
        targets = rewards + 0.99 * target_net.predict(following)
        loss = mse(targets, net(states, training=True))
    return tape.gradient(loss, net.trainable_variables)


def masked(x, y):
    with tf.GradientTape() as tape:
        out = net(x, training=True)
        keep = np.where(out.numpy() > 0, 1.0, 0.1)
        loss = tf.reduce_mean(keep * tf.square(out - y))
    return tape.gradient(loss, net.trainable_variables)


def scaled_by_itself(x, y):
    with tf.GradientTape() as tape:
        a = mse(y, net(x, training=True))
        loss = a / float(a)
    return tape.gradient(loss, net.trainable_variables)


def stopped(x, y):
    with tf.GradientTape() as tape:
        out = net(x, training=True)
        loss = mse(y, out) + tf.stop_gradient(tf.reduce_mean(out))
    return tape.gradient(loss, net.trainable_variables)

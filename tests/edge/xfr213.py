import keras
import tensorflow as tf

net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
opt = keras.optimizers.Adam()


# ---- mistakes, each with its fixed twin --------------------------------------------------------


def scalar():
    a = tf.Variable(2)
    b = tf.Variable([1, -2, 3])
    c = tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as t:
        y = tf.reduce_sum(a * b)
        z = c * c
    da = t.gradient(y, a)  # XFR213
    db, dc = t.gradient(y, [b, c])  # XFR213
    return da, db, dc, t.gradient(z, c)


def watched_constant():
    x = tf.constant(3)
    with tf.GradientTape() as t:
        t.watch(x)
        y = x * x
    return t.gradient(y, x)  # XFR213


def watched_constant_fixed():
    x = tf.constant(3.0)
    with tf.GradientTape() as t:
        t.watch(x)
        y = x * x
    return t.gradient(y, x)


def accuracy_as_loss(x, labels):
    with tf.GradientTape() as tape:
        scores = net(x, training=True)
        right = tf.equal(tf.argmax(scores, axis=1), labels)  # XFR213
        loss = -tf.reduce_mean(tf.cast(right, tf.float32))
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))


def accuracy_beside_loss(x, labels):
    with tf.GradientTape() as tape:
        scores = net(x, training=True)
        right = tf.equal(tf.argmax(scores, axis=1), labels)
        accuracy = tf.reduce_mean(tf.cast(right, tf.float32))
        loss = entropy(labels, scores)
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))
    return accuracy


def thresholded(x, y):
    with tf.GradientTape() as tape:
        p = tf.sigmoid(net(x, training=True))
        hard = tf.cast(p > 0.5, tf.float32)  # XFR213
        loss = tf.reduce_mean(tf.abs(hard - y))
    return tape.gradient(loss, net.trainable_variables)


def soft(x, y):
    with tf.GradientTape() as tape:
        p = tf.sigmoid(net(x, training=True))
        loss = tf.reduce_mean(tf.abs(p - y))
    return tape.gradient(loss, net.trainable_variables)


def quantised(x, y):
    with tf.GradientTape() as tape:
        out = tf.cast(net(x, training=True), tf.int32)  # XFR213
        loss = tf.reduce_mean(tf.square(tf.cast(out, tf.float32) - y))
    return tape.gradient(loss, net.trainable_variables)


def rounded(x, y):
    with tf.GradientTape() as tape:
        out = keras.ops.round(net(x, training=True))  # XFR213
        loss = keras.ops.mean(keras.ops.square(out - y))
    return tape.gradient(loss, net.trainable_variables)


class Trainer:
    def __init__(self):
        self.net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])

    def predict(self, x):
        return tf.argmax(self.net(x, training=True), axis=-1)  # XFR213

    def step(self, x, labels):
        with tf.GradientTape() as tape:
            wrong = tf.cast(self.predict(x) != labels, tf.float32)
            loss = tf.reduce_mean(wrong)
        return tape.gradient(loss, self.net.trainable_variables)


def penalised(x, labels):
    with tf.GradientTape() as tape:
        scores = net(x, training=True)
        used = tf.reduce_mean(tf.cast(tf.argmax(scores, axis=1), tf.float32))  # XFR213
        loss = entropy(labels, scores) + 0.1 * used
    return tape.gradient(loss, net.trainable_variables)


# ---- look-alikes -------------------------------------------------------------------------------


def straight_through(x, y):
    with tf.GradientTape() as tape:
        out = net(x, training=True)
        out = out + tf.stop_gradient(tf.round(out) - out)
        loss = tf.reduce_mean(tf.square(out - y))
    return tape.gradient(loss, net.trainable_variables)


def masked(x, labels):
    with tf.GradientTape() as tape:
        scores = net(x, training=True)
        mask = tf.cast(tf.not_equal(labels, 0), tf.float32)
        loss = tf.reduce_mean(mask * tf.reduce_max(scores, axis=1))
    return tape.gradient(loss, net.trainable_variables)


def chosen(x, labels):
    with tf.GradientTape() as tape:
        scores = net(x, training=True)
        best = tf.one_hot(tf.argmax(scores, axis=1), 4)
        loss = tf.reduce_sum(best * scores)
    return tape.gradient(loss, net.trainable_variables)


def typed():
    a = tf.Variable(2, dtype=tf.float32)
    b = tf.constant([1, 2], tf.float32)
    c = tf.Variable(tf.cast(3, tf.float32))
    with tf.GradientTape() as t:
        t.watch(b)
        y = tf.reduce_sum(a * b * c)
    return t.gradient(y, [a, b, c])

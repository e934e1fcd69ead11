import keras
import pytest
import tensorflow as tf
from tensorflow import GradientTape

w, b = tf.Variable(1.0), tf.Variable(2.0)
generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
critic = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
noise = tf.ones((4, 3))


def straight():
    with GradientTape() as tape:
        loss = w * 3.0 + b
    dw = tape.gradient(loss, w)
    db = tape.gradient(loss, b)  # XFR203
    return dw, db


def two_models():
    with tf.GradientTape() as tape:
        fake = generator(noise, training=True)
        g_loss = tf.reduce_mean(critic(fake, training=True))
        c_loss = -g_loss
    g_grads = tape.gradient(g_loss, generator.trainable_variables)
    c_grads = tape.gradient(c_loss, critic.trainable_variables)  # XFR203
    return g_grads, c_grads


def jacobians(persistent=False):
    with tf.GradientTape(watch_accessed_variables=True) as t:
        y = w * b
    a = t.jacobian(y, w)
    c = t.batch_jacobian(y, b)  # XFR203
    with tf.GradientTape(False) as t:
        y = w * b
    d = t.jacobian(y, w)
    e = t.gradient(y, b)  # XFR203
    return a, c, d, e


def in_one_expression():
    with tf.GradientTape(persistent=False) as tape:
        y = w * b
    return tape.gradient(y, w) + tape.gradient(y, b)  # XFR203


def in_a_loop(variables):
    with tf.GradientTape() as tape:
        y = w * b
    for variable in variables:
        g = tape.gradient(y, variable)  # XFR203
        variable.assign_sub(g)


def in_a_comprehension(losses, variables):
    with tf.GradientTape() as tape:
        y = w * b
    grads = [tape.gradient(y, v) for v in variables]  # XFR203
    with tf.GradientTape() as tape:
        y = w * b
    pairs = zip((tape.gradient(y, v) for v in variables), variables)  # XFR203
    with tf.GradientTape() as tape:
        y = w * b
    table = {v.name: tape.gradient(y, v) for v in variables}  # XFR203
    return grads, pairs, table


def made_first():
    tape = tf.GradientTape()
    with tape:
        y = w * b
    first = tape.gradient(y, w)
    again = tape
    return first, again.gradient(y, b)  # XFR203


def two_tapes():
    with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
        y = w * b
    g = gen_tape.gradient(y, w)
    d = disc_tape.gradient(y, b)
    gen_tape, disc_tape = tf.GradientTape(), tf.GradientTape()
    with gen_tape, disc_tape:
        y = w * b
    return g, d, gen_tape.gradient(y, w), gen_tape.gradient(y, b)  # XFR203


def only_to_print(verbose):
    with tf.GradientTape() as tape:
        y = w * b
    g = tape.gradient(y, w)
    if verbose:
        print(tape.gradient(y, b))  # XFR203
    return g


def after_a_branch(second):
    with tf.GradientTape() as tape:
        y = w * b
    if second:
        print(tape.gradient(y, w))
    return tape.gradient(y, b)  # XFR203


def train(tape, loss, variables):
    grads = tape.gradient(loss, variables)
    return [tf.clip_by_norm(g, 1.0) for g in grads]


def through_helpers():
    with tf.GradientTape() as tape:
        y = w * b
    dw = train(tape, y, [w])
    db = train(loss=y, tape=tape, variables=[b])  # XFR203
    return dw, db


def twice(tape, y):
    return tape.gradient(y, w), tape.gradient(y, b)


def helper_that_asks_twice():
    with tf.GradientTape() as tape:
        y = w * b
    return twice(tape, y)  # XFR203


def closure():
    with tf.GradientTape() as tape:
        y = w * b

    def of(variable):
        return tape.gradient(y, variable)

    return of(w), of(b)  # XFR203


def minimized(optimizer):
    with tf.GradientTape() as tape:
        y = w * b
    optimizer.minimize(y, [w], tape=tape)
    optimizer.minimize(y, [b], tape=tape)  # XFR203


def while_loop(n):
    with tf.GradientTape() as tape:
        y = w * b
    while n:
        n -= 1
        if n % 7 == 0:
            continue
        w.assign_sub(tape.gradient(y, w))  # XFR203


def inside_a_big_try(batches):
    try:
        for batch in batches:
            with tf.GradientTape() as tape:
                y = w * b * batch
            w.assign_sub(tape.gradient(y, w))
            b.assign_sub(tape.gradient(y, b))  # XFR203
    except KeyboardInterrupt:
        print("stopped")


class Gan(keras.Model):
    def train_step(self, data):
        with tf.GradientTape() as tape:
            fake = self.generator(data, training=True)
            loss = self.critic(fake, training=True)
        self.g_optimizer.apply_gradients(
            zip(tape.gradient(loss, self.g_vars), self.g_vars)
        )
        self.c_optimizer.apply_gradients(
            zip(tape.gradient(-loss, self.c_vars), self.c_vars)  # XFR203
        )


with tf.GradientTape() as tape:
    y = w * b
print(tape.gradient(y, w))
print(tape.gradient(y, b))  # XFR203


def annotated(a, c):
    tape: tf.GradientTape = tf.GradientTape()
    with tape:
        y = w * b
    if a:
        if c:
            print(tape.gradient(y, w))
        print(tape.gradient(y, b))  # XFR203


def averaged(hvd):
    with tf.GradientTape() as tape:
        y = w * b
    tape = hvd.DistributedGradientTape(tape)
    first = tape.gradient(y, w)
    return first, tape.gradient(y, b)  # XFR203

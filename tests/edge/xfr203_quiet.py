import contextlib
import unittest

import horovod.tensorflow as hvd
import keras
import pytest
import tensorflow as tf

w, b = tf.Variable(1.0), tf.Variable(2.0)
PERSISTENT = True


def persistent(keep, options):
    with tf.GradientTape(persistent=True) as tape:
        y = w * b
    first = tape.gradient(y, w), tape.gradient(y, b)
    with tf.GradientTape(True) as tape:
        y = w * b
    second = tape.gradient(y, w), tape.gradient(y, b)
    with tf.GradientTape(persistent=keep) as tape:
        y = w * b
    third = tape.gradient(y, w), tape.gradient(y, b)
    with tf.GradientTape(persistent=PERSISTENT) as tape:
        y = w * b
    fourth = tape.gradient(y, w), tape.gradient(y, b)
    with tf.GradientTape(**options) as tape:
        y = w * b
    return first, second, third, fourth, tape.gradient(y, w), tape.gradient(y, b)


def exclusive(second):
    with tf.GradientTape() as tape:
        y = w * b
    if second:
        return tape.gradient(y, b)
    g = tape.gradient(y, w)
    return g


def either(second):
    with tf.GradientTape() as tape:
        y = w * b
    if second:
        g = tape.gradient(y, b)
    elif second is None:
        g = tape.jacobian(y, b)
    else:
        g = tape.gradient(y, w)
    return g


def either_in_one_line(second):
    with tf.GradientTape() as tape:
        y = w * b
    return tape.gradient(y, b) if second else tape.gradient(y, w)


def by_two_conditions(order):
    with tf.GradientTape() as tape:
        y = w * b
    if order == 1:
        g = tape.gradient(y, w)
    if order == 2:
        g = tape.gradient(y, b)
    return g


def matched(order):
    with tf.GradientTape() as tape:
        y = w * b
    match order:
        case 1:
            return tape.gradient(y, w)
        case 2:
            g = tape.gradient(y, b)
        case _:
            g = tape.gradient(y, [w, b])
    return g


def new_each_turn(batches):
    for batch in batches:
        with tf.GradientTape() as tape:
            y = w * b * batch
        w.assign_sub(tape.gradient(y, w))
    while True:
        with tf.GradientTape() as tape:
            y = w * b
        w.assign_sub(tape.gradient(y, w))
        if y < 1:
            break


def stops_at_once(variables):
    with tf.GradientTape() as tape:
        y = w * b
    for variable in variables:
        g = tape.gradient(y, variable)
        break
    return g


def once_in_a_loop(variables):
    with tf.GradientTape() as tape:
        y = w * b
    for i, variable in enumerate(variables):
        if i == 3:
            print(tape.gradient(y, variable))


def loop_over_the_gradients(variables):
    with tf.GradientTape() as tape:
        y = w * b
    for g in tape.gradient(y, variables):
        print(g)
    with tf.GradientTape() as tape:
        y = w * b
    grads = [g * 2 for g in tape.gradient(y, variables)]
    with tf.GradientTape() as tape:
        y = w * b
    return grads, next(tape.gradient(y, v) for v in variables)


def second_derivative(x):
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x**3
        first = inner.gradient(y, x)
    return outer.gradient(first, x)


def second_derivative_one_name(x):
    with tf.GradientTape() as t2:
        t2.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x**3
        dy = tape.gradient(y, x)
    tape = t2
    return tape.gradient(dy, x)


def entered_again():
    tape = tf.GradientTape()
    with tape:
        y = w * b
    first = tape.gradient(y, w)
    with tape:
        y = w * b
    second = tape.gradient(y, b)
    with tf.GradientTape() as tape:
        y = w * b
        third = tape.gradient(y, w)
        tape.reset()
        y = w * b
    return first, second, third, tape.gradient(y, b)


def rebound(other):
    with tf.GradientTape() as tape:
        y = w * b
    g = tape.gradient(y, w)
    tape = other()
    return g, tape.gradient(y, b)


def wrapped():
    with tf.GradientTape() as tape:
        y = w * b
    tape = hvd.DistributedGradientTape(tape)
    return tape.gradient(y, w)


def deleted():
    with tf.GradientTape() as tape:
        y = w * b
    g = tape.gradient(y, w)
    del tape
    return g


def expected_to_fail():
    with tf.GradientTape() as tape:
        y = w * b
    tape.gradient(y, w)
    with pytest.raises(RuntimeError, match="persistent"):
        tape.gradient(y, b)
    with contextlib.suppress(RuntimeError):
        tape.gradient(y, b)
    try:
        tape.gradient(y, b)
    except RuntimeError as error:
        print(error)


def first_may_fail():
    with tf.GradientTape() as tape:
        y = w * b
    try:
        g = tape.jacobian(y, w)
    except ValueError:
        g = tape.gradient(y, w)
    finally:
        print("done")
    return g


class TapeTest(unittest.TestCase):
    def test_error(self):
        with tf.GradientTape() as tape:
            y = w * b
        tape.gradient(y, w)
        with self.assertRaisesRegex(RuntimeError, "persistent"):
            tape.gradient(y, b)


def maybe(tape, y, wanted):
    if wanted:
        return tape.gradient(y, w)
    return None


def nothing(tape):
    return tape.watched_variables()


def helpers_that_may_not_ask(unknown):
    with tf.GradientTape() as tape:
        y = w * b
    maybe(tape, y, False)
    nothing(tape)
    unknown(tape)
    return tape.gradient(y, b)


def raised(ok):
    with tf.GradientTape() as tape:
        y = w * b
    if not ok:
        print(tape.gradient(y, w))
        raise ValueError("not ok")
    return tape.gradient(y, b)


def defined_only():
    with tf.GradientTape() as tape:
        y = w * b

    def of(variable):
        return tape.gradient(y, variable)

    lazily = lambda: tape.gradient(y, b)
    return of(w), lazily


class Field:
    def gradient(self, x):
        return x


def not_a_tape():
    tape = Field()
    return tape.gradient(1), tape.gradient(2)


class Own(keras.Model):
    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = self(data, training=True)
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        return {"loss": loss}


def several_targets(pairs):
    with tf.GradientTape() as tape:
        y = w * b
    (tape, *rest), [other] = pairs
    return tape.gradient(y, w), tape.gradient(y, b), rest, other


def either_tape(second):
    with tf.GradientTape() as first:
        y = w * b
    with tf.GradientTape() as tape:
        z = w * b
    g = first.gradient(y, w)
    if second:
        tape = first
    return g, tape.gradient(z, b)


def never_reached():
    with tf.GradientTape() as tape:
        y = w * b
    return tape.gradient(y, w)
    return tape.gradient(y, b)


def by_short_circuit(first, second):
    with tf.GradientTape() as tape:
        y = w * b
    return (first and tape.gradient(y, w)) or (second and tape.gradient(y, b))


class Body:
    with tf.GradientTape() as tape:
        y = w * b
    one = tape.gradient(y, w)


def annotated():
    tape: tf.GradientTape = tf.GradientTape(persistent=True)
    with tape:
        y = w * b
    return tape.gradient(y, w), tape.gradient(y, b)

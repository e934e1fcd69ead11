import tensorflow as tf


# -- mistaken ---------------------------------------------------------------------------------------


def apply_an_indent_too_far_out(model, optimizer, dataset):
    for epoch in range(10):
        for x, y in dataset:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
            grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables))  # XFR238


@tf.function
def micro_batches_on_a_tape(model, optimizer, parts):
    for x, y in parts:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
            gradients = tape.gradient(loss, model.trainable_weights)
    optimizer.apply_gradients(zip(gradients, model.trainable_weights))  # XFR238


# -- right, or not to be judged ------------------------------------------------------------------------


def applied_each_batch(model, optimizer, dataset):
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables))


def added_up(model, optimizer, parts):
    total = [tf.zeros_like(v) for v in model.trainable_variables]
    for x, y in parts:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        grads = tape.gradient(loss, model.trainable_variables)
        total = [t + g for t, g in zip(total, grads)]
    optimizer.apply_gradients(zip(total, model.trainable_variables))


def kept(model, optimizer, parts, history):
    for x, y in parts:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        grads = tape.gradient(loss, model.trainable_variables)
        history.append(grads)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))


def until_it_is_finite(model, optimizer, parts):
    for x, y in parts:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        grads = tape.gradient(loss, model.trainable_variables)
        if tf.math.is_finite(loss):
            break
    optimizer.apply_gradients(zip(grads, model.trainable_variables))


def one_loop_around_a_tape(model, optimizer, parts):
    with tf.GradientTape() as tape:
        loss = 0.0
        for x, y in parts:
            loss += tf.reduce_mean((model(x, training=True) - y) ** 2)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))


def behind_two_of_them(model, head, optimizer, parts):
    for x, y in parts:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        grads = tape.gradient(loss, head.trainable_variables)
        optimizer.apply_gradients(zip(head.gradients, head.trainable_variables))
    optimizer.apply_gradients(zip(grads, model.trainable_variables))

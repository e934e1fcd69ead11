import keras
import tensorflow as tf
from tensorflow import GradientTape
from tensorflow.keras.optimizers import Adam

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
opt = keras.optimizers.Adam(1e-3)
x = tf.ones((4, 3))


def direct(model, optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    optimizer.apply_gradients(tape.gradient(loss, model.trainable_variables))  # XFR201


def inside_the_with(optimizer):
    with GradientTape() as t:
        loss = tf.reduce_mean(model(x, training=True))
        gradients = t.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(gradients)  # XFR201


def by_keyword():
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    Adam().apply_gradients(grads_and_vars=grads)  # XFR201, XFR214


def by_keyword_named():
    adam = Adam()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    adam.apply_gradients(grads_and_vars=grads)  # XFR201


def two_arguments(optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(grads, model.trainable_variables)  # XFR201


def two_arguments_unknown_gradients(optimizer, grads):
    optimizer.apply_gradients(grads, model.trainable_weights)  # XFR201


def two_arguments_in_one_tuple(optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    variables = model.trainable_variables
    grads = tape.gradient(loss, variables)
    optimizer.apply_gradients((grads, variables))  # XFR201
    optimizer.apply_gradients([grads, variables])  # XFR201


def lone_zip(optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads))  # XFR201
    optimizer.apply_gradients(zip([grads, model.trainable_variables]))  # XFR201
    optimizer.apply_gradients(zip((grads, model.trainable_variables)))  # XFR201


def clipped(optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    grads, _ = tf.clip_by_global_norm(grads, 1.0)
    optimizer.apply_gradients(grads)  # XFR201


def clipped_by_index(optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(tf.clip_by_global_norm(grads, 1.0)[0])  # XFR201


def clipped_each(optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    grads = [tf.clip_by_norm(g, 1.0) for g in grads]
    optimizer.apply_gradients(grads)  # XFR201


def clipped_each_in_place(optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients([tf.clip_by_value(g, -1.0, 1.0) for g in grads])  # XFR201
    optimizer.apply_gradients(tf.clip_by_norm(g, 1.0) for g in grads)  # XFR201
    optimizer.apply_gradients(list(map(lambda g: tf.clip_by_norm(g, 1.0), grads)))  # XFR201


def replaced_none(optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    grads = [
        g if g is not None else tf.zeros_like(v)
        for g, v in zip(grads, model.trainable_variables)
    ]
    optimizer.apply_gradients(grads)  # XFR201


def dropped_none(optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients([g for g in grads if g is not None])  # XFR201


def scaled(optimizer, n):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients([g / n for g in grads])  # XFR201
    optimizer.apply_gradients([-g for _, g in enumerate(grads)])  # XFR201


def of_single_variables(optimizer):
    w, b = tf.Variable(1.0), tf.Variable(2.0)
    with tf.GradientTape() as tape:
        loss = w * 3.0 + b
    dw, db = tape.gradient(loss, [w, b])
    optimizer.apply_gradients([dw, db])  # XFR201


def one_variable(optimizer):
    w = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        loss = w * 3.0
    optimizer.apply_gradients([tape.gradient(loss, w)])  # XFR201


def gradients_of(model, inputs):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(inputs, training=True))
    return loss, tape.gradient(loss, model.trainable_variables)


def through_a_helper(optimizer):
    loss, grads = gradients_of(model, x)
    optimizer.apply_gradients(grads)  # XFR201
    optimizer.apply_gradients(gradients_of(model, x)[1])  # XFR201
    optimizer.apply_gradients(zip(gradients_of(model, x)[1], model.trainable_variables))
    return loss


def with_a_tape_as_parameter(tape, loss, optimizer):
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(grads)  # XFR201


def in_one_branch_clipped(optimizer, clip):
    grads = None
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    if clip:
        grads, norm = tf.clip_by_global_norm(grads, clip)
    optimizer.apply_gradients(grads)  # XFR201


class Trainer:
    def __init__(self, model, learning_rate=0.1, optimizer=None):
        self.model = model
        self.optimizer = optimizer or tf.keras.optimizers.SGD(learning_rate)
        self.adam = tf.optimizers.Adam()

    @tf.function
    def step(self, inputs):
        with tf.GradientTape() as tape:
            self.loss = tf.reduce_mean(self.model(inputs, training=True))
        self.grads = tape.gradient(self.loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(self.grads)  # XFR201
        self.adam.apply_gradients(self.grads)  # XFR201

    def update(self):
        self.optimizer.apply_gradients(self.grads)  # XFR201


class Net(keras.Model):
    def train_step(self, data):
        inputs, targets = data
        with tf.GradientTape() as tape:
            outputs = self(inputs, training=True)
            loss = self.compute_loss(y=targets, y_pred=outputs)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(gradients)  # XFR201
        return {"loss": loss}


def graph_mode(optimizer, loss):
    grads = tf.gradients(loss, model.trainable_variables)
    optimizer.apply_gradients(grads)  # XFR201


for epoch in range(2):
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(model(x, training=True))
    grads = tape.gradient(value, model.trainable_variables)
    opt.apply_gradients(grads)  # XFR201


def by_parts(optimizer, n, half):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    grads = list(tape.gradient(loss, model.trainable_variables))
    optimizer.apply_gradients(grads[1:] + grads[:1])  # XFR201
    optimizer.apply_gradients(tape_free(grads))
    optimizer.apply_gradients(grads, model.trainable_weights + model.variables)  # XFR201
    optimizer.apply_gradients(grads, model.trainable_weights[:2])  # XFR201
    optimizer.apply_gradients(grads, tape.watched_variables())  # XFR201
    optimizer.apply_gradients(grads, [tf.Variable(1.0), tf.Variable(2.0)])  # XFR201
    optimizer.apply_gradients(tf.distribute.get_replica_context().all_reduce(n, grads))  # XFR201
    optimizer.apply_gradients(optimizer.get_unscaled_gradients(grads))  # XFR201
    optimizer.apply_gradients(tf.nest.map_structure(lambda g: g / n, grads))  # XFR201


def lost_optimizer():
    optimizer = None
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    if optimizer is None:
        optimizer = keras.optimizers.SGD()
    optimizer.apply_gradients(tape.gradient(loss, model.trainable_variables))  # XFR201


class Scheduled(keras.optimizers.SGD):
    pass


def of_a_subclass():
    scheduled = Scheduled()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    scheduled.apply_gradients(tape.gradient(loss, model.trainable_variables))  # XFR201


def of_an_extension():
    import tensorflow_addons as tfa

    weighted = tfa.optimizers.AdamW(1e-4)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    weighted.apply_gradients(tape.gradient(loss, model.trainable_variables))  # XFR201


def clipped_in_a_loop(optimizer, batches, bound):
    for batch in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(batch, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        if bound != 0.0:
            gradients, _ = tf.clip_by_global_norm(gradients, bound)
        optimizer.apply_gradients(gradients)  # XFR201

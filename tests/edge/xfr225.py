import keras
import tensorflow as tf

net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
opt = keras.optimizers.Adam()
unreduced = keras.losses.MeanSquaredError(reduction="none")
by_none = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=None)
averaged = keras.losses.MeanSquaredError()


# ---- mistakes, each with its fixed twin --------------------------------------------------------


def functional(x, y):
    with tf.GradientTape() as tape:
        loss = keras.losses.mean_absolute_error(y, net(x, training=True))  # XFR225
    return tape.gradient(loss, net.trainable_variables)


def functional_fixed(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.mean_absolute_error(y, net(x, training=True)))
    return tape.gradient(loss, net.trainable_variables)


def by_index(x, y):
    with tf.GradientTape() as tape:
        logits = net(x, training=True)
        loss = keras.losses.sparse_categorical_crossentropy(  # XFR225
            y, logits, from_logits=True
        )
    return tape.gradient(loss, net.trainable_variables)


def of_tensorflow(x, y):
    with tf.GradientTape() as tape:
        logits = net(x, training=True)
        loss = tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits)  # XFR225
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))


def of_tensorflow_fixed(x, y):
    with tf.GradientTape() as tape:
        logits = net(x, training=True)
        loss = tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits)
        loss = tf.reduce_mean(loss)
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))


def as_object(x, y):
    with tf.GradientTape() as tape:
        loss = unreduced(y, net(x, training=True))  # XFR225
    return tape.gradient(loss, net.trainable_variables)


def as_object_fixed(x, y):
    with tf.GradientTape() as tape:
        loss = averaged(y, net(x, training=True))
    return tape.gradient(loss, net.trainable_variables)


def none(x, y):
    with tf.GradientTape() as tape:
        loss = by_none(y, net(x, training=True))  # XFR225
    return tape.gradient(loss, net.trainable_variables)


def loss_of(labels, logits):
    return keras.losses.categorical_crossentropy(labels, logits, from_logits=True)  # XFR225


def by_a_helper(x, y):
    with tf.GradientTape() as tape:
        loss = loss_of(y, net(x, training=True))
    return tape.gradient(loss, net.trainable_variables)


class Trainer:
    def __init__(self):
        self.model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
        self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True, reduction="none")
        self.optimizer = keras.optimizers.Adam()

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = self.loss_fn(y, self.model(x, training=True))  # XFR225
        grads = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.model.trainable_variables))


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(1)

    def call(self, x):
        return self.out(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = keras.losses.mean_squared_error(y, self(x, training=True))  # XFR225
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        return {"loss": loss}


# ---- look-alikes -------------------------------------------------------------------------------


def one_axis(x, y):
    with tf.GradientTape() as tape:
        loss = keras.losses.mean_squared_error(y, tf.squeeze(net(x, training=True)))
    return tape.gradient(loss, net.trainable_variables)


def one_column(x, y):
    with tf.GradientTape() as tape:
        loss = keras.losses.mean_squared_error(y, net(x, training=True)[:, 0])
    return tape.gradient(loss, net.trainable_variables)


def per_sample(x, y):
    with tf.GradientTape() as tape:
        loss = unreduced(y, net(x, training=True))
    return tape.jacobian(loss, net.trainable_variables)


def by_the_input(x, y):
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = unreduced(y, net(x, training=False))
    return tape.gradient(loss, x)


def distributed(x, y):
    with tf.GradientTape() as tape:
        per_example = unreduced(y, net(x, training=True))
        loss = tf.nn.compute_average_loss(per_example, global_batch_size=64)
    return tape.gradient(loss, net.trainable_variables)


def masked(x, y, mask):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(mask * by_none(y, net(x, training=True))) / tf.reduce_sum(mask)
    return tape.gradient(loss, net.trainable_variables)


def unseen(agent, x, y):
    with tf.GradientTape() as tape:
        loss = keras.losses.mean_squared_error(y, agent(x))
    return tape.gradient(loss, agent.trainable_variables)


def of_tf1(x, y):
    with tf.GradientTape() as tape:
        loss = tf.losses.sparse_softmax_cross_entropy(y, net(x, training=True))
    return tape.gradient(loss, net.trainable_variables)

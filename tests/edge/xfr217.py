import keras
import tensorflow as tf


def net():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


def gan(data, z):
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    critic = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    opt = keras.optimizers.Adam(2e-4)
    for real in data:
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = generator(z, training=True)
            d_loss = tf.reduce_mean(critic(fake, training=True) - critic(real, training=True))
            g_loss = -tf.reduce_mean(critic(fake, training=True))
        d_grads = d_tape.gradient(d_loss, critic.trainable_variables)
        opt.apply_gradients(zip(d_grads, critic.trainable_variables))
        g_grads = g_tape.gradient(g_loss, generator.trainable_variables)
        opt.apply_gradients(zip(g_grads, generator.trainable_variables))  # XFR217


class ActorCritic:
    def __init__(self):
        self.actor = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
        self.critic = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        self.optimizer = keras.optimizers.Adam(1e-3)

    def learn_critic(self, x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self.critic(x, training=True) ** 2)
        weights = self.critic.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))

    def learn_actor(self, x):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(self.actor(x, training=True))
        weights = self.actor.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))  # XFR217


def in_a_list(x):
    models = [net(), net()]
    adam = keras.optimizers.Adam()
    for m in models:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(m(x, training=True))
        weights = m.trainable_variables
        adam.apply_gradients(zip(tape.gradient(loss, weights), weights))  # XFR217


def compiled(x, y):
    small = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    large = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    sgd = keras.optimizers.SGD(0.1)
    small.compile(sgd, "mse")
    large.compile(optimizer=sgd, loss="mse")  # XFR217
    small.fit(x, y)
    large.fit(x, y)


# -- right ones ------------------------------------------------------------------------------------


def together(x):
    encoder, decoder = net(), net()
    opt = keras.optimizers.Adam()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(decoder(encoder(x, training=True), training=True))
    weights = encoder.trainable_variables + decoder.trainable_variables
    opt.apply_gradients(zip(tape.gradient(loss, weights), weights))


def built(x):
    first, second = net(), net()
    opt = keras.optimizers.Adam()
    opt.build(first.trainable_variables + second.trainable_variables)
    for model in (first, second):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(x, training=True))
        weights = model.trainable_variables
        opt.apply_gradients(zip(tape.gradient(loss, weights), weights))


def one_each(x):
    for model in (net(), net()):
        opt = keras.optimizers.Adam()
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(x, training=True))
        weights = model.trainable_variables
        opt.apply_gradients(zip(tape.gradient(loss, weights), weights))


def twice(x, y):
    model = net()
    opt = keras.optimizers.Adam()
    model.compile(opt, "mse")
    model.fit(x, y)
    model.compile(opt, "mae")
    model.fit(x, y)
    for _ in range(2):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(x, training=True))
        weights = model.trainable_variables
        opt.apply_gradients(zip(tape.gradient(loss, weights), weights))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    opt.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))


class GAN(keras.Model):
    def compile(self, d_optimizer, g_optimizer):
        super().compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer

    def train_step(self, data):
        with tf.GradientTape() as tape, tf.GradientTape() as other:
            loss = tf.reduce_mean(self.critic(data, training=True))
            g_loss = -tf.reduce_mean(self.generator(data, training=True))
        weights = self.critic.trainable_variables
        self.d_optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        weights = self.generator.trainable_variables
        self.g_optimizer.apply_gradients(zip(other.gradient(g_loss, weights), weights))
        return {"loss": loss}


def make_optimizer(rate=1e-3):
    optimizer = keras.optimizers.Adam(rate)
    return optimizer


def from_a_factory(x):
    actor, critic = net(), net()
    a_optimizer, c_optimizer = make_optimizer(), make_optimizer(1e-4)
    with tf.GradientTape() as tape, tf.GradientTape() as other:
        loss = tf.reduce_mean(actor(x, training=True))
        value = tf.reduce_mean(critic(x, training=True))
    weights = actor.trainable_variables
    a_optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
    others = critic.trainable_variables
    c_optimizer.apply_gradients(zip(other.gradient(value, others), others))


def one_model(x, y):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    alias = model
    opt = keras.optimizers.Adam()
    model.compile(opt, "mse")
    alias.compile(opt, "mse")
    model.fit(x, y)
    alias.fit(x, y)

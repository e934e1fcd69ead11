import keras
import tensorflow as tf


def build(rate=0.5):
    return keras.Sequential([keras.layers.Dense(4), keras.layers.Dropout(rate)])


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = keras.layers.BatchNormalization()

    def call(self, x, training=None):
        return self.norm(x, training=training)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x)  # XFR303
            loss = self.compute_loss(y=y, y_pred=y_pred)
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        return {"loss": loss}


class Trainer:
    def __init__(self):
        self.net = Net()
        self.encoder, self.decoder = build(), keras.Sequential([keras.layers.Dense(4)])

    def step(self, x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self.net(x))  # XFR303
        variables = self.net.trainable_weights
        grads = tape.gradient(loss, variables)
        self.optimizer.apply_gradients(zip(grads, variables))

    def autoencode(self, x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self.decoder(self.encoder(x)))  # XFR303
        variables = self.encoder.trainable_variables + self.decoder.trainable_variables
        grads = tape.gradient(loss, sources=variables)
        self.optimizer.apply_gradients(zip(grads, variables))

    def told(self, x):
        with tf.GradientTape() as tape:
            loss = self.net(x, training=True) + self.net(x, True) + self.net(x, **self.options)
        return tape.gradient(loss, self.net.trainable_variables)


class Vae(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder = build()

    def call(self, x, training=None):
        return self.encoder(x, training=training)

    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self.encoder(data))  # XFR303
        grads = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(grads, self.trainable_weights))
        return {"loss": loss}


def two_tapes(noise, images, optimizer):
    generator, critic = build(), build()
    with tf.GradientTape() as g_tape, tf.GradientTape() as c_tape:
        fake = critic(generator(noise))  # XFR303
        real = critic(images)  # XFR303
        loss = tf.reduce_mean(fake - real)
    optimizer.apply(c_tape.gradient(loss, critic.trainable_variables))
    optimizer.apply(g_tape.gradient(loss, critic.trainable_variables))


def one_after_the_other(noise, images, optimizer):
    generator, critic = build(), build()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(critic(generator(noise)))  # XFR303
    optimizer.apply(tape.gradient(loss, critic.trainable_variables))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(critic(generator(noise, training=True)))
    optimizer.apply(tape.gradient(loss, generator.trainable_variables))


def saliency(model_file, image):
    model = build()
    model.load_weights(model_file)
    with tf.GradientTape() as tape:
        tape.watch(image)
        score = model(image)
    return tape.gradient(score, image)


def penalty(x, optimizer):
    critic = build()
    with tf.GradientTape() as tape:
        with tf.GradientTape() as inner:
            inner.watch(x)
            score = critic(x)
        slope = inner.gradient(score, x)
        loss = tf.reduce_mean(slope**2)
    optimizer.apply(tape.gradient(loss, critic.trainable_variables))


def transfer(x, optimizer):
    base = keras.applications.ResNet50(include_top=False)
    base.trainable = False
    head = keras.layers.Dense(2)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(head(base(x)))
    variables = base.trainable_variables + head.trainable_variables
    optimizer.apply(tape.gradient(loss, variables))


def plain(x, optimizer):
    model = keras.Sequential([keras.layers.Dense(4), keras.layers.LayerNormalization()])
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))
    optimizer.apply(tape.gradient(loss, model.trainable_variables))


def from_outside(model, x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))
    return tape.gradient(loss, model.trainable_variables)


class TrainsByDefault(keras.Model):
    def __init__(self):
        super().__init__()
        self.drop = keras.layers.Dropout(0.5)

    def call(self, x, training=True):
        return self.drop(x, training=training)


class Sparse(keras.layers.Layer):
    def call(self, x, training=None):
        if training is not False:
            x = tf.nn.dropout(x, 0.5)
        return x


class Whole(keras.Model):
    def __init__(self):
        super().__init__()
        self.sparse = Sparse()

    def call(self, x, training=None):
        return self.sparse(x, training)


def defaults(x):
    first, second = TrainsByDefault(), Whole()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(first(x) + second(x))
    return tape.gradient(loss, first.trainable_variables + second.trainable_variables)


def one_of_two(x, deep):
    if deep:
        model = build()
    else:
        model = keras.Sequential([keras.layers.Dense(4)])
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))
    return tape.gradient(loss, model.trainable_variables)


def make_actor():
    return build()


actor = make_actor()
target_actor = make_actor()


def actor_step(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(actor(x, training=True) - target_actor(x))
    return tape.gradient(loss, actor.trainable_variables)


def mean_loss(model, x):
    return tf.reduce_mean(model(x))  # XFR303


def with_a_helper(x, optimizer):
    net = build()
    with tf.GradientTape() as tape:
        loss = mean_loss(net, x)
    optimizer.apply(tape.gradient(loss, net.trainable_variables))


def loss_for_both(model, x):
    return tf.reduce_mean(model(x))


def used_for_evaluation_too(x, optimizer):
    net = build()
    with tf.GradientTape() as tape:
        loss = loss_for_both(net, x)
    optimizer.apply(tape.gradient(loss, net.trainable_variables))
    print(loss_for_both(net, x))


class Autoencoder(keras.Model):
    def __init__(self):
        super().__init__()
        self.enc = build()

    def encode(self, x):
        return self.enc(x)  # XFR303

    def loss_of(self, x):
        return tf.reduce_mean(self.encode(x))

    def train(self, x):
        with tf.GradientTape() as tape:
            loss = self.loss_of(x)
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))


def block(units, apply_dropout=False, norm=False):
    layers = keras.Sequential([keras.layers.Dense(units)])
    if apply_dropout:
        layers.add(keras.layers.Dropout(0.5))
    if not norm:
        return layers
    layers.add(keras.layers.BatchNormalization())
    return layers


def graph(units, apply_dropout=False):
    inputs = keras.Input((4,))
    x = keras.layers.Dense(units)(inputs)
    if apply_dropout:
        x = keras.layers.Dropout(0.5)(x)
    return keras.Model(inputs, keras.layers.Dense(1)(x))


class Flagged(keras.Model):
    def __init__(self, normalize=True, drop=False):
        super().__init__()
        self.fc, self.with_norm = keras.layers.Dense(4), normalize
        if self.with_norm:
            self.norm = keras.layers.LayerNormalization()
        if drop:
            self.drop = keras.layers.Dropout(0.5)

    def call(self, x, training=None):
        x = self.norm(self.fc(x))
        return self.drop(x) if hasattr(self, "drop") else x


class Base(keras.Model):
    def __init__(self, drop=False):
        super().__init__()
        self.fc = keras.layers.Dense(4)
        if drop:
            self.drop = keras.layers.Dropout(0.5)

    def call(self, x, training=None):
        return self.drop(self.fc(x), training=training)


class Dropped(Base):
    def __init__(self):
        super().__init__(drop=True)


def a_class_below_switches_it_on(x, optimizer):
    model = Dropped()
    print(Base())
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))  # XFR303
    optimizer.apply(tape.gradient(loss, model.trainable_variables))


def no_call_switches_it_on(x, optimizer):
    model, second, third = block(4), graph(4), Flagged(normalize=False)
    with tf.GradientTape(persistent=True) as tape:
        loss = tf.reduce_mean(model(x) + second(x) + third(x))
    optimizer.apply(tape.gradient(loss, model.trainable_variables))
    optimizer.apply(tape.gradient(loss, second.trainable_variables))
    optimizer.apply(tape.gradient(loss, third.trainable_variables))


def wide_block(units, wide=False, dropout=False):
    layers = keras.Sequential([keras.layers.Dense(2 * units if wide else units)])
    if dropout:
        layers.add(keras.layers.Dropout(0.5))
    return layers


def one_call_does(x, optimizer):
    model = keras.Sequential([wide_block(4), wide_block(4, dropout=True)])
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))  # XFR303
    optimizer.apply(tape.gradient(loss, model.trainable_variables))


def by_annotation(net: Net, x, y, optimizer):
    with tf.GradientTape() as tape:
        outputs, targets = net(x), y  # XFR303
        loss = tf.reduce_mean((outputs - targets) ** 2)
    gradients = tape.gradient(loss, net.trainable_variables)
    optimizer.apply_gradients(zip(gradients, net.trainable_variables))


def step(model, x, optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))  # XFR303
    optimizer.apply(tape.gradient(loss, model.trainable_variables))


class Builder:
    @staticmethod
    def part(units):
        return keras.Sequential([keras.layers.Dense(units), keras.layers.Dropout(0.5)])

    def build(self):
        return keras.Sequential([__class__.part(4), Builder.part(1)])


train_step = tf.function(step)
for batch in tf.data.Dataset.range(3):
    train_step(Builder().build(), batch, None)

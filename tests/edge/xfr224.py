import keras
import tensorflow as tf

net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
critic = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
opt = keras.optimizers.Adam()
critic_opt = keras.optimizers.Adam()
mse = keras.losses.MeanSquaredError()
ACCUMULATE = 8


# ---- mistakes, each with its fixed twin --------------------------------------------------------


def epoch(ds):
    for i, (x, y) in enumerate(ds):
        with tf.GradientTape() as tape:
            loss = mse(y, net(x, training=True)) / ACCUMULATE
        grads = tape.gradient(loss, net.trainable_variables)
        if (i + 1) % ACCUMULATE == 0:
            opt.apply_gradients(zip(grads, net.trainable_variables))  # XFR224


def epoch_fixed(ds):
    total = [tf.Variable(tf.zeros_like(v), trainable=False) for v in net.trainable_variables]
    for i, (x, y) in enumerate(ds):
        with tf.GradientTape() as tape:
            loss = mse(y, net(x, training=True)) / ACCUMULATE
        grads = tape.gradient(loss, net.trainable_variables)
        for t, g in zip(total, grads):
            t.assign_add(g)
        if (i + 1) % ACCUMULATE == 0:
            opt.apply_gradients(zip(total, net.trainable_variables))
            for t in total:
                t.assign(tf.zeros_like(t))


def not_modulo(ds):
    step = 0
    for x, y in ds:
        step += 1
        with tf.GradientTape() as tape:
            loss = mse(y, net(x, training=True)) / 4
        gradients = tape.gradient(loss, net.trainable_weights)
        if not step % 4:
            opt.apply_gradients(zip(gradients, net.trainable_weights))  # XFR224


def forward(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
    return loss, tape.gradient(loss, net.trainable_variables)


def by_a_helper(ds):
    for i, (x, y) in enumerate(ds):
        loss, grads = forward(x, y)
        print(float(loss))
        if i % 4 == 3:
            opt.apply_gradients(zip(grads, net.trainable_variables))  # XFR224


class Trainer:
    def __init__(self, model, every):
        self.model = model
        self.every = every
        self.optimizer = keras.optimizers.Adam()

    def fit(self, ds):
        for step, (x, y) in enumerate(ds, 1):
            with tf.GradientTape() as tape:
                loss = mse(y, self.model(x, training=True))
            grads = tape.gradient(loss, self.model.trainable_variables)
            if step % self.every == 0 or step == len(ds):
                self.optimizer.apply_gradients(  # XFR224
                    zip(grads, self.model.trainable_variables)
                )


def clipped(ds):
    for i, (x, y) in enumerate(ds):
        with tf.GradientTape() as tape:
            loss = mse(y, net(x, training=True))
        grads = tape.gradient(loss, net.trainable_variables)
        if (i + 1) % 2 == 0:
            print("step", i)
            opt.apply_gradients(zip(grads, net.trainable_variables))  # XFR224


def endless(ds):
    turns = 0
    it = iter(ds)
    while turns < 100:
        turns = turns + 1
        x, y = next(it)
        with tf.GradientTape() as tape:
            loss = mse(y, net(x, training=True))
        g = tape.gradient(loss, net.trainable_variables)
        if turns % 10 == 0:
            opt.apply_gradients(zip(g, net.trainable_variables))  # XFR224


# ---- look-alikes -------------------------------------------------------------------------------


def summed(ds):
    total = None
    for i, (x, y) in enumerate(ds):
        with tf.GradientTape() as tape:
            loss = mse(y, net(x, training=True))
        grads = tape.gradient(loss, net.trainable_variables)
        total = grads if total is None else [t + g for t, g in zip(total, grads)]
        if i % 4 == 3:
            opt.apply_gradients(zip(total, net.trainable_variables))
            total = None


def kept(ds):
    kept = []
    for i, (x, y) in enumerate(ds):
        with tf.GradientTape() as tape:
            loss = mse(y, net(x, training=True))
        grads = tape.gradient(loss, net.trainable_variables)
        kept.append(grads)
        if len(kept) % 4 == 0:
            mean = [tf.reduce_mean(tf.stack(g), axis=0) for g in zip(*kept)]
            opt.apply_gradients(zip(mean, net.trainable_variables))


def alternating(ds, n):
    for i, (x, y) in enumerate(ds):
        with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
            out = net(x, training=True)
            g_loss = -tf.reduce_mean(critic(out, training=True))
            d_loss = mse(y, critic(out, training=True))
        d_grads = d_tape.gradient(d_loss, critic.trainable_variables)
        critic_opt.apply_gradients(zip(d_grads, critic.trainable_variables))
        g_grads = g_tape.gradient(g_loss, net.trainable_variables)
        if i % n == 0:
            opt.apply_gradients(zip(g_grads, net.trainable_variables))


def delayed(ds, policy_delay):
    for i, (x, y) in enumerate(ds):
        with tf.GradientTape() as tape:
            loss = mse(y, net(x, training=True))
        grads = tape.gradient(loss, net.trainable_variables)
        if i % policy_delay == 0:
            opt.apply_gradients(zip(grads, net.trainable_variables))


def under_the_condition(ds):
    for i, (x, y) in enumerate(ds):
        if i % 4 == 0:
            with tf.GradientTape() as tape:
                loss = mse(y, net(x, training=True))
            grads = tape.gradient(loss, net.trainable_variables)
            opt.apply_gradients(zip(grads, net.trainable_variables))


def each_turn(ds):
    slow = keras.optimizers.SGD(0.1, gradient_accumulation_steps=4)
    for i, (x, y) in enumerate(ds):
        with tf.GradientTape() as tape:
            loss = mse(y, net(x, training=True))
        grads = tape.gradient(loss, net.trainable_variables)
        slow.apply_gradients(zip(grads, net.trainable_variables))
        if i % 100 == 0:
            print(float(loss))


def pairs_of_somebody(ds, pairs):
    for i, _ in enumerate(ds):
        if i % 4 == 0:
            opt.apply_gradients(pairs)


def not_in_a_loop(i, x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
    grads = tape.gradient(loss, net.trainable_variables)
    if i % 4 == 0:
        opt.apply_gradients(zip(grads, net.trainable_variables))


def made_once(ds, x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
    grads = tape.gradient(loss, net.trainable_variables)
    for i, _ in enumerate(ds):
        if i % 4 == 0:
            opt.apply_gradients(zip(grads, net.trainable_variables))


def of_somebody(ds, worker):
    for i, _ in enumerate(ds):
        grads = worker.grads()
        if i % 4 == 0:
            opt.apply_gradients(zip(grads, net.trainable_variables))


def shared(ds, workers):
    for i, (x, y) in enumerate(ds):
        with tf.GradientTape() as tape:
            loss = mse(y, net(x, training=True))
        grads = tape.gradient(loss, net.trainable_variables)
        workers.send(grads)
        if i % 4 == 0:
            opt.apply_gradients(zip(grads, net.trainable_variables))

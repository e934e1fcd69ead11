import keras
import tensorflow as tf

net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
image = tf.random.uniform((1, 3))
a = tf.constant(2.0)


# ---- mistakes, each with its fixed twin --------------------------------------------------------


def adversarial(label):
    picture = tf.convert_to_tensor([[1.0, 2.0, 3.0]])
    with tf.GradientTape() as tape:
        loss = loss_fn(label, net(picture, training=False))
    return tf.sign(tape.gradient(loss, picture))  # XFR211


def adversarial_fixed(label):
    picture = tf.convert_to_tensor([[1.0, 2.0, 3.0]])
    with tf.GradientTape() as tape:
        tape.watch(picture)
        loss = loss_fn(label, net(picture, training=False))
    return tf.sign(tape.gradient(loss, picture))


def of_the_module(label):
    with tf.GradientTape() as tape:
        loss = loss_fn(label, net(image, training=False))
    return tape.gradient(loss, image)  # XFR211


def saliency(path):
    raw = tf.io.read_file(path)
    img = tf.image.decode_jpeg(raw, channels=3)
    img = tf.cast(img[None], tf.float32)
    with tf.GradientTape() as tape:
        top = tf.reduce_max(net(img, training=False), axis=1)
    return tf.reduce_max(tf.abs(tape.gradient(top, img)), axis=-1)  # XFR211


def saliency_fixed(path):
    raw = tf.io.read_file(path)
    img = tf.image.decode_jpeg(raw, channels=3)
    img = tf.cast(img[None], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(img)
        top = tf.reduce_max(net(img, training=False), axis=1)
    return tf.reduce_max(tf.abs(tape.gradient(top, img)), axis=-1)


def of_a_dataset(arrays):
    ds = tf.data.Dataset.from_tensor_slices(arrays).batch(2)
    for batch in ds:
        with tf.GradientTape() as tape:
            out = tf.reduce_sum(net(batch, training=False))
        print(tape.gradient(out, batch))  # XFR211


def one_of_two():
    b = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = a * b
    return tape.gradient(y, [a, b])  # XFR211


def other_watched():
    c = tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(c)
        y = a * c
    return tape.gradient(y, a)  # XFR211


def made_inside():
    with tf.GradientTape() as tape:
        t = tf.constant([1.0, 2.0])
        y = tf.reduce_sum(t * t)
    return tape.gradient(y, t)  # XFR211


def physics():
    t = tf.linspace(0.0, 1.0, 10)
    with tf.GradientTape() as tape:
        u = net(tf.stack([t, t, t], axis=1), training=True)
    return tape.gradient(u, t)  # XFR211


def late():
    with tf.GradientTape() as tape:
        y = a * a
        tape.watch(a)  # XFR211
    return tape.gradient(y, a)


def early():
    with tf.GradientTape() as tape:
        tape.watch(a)
        y = a * a
    return tape.gradient(y, a)


def helper(x):
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(x**3)
    return tape.gradient(y, x)  # XFR211


print(helper(tf.constant([1.0, 2.0])))


# ---- look-alikes -------------------------------------------------------------------------------


def anything(x):
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(x**3)
    return tape.gradient(y, x)


def feature_maps(model, img):
    with tf.GradientTape() as tape:
        maps, scores = model(img)
        top = scores[:, 0]
    return tape.gradient(top, maps)


def second_input():
    x = tf.random.normal((2, 3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        half = x * 0.5
        y = tf.reduce_sum(half**2)
    return tape.gradient(y, half)


def many(points):
    x = tf.constant(points)
    y = tf.constant(points)
    with tf.GradientTape(persistent=True) as tape:
        for one in (x, y):
            tape.watch(one)
        z = tf.reduce_sum(x * y)
    return tape.gradient(z, x), tape.gradient(z, y)


def listed():
    x, y = tf.constant(1.0), tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        z = x * y
    return tape.gradient(z, [x, y])


def watched_on_the_way():
    x = tf.constant(1.0)
    with tf.GradientTape() as tape:
        one = tf.constant(1.0) * x
        tape.watch(x)
        z = x * one
    return tape.gradient(z, x)


def two_tapes():
    x = tf.constant(1.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x**3
        first = inner.gradient(y, x)
    return outer.gradient(first, x)


def averaged(hvd):
    x = tf.constant(1.0)
    with tf.GradientTape() as inner:
        inner.watch(x)
        y = x * x
    outer = hvd.DistributedGradientTape(inner)
    return outer.gradient(y, [x])

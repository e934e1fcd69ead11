import keras
import tensorflow as tf
from keras import Input, Model, Sequential, layers
from keras.layers import Activation, Dense, Flatten
from keras.losses import BinaryCrossentropy, CategoricalCrossentropy

# -- strings, objects and functions in compile --------------------------------------------------


def literal():
    model = Sequential([Dense(8, activation="relu"), Dense(4)])
    model.compile("adam", "sparse_categorical_crossentropy")  # XFR402
    model.compile(loss="categorical_crossentropy")  # XFR402
    model.compile(loss=keras.losses.categorical_crossentropy)  # XFR402
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy())  # XFR402
    model.compile(loss=CategoricalCrossentropy(from_logits=False))  # XFR402
    model.compile(loss=["categorical_crossentropy"])  # XFR402
    model.compile(loss=CategoricalCrossentropy(from_logits=True))
    model.compile(loss=CategoricalCrossentropy(True))
    model.compile(loss="mse")
    model.compile(loss="categorical_hinge")
    model.compile(optimizer="adam")
    model.compile("adam", keras.losses.MeanSquaredError())
    return model


def configured(flag, **options):
    model = Sequential([Dense(4)])
    model.compile(loss=CategoricalCrossentropy(from_logits=flag))
    model.compile(loss=CategoricalCrossentropy(**options))
    model.compile(**options)
    model.compile(loss=options["loss"])
    model.compile(
        loss=lambda y, p: keras.losses.categorical_crossentropy(y, p, from_logits=True)
    )
    wanted = False
    model.compile(loss=CategoricalCrossentropy(from_logits=wanted))  # XFR402


def several():
    inputs = Input((8,))
    a, b = Dense(4)(inputs), Dense(1)(inputs)
    model = Model(inputs, [a, b])
    model.compile(loss=["categorical_crossentropy", "mse"])
    model.compile(loss="categorical_crossentropy")


# -- what the model ends in -----------------------------------------------------------------------


def added(classes, binary):
    model = Sequential()
    model.add(Flatten())
    model.add(Dense(classes))
    model.compile(loss="categorical_crossentropy")  # XFR402
    model = Sequential()
    model.add(Dense(classes))
    model.add(Activation("softmax"))
    model.compile(loss="categorical_crossentropy")
    model = Sequential()
    model.add(Dense(classes))
    if binary:
        model.add(Activation("sigmoid"))
    model.compile(loss="binary_crossentropy")
    model = Sequential()
    model.add(Dense(classes, "relu"))
    model.compile(loss="categorical_crossentropy")
    model = Sequential()
    model.add(Dense(classes, activation="softmax"))
    model.pop()
    model.compile(loss="categorical_crossentropy")
    model = Sequential([Dense(8)])
    model.add(Activation("softmax", dtype="float32"))
    model.compile(loss="categorical_crossentropy")


def functional(activation):
    inputs = Input((8, 8, 3))
    x = layers.Conv2D(8, 3, activation="relu")(inputs)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    outputs = Dense(1)(x)
    model = Model(inputs, outputs)
    model.compile(loss=BinaryCrossentropy())  # XFR402
    model = Model(inputs=inputs, outputs=Activation("sigmoid")(outputs))
    model.compile(loss=BinaryCrossentropy())
    model = Model(inputs=inputs, outputs=Dense(1, activation=activation)(x))
    model.compile(loss=BinaryCrossentropy())
    model = Model(inputs=inputs, outputs=Dense(1, activation=None)(x))
    model.compile(loss=BinaryCrossentropy())  # XFR402
    model = Model(inputs=inputs, outputs=Dense(1, activation="linear")(x))
    model.compile(loss=BinaryCrossentropy())  # XFR402
    model = Model(inputs=inputs, outputs=Dense(1, activation=tf.nn.sigmoid)(x))
    model.compile(loss=BinaryCrossentropy())
    model = Model(inputs=inputs, outputs=layers.Softmax()(Dense(4)(x)))
    model.compile(loss="categorical_crossentropy")
    model = Model(inputs=inputs, outputs=layers.Lambda(lambda t: tf.nn.softmax(t))(Dense(4)(x)))
    model.compile(loss="categorical_crossentropy")
    model = Model(inputs=inputs, outputs=layers.Lambda(lambda t: t / 2)(Dense(4)(x)))
    model.compile(loss="categorical_crossentropy")
    model = Model(inputs=inputs, outputs=Dense(4, activation=layers.Softmax())(x))
    model.compile(loss="categorical_crossentropy")
    model = Model(inputs=inputs, outputs=layers.TimeDistributed(Dense(4))(x))
    model.compile(loss="categorical_crossentropy")  # XFR402
    model = Model(inputs=inputs, outputs=layers.Reshape((2, 2))(Dense(4)(x)))
    model.compile(loss="categorical_crossentropy")  # XFR402


def transferred():
    base = keras.applications.MobileNetV2(weights=None)
    base.compile(loss="categorical_crossentropy")
    model = Sequential([base, Dense(4)])
    model.compile(loss="categorical_crossentropy")  # XFR402
    model = Sequential([Dense(4), base])
    model.compile(loss="categorical_crossentropy")
    model = keras.models.load_model("saved.keras")
    model.compile(loss="categorical_crossentropy")


def build(classes):
    return Sequential([layers.Dense(8), layers.BatchNormalization(), layers.Dense(classes)])


build(4).compile(loss="sparse_categorical_crossentropy")  # XFR402


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(8)
        self.out = layers.Dense(4)

    def call(self, x, training=None):
        return self.out(self.hidden(x))


class Probabilities(Net):
    def call(self, x, training=None):
        return tf.nn.softmax(super().call(x))


class OwnStep(Net):
    def train_step(self, data):
        x, y = data
        p = tf.nn.softmax(self(x, training=True))
        return {"loss": self.compute_loss(x, y, p)}


class Graph(keras.Model):
    def __init__(self):
        inputs = Input((8,))
        super().__init__(inputs=inputs, outputs=Dense(4)(inputs))


with tf.distribute.MirroredStrategy().scope():
    net = Net()
    net.compile(loss="sparse_categorical_crossentropy")  # XFR402
Graph().compile(loss="sparse_categorical_crossentropy")  # XFR402
Probabilities().compile(loss="sparse_categorical_crossentropy")
OwnStep().compile(loss="sparse_categorical_crossentropy")

# -- loops ------------------------------------------------------------------------------------------

bce = BinaryCrossentropy()


def step(x, y):
    model = Net()
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        loss = bce(y, logits)  # XFR402
        loss += bce(y, tf.sigmoid(logits))
        loss += bce(y_true=y, y_pred=tf.squeeze(logits))  # XFR402
        loss += keras.losses.sparse_categorical_crossentropy(y, logits)  # XFR402
        loss += keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)
        loss += keras.losses.sparse_categorical_crossentropy(y, logits, True)
        loss += tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
        loss += bce(y, tf.clip_by_value(logits, 1e-7, 1.0))
        loss += bce(y, tf.exp(logits))
        loss += bce(y, tf.matmul(x, y) + 1.0)  # XFR402
        loss += bce(y, -logits / 2.0)  # XFR402
        loss += bce(y, logits / tf.reduce_sum(logits))
        loss += bce(y, 1 - tf.sigmoid(logits))
        loss += bce(y, x)
    return loss


class Gan:
    def __init__(self):
        self.cross_entropy = keras.losses.BinaryCrossentropy(label_smoothing=0.1)
        self.discriminator = build(1)
        self.critic = self.make_critic()

    def make_critic(self):
        model = keras.Sequential()
        model.add(layers.Dense(1))
        model.add(layers.Activation("sigmoid"))
        return model

    def loss(self, real, fake):
        real = self.discriminator(real)
        fake = self.discriminator(fake)
        return self.cross_entropy(tf.ones_like(real), real) + self.cross_entropy(  # XFR402
            tf.zeros_like(fake), fake
        )

    def critic_loss(self, real):
        real = self.critic(real)
        return self.cross_entropy(tf.ones_like(real), real)


# -- one of many ------------------------------------------------------------------------------------

models = [build(4), Net(), keras.applications.MobileNetV2()]
linear_models = [build(4), Net()]


def get_model(index):
    return models[index]


def one_of_many(index, y, x):
    keras.losses.sparse_categorical_crossentropy(y, get_model(index)(x))
    keras.losses.sparse_categorical_crossentropy(y, models[0](x))  # XFR402
    keras.losses.sparse_categorical_crossentropy(y, models[2](x))
    keras.losses.sparse_categorical_crossentropy(y, linear_models[index](x))  # XFR402


# TensorFlow's own short names for Keras' losses.
def short_name(x, y):
    loss_fn = tf.losses.SparseCategoricalCrossentropy()
    return loss_fn(y, build(4)(x))  # XFR402


short = build(4)
short.compile("sgd", loss=tf.losses.CategoricalCrossentropy())  # XFR402

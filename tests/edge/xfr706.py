import keras
from keras.models import load_model


class Scale(keras.layers.Layer):
    def call(self, x):
        return x * 2


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(1)

    def call(self, x):
        return self.out(x)


def my_loss(y_true, y_pred):
    return keras.ops.mean((y_true - y_pred) ** 2)


class Weighted(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return my_loss(y_true, y_pred)


def whole_model(x):
    net = Net()
    net(x)
    net.save("net.keras")
    return load_model("net.keras")  # XFR706


def functional(path):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(1)(Scale()(inputs)))
    model.save("functional.h5")
    a = load_model("functional.h5")  # XFR706
    b = load_model("functional.h5", compile=False)  # XFR706
    c = load_model("functional.h5", custom_objects={"Scale": Scale})
    d = load_model(path)
    return a, b, c, d


def losses():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("adam", loss=my_loss)
    model.save("loss.keras")
    a = load_model("loss.keras")  # XFR706
    b = load_model("loss.keras", compile=False)
    other = keras.Sequential([keras.layers.Dense(1)])
    other.compile("adam", loss=Weighted())
    other.save("other.keras")
    c = load_model("other.keras")  # XFR706
    plain = keras.Sequential([keras.layers.Dense(1)])
    plain.compile("adam", loss=keras.losses.MeanSquaredError())
    plain.save("plain.keras")
    d = load_model("plain.keras")
    return a, b, c, d


def elsewhere(options):
    a = load_model("unknown.keras")
    b = load_model("net.keras", **options)
    return a, b


class Experiment:
    def __init__(self, path):
        self.path = path + "/best.keras"
        self.model = keras.Sequential([Scale(), keras.layers.Dense(1)])

    def run(self):
        self.model.save(self.path)
        return keras.models.load_model(self.path)  # XFR706

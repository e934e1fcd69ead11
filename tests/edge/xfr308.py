import keras
import tensorflow as tf


def build():
    inputs = keras.Input((8,))
    return keras.Model(inputs, keras.layers.Dense(2)(inputs))


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder = keras.Sequential([keras.layers.Dense(4)])
        self.norm = keras.layers.BatchNormalization()

    def call(self, x, training=False):
        return self.norm(self.encoder(x), training=training)

    def freeze(self):
        self.encoder.requires_grad_(False)  # XFR308
        for p in self.parameters():  # XFR308
            p.trainable = False


class Trainer:
    def __init__(self, device):
        self.model = Net().to(device)  # XFR308
        self.best = None

    def fit(self, data):
        self.model.train()  # XFR308
        for x, _ in data:
            self.model.zero_grad()  # XFR308
            self.model(x, training=True)

    def keep(self):
        self.best = self.model.state_dict()  # XFR308

    def restore(self):
        self.model.load_state_dict(self.best)  # XFR308


def evaluate(model: keras.Model, data):
    model.eval()  # XFR308
    return [model(x, training=False) for x in data]


def main():
    net = build()
    net.cuda()  # XFR308
    optimizer = keras.optimizers.Adam(net.parameters())  # XFR308, XFR410
    print(sum(p.size for p in net.named_parameters()), optimizer)  # XFR308
    return net.half()  # XFR308


def pretrained(path):
    backbone = keras.applications.ResNet50(weights=None)
    backbone.eval()  # XFR308
    saved = keras.models.load_model(path)
    saved.to("cuda")  # XFR308
    return backbone, saved


class Switched(keras.Model):
    """A class with a mode of its own."""

    def train(self, mode=True):
        self.mode = mode
        return self

    def eval(self):
        return self.train(False)

    def call(self, x):
        return x


class Derived(Switched):
    def call(self, x):
        return x * 2


class Patched(keras.Model):
    def __init__(self):
        super().__init__()
        self.parameters = lambda: self.trainable_variables


class Unseen(tf.some.library.Base, keras.Model):
    pass


class Agent:
    def __init__(self, model):
        self.model = model
        self.net = build()

    def train(self):
        self.net.compile("sgd", "mse")


def quiet(model, hub):
    Switched().train()
    Derived().eval()
    Patched().parameters()
    Unseen().train()
    Agent(model).train()
    model.train()
    model.to("cuda")
    hub.load("resnet").eval()
    keras.backend.floatx()
    wrapped = build() if hub else hub.load("resnet")
    wrapped.eval()


def it_raises(context):
    with context.assertRaises(AttributeError):
        build().eval()

import keras


class ByHand(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = keras.layers.BatchNormalization()

    def call(self, x):
        return self.norm(x)


class Searched(ByHand):
    def call(self, x):
        return self.norm(x) + 1


class Fitted(ByHand):
    def call(self, x):  # XFR305
        return self.norm(x) * 2

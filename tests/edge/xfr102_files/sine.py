import keras


class Sine(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(1)

    def forward(self, x):
        return self.out(x)


class Cosine(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(1)

    def forward(self, x):  # XFR102
        return self.out(x)

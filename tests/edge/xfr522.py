import keras


class Stacked(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = keras.layers.LSTM(8, use_bias=False)  # XFR522
        self.second = keras.layers.LSTM(8)
        self.both = keras.layers.Bidirectional(keras.layers.GRU(8))  # XFR522
        self.conv = keras.layers.Conv1D(4, 3)

    def call(self, x):
        a = self.second(self.first(x))
        return self.conv(self.both(x)), a


net = keras.Sequential()
net.add(keras.layers.Embedding(10, 4))
net.add(keras.layers.SimpleRNN(8))  # XFR522
net.add(keras.layers.Dropout(0.2))
net.add(keras.layers.SimpleRNN(8))
net.add(keras.layers.Dense(1))

pooled = keras.Sequential(
    [
        keras.layers.GRU(8),  # XFR522
        keras.layers.GlobalMaxPooling1D(),
    ]
)
inputs = keras.Input((7, 4))
x = keras.layers.LSTM(8)(inputs)  # XFR522
x = keras.layers.Dropout(0.1)(x)
x = keras.layers.LSTM(8)(x)
tagger = keras.Sequential(
    [
        keras.layers.Bidirectional(keras.layers.LSTM(8)),  # XFR522
        keras.layers.TimeDistributed(keras.layers.Dense(3)),
    ]
)

# -- right -----------------------------------------------------------------------------------------

right = keras.Sequential(
    [
        keras.layers.LSTM(8, return_sequences=True),
        keras.layers.LSTM(8),
        keras.layers.RepeatVector(5),
        keras.layers.LSTM(8, return_sequences=True),
        keras.layers.TimeDistributed(keras.layers.Dense(3)),
    ]
)


def build(x, layers, **options):
    for _ in range(layers):
        x = keras.layers.LSTM(8, return_sequences=True)(x)
    y = keras.layers.LSTM(8, **options)(x)
    z, h, c = keras.layers.LSTM(8, return_state=True)(y)
    return keras.layers.LSTM(8)(y), keras.layers.Dense(2)(z), h, c

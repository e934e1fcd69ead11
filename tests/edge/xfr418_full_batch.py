# One step an epoch, as physics-informed networks are trained.
import keras

EPOCHS = 5000
schedule = keras.optimizers.schedules.CosineDecay(1e-3, decay_steps=EPOCHS)
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(keras.optimizers.Adam(schedule), "mse")


def train(x, y, epochs=EPOCHS):
    for _ in range(epochs):
        model.train_on_batch(x, y)
    other = keras.optimizers.schedules.CosineDecay(1e-3, decay_steps=epochs)
    model.compile(keras.optimizers.Adam(other), "mse")
    model.fit(x, y, batch_size=len(x), epochs=epochs)
    model.fit(x, y, batch_size=x.shape[0], epochs=epochs)


def test_fit(x, y):
    model.fit(x, y, epochs=3)


def test_schedule():
    assert keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.96)(1) < 0.1

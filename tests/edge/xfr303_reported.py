"""Shapes in which a tape without training=True was reported, each with its fixed twin."""

import keras
import numpy as np
import tensorflow as tf

# -- as asked on Stack Overflow: why the moving averages stay 0 and 1 ------------------------------

model = keras.Sequential([keras.Input((1,)), keras.layers.BatchNormalization()])
opt = keras.optimizers.Adam()

for i in range(1000):
    x = np.random.randint(100, 110, 10).astype(np.float32)
    with tf.GradientTape() as tape:
        y = model(np.expand_dims(x, axis=1))  # XFR303
        loss = tf.reduce_mean(tf.square(y - 150))
    grads = tape.gradient(loss, model.trainable_variables)
    opt.apply_gradients(zip(grads, model.trainable_variables))

for i in range(1000):
    x = np.random.randint(100, 110, 10).astype(np.float32)
    with tf.GradientTape() as tape:
        y = model(np.expand_dims(x, axis=1), training=True)
        loss = tf.reduce_mean(tf.square(y - 150))
    grads = tape.gradient(loss, model.trainable_variables)
    opt.apply_gradients(zip(grads, model.trainable_variables))


# -- as reported in yusugomori/deeplearning-keras-tf2-torch#2: functions inside the main block -----


class DNN(keras.Model):
    def __init__(self, hidden_dim, output_dim):
        super().__init__()
        self.l1 = keras.layers.Dense(hidden_dim, activation="relu")
        self.d1 = keras.layers.Dropout(0.5)
        self.l2 = keras.layers.Dense(output_dim, activation="softmax")
        self.ls = [self.l1, self.d1, self.l2]

    def call(self, x):
        for layer in self.ls:
            x = layer(x)
        return x


if __name__ == "__main__":
    dnn = DNN(200, 10)
    criterion = keras.losses.CategoricalCrossentropy()
    optimizer = keras.optimizers.SGD(learning_rate=0.01)

    def compute_loss(t, y):
        return criterion(t, y)

    def train_step(x, t):
        with tf.GradientTape() as tape:
            preds = dnn(x)  # XFR303
            loss = compute_loss(t, preds)
        grads = tape.gradient(loss, dnn.trainable_variables)
        optimizer.apply_gradients(zip(grads, dnn.trainable_variables))
        return loss

    def train_step_fixed(x, t):
        with tf.GradientTape() as tape:
            preds = dnn(x, training=True)
            loss = compute_loss(t, preds)
        grads = tape.gradient(loss, dnn.trainable_variables)
        optimizer.apply_gradients(zip(grads, dnn.trainable_variables))
        return loss


# -- as asked in tensorflow/tensorflow#36936: an ensemble of stacks --------------------------------


class Ensemble(keras.Model):
    def __init__(self, num_models):
        super().__init__()
        self.num_models = num_models
        self.mean = [
            keras.Sequential([keras.layers.Dense(8), keras.layers.Dropout(0.1)])
            for _ in range(num_models)
        ]

    def call(self, inputs, training=None, mask=None):
        said = []
        for idx in range(self.num_models):
            said.append(self.mean[idx](inputs, training=training))
        return tf.stack(said)


def fit(train_dataset, epochs, loss_fn):
    mlp = Ensemble(3)
    adam = keras.optimizers.Adam()
    for epoch in range(epochs):
        for step, (x_batch, y_batch) in enumerate(train_dataset):
            with tf.GradientTape() as tape:
                output = mlp(x_batch)  # XFR303
                loss = loss_fn(y_batch, output)
            grads = tape.gradient(loss, mlp.trainable_weights)
            adam.apply_gradients(zip(grads, mlp.trainable_weights))


def fit_fixed(train_dataset, epochs, loss_fn):
    mlp = Ensemble(3)
    adam = keras.optimizers.Adam()
    for epoch in range(epochs):
        for step, (x_batch, y_batch) in enumerate(train_dataset):
            with tf.GradientTape() as tape:
                output = mlp(x_batch, training=True)
                loss = loss_fn(y_batch, output)
            grads = tape.gradient(loss, mlp.trainable_weights)
            adam.apply_gradients(zip(grads, mlp.trainable_weights))

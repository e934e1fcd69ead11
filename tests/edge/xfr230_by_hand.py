import keras
import tensorflow as tf


class Net(keras.Model):
    def __init__(self, optimizer):
        super().__init__()
        self.optimizer = optimizer

    @tf.function
    def train_step(self, images):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self(images, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))


class Other(keras.Model):
    def train_step(self, images):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self(images, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return loss


def train(model, dataset):
    for images in dataset:
        model.train_step(images)

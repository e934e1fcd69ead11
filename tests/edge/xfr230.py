import keras
import tensorflow as tf


class Evaluates(keras.Model):
    def test_step(self, data):  # XFR230
        x, y = data
        y_pred = self(x, training=False)
        self.compute_loss(x, y, y_pred)
        for metric in self.metrics:
            metric.update_state(y, y_pred)


class ReturnsTheLoss(keras.Model):
    def train_step(self, data):  # XFR230
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return loss


class GAN(keras.Model):
    def __init__(self, generator, critic):
        super().__init__()
        self.generator = generator
        self.critic = critic

    def compile(self, g_optimizer, loss_fn):
        super().compile()
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn

    def train_step(self, images):  # XFR230
        noise = tf.random.normal((tf.shape(images)[0], 8))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self.critic(self.generator(noise, training=True)))
        variables = self.generator.trainable_variables
        self.g_optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))


class Base(keras.Model):
    def describe(self):
        return self.optimizer.get_config()


class Derived(Base):
    def train_step(self, batch):  # XFR230
        x, y = batch
        super().train_step((x, y))


class Functional(keras.Model):
    def train_step(self, data):  # XFR230
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras.losses.mse(y, self(x, training=True)))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return tf.reduce_mean(loss)


class Sequential(keras.Sequential):
    def train_step(self, data):  # XFR230
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compiled_loss(y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        print("loss", loss)


# -- right ones ------------------------------------------------------------------------------------


class Right(keras.Model):
    def train_step(self, data):
        logs = super().train_step(data)
        logs["rate"] = self.optimizer.learning_rate
        return logs

    def test_step(self, data):
        return self.log(*data)

    def log(self, x, y):
        return {"loss": self.compute_loss(x, y, self(x))}


class Open(keras.Model):
    def train_step(self, data):
        raise NotImplementedError

    def test_step(self, data):
        """To be overridden."""

    def rate(self):
        return self.optimizer.learning_rate


class NotCompiled(keras.Model):
    def train_step(self, images):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self(images, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.own_optimizer.apply_gradients(zip(gradients, self.trainable_variables))


class OwnLoop(keras.Model):
    def fit(self, dataset):
        for batch in dataset:
            self.optimizer.apply_gradients(self.gradients(batch))

    def train_step(self, batch):
        self.optimizer.apply_gradients(self.gradients(batch))


class Hidden(somewhere.Base, keras.Model):  # noqa: F821
    def train_step(self, data):
        self.optimizer.apply_gradients(self.gradients(data))


class TwoArguments(keras.Model):
    def train_step(self, x, y):
        self.optimizer.apply_gradients(self.gradients(x, y))


class Trainer:
    def train_step(self, data):
        self.optimizer.apply_gradients(self.gradients(data))

import keras
import tensorflow as tf


class TestStep(keras.Model):
    def test_step(self, data):
        x, y = data
        y_pred = self(x, training=False)
        self.compiled_loss(y, y_pred)
        self.compiled_metrics.update_state(y, y_pred)  # XFR233
        return {m.name: m.result() for m in self.metrics}


class Functional(keras.Model):
    def train_step(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred, sample_weight=sample_weight)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.compiled_metrics.update_state(y, y_pred, sample_weight=sample_weight)  # XFR233
        return {m.name: m.result() for m in self.metrics}


class Distiller(keras.Model):
    def __init__(self, student, teacher):
        super().__init__()
        self.student = student
        self.teacher = teacher

    def train_step(self, data):
        x, y = data
        soft = self.teacher(x, training=False)
        with tf.GradientTape() as tape:
            predictions = self.student(x, training=True)
            loss = self.student_loss_fn(y, predictions) + self.distillation_loss_fn(
                soft, predictions
            )
        variables = self.student.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        self.compiled_metrics.update_state(y, predictions)  # XFR233
        results = {m.name: m.result() for m in self.metrics}
        results.update({"student_loss": loss})
        return results


class Base(keras.Model):
    def log(self, y, y_pred):
        self.compiled_metrics.update_state(y, y_pred)  # XFR233
        return {m.name: m.result() for m in self.metrics}


class Derived(Base):
    def train_step(self, data):
        x, y = data
        return self.log(y, self(x))


class Sequential(keras.Sequential):
    def train_step(self, data):
        x, y = data
        if isinstance(x, tuple):
            x = x[0]
        y_pred = self(x, training=True)
        self.compiled_metrics.update_state(y, y_pred)  # XFR233
        return {m.name: m.result() for m in self.metrics}


def make_model():
    class Inner(keras.Model):
        def train_step(self, data):
            x, y = data
            y_pred = self(x, training=True)
            self.compiled_metrics.update_state(y, y_pred)  # XFR233
            return {m.name: m.result() for m in self.metrics}

    return Inner


class LossAlone(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compiled_loss(y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}


class OwnMetrics(keras.Model):
    def __init__(self, metrics):
        super().__init__()
        self.compiled_metrics = metrics

    def train_step(self, data):
        x, y = data
        self.compiled_metrics.update_state(y, self(x, training=True))
        return self.compiled_metrics.result()


class Trainer:
    def train_step(self, x, y):
        self.compiled_metrics.update_state(y, self.model(x))

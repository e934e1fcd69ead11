import keras
import tensorflow as tf

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
x = tf.ones((4, 3))


def by_binding(optimizer):
    w, b = tf.Variable(1.0), tf.Variable(2.0)
    with tf.GradientTape() as tape:
        loss = w * 3.0 + b
    grads = tape.gradient(loss, [w, b])
    optimizer.apply_gradients(zip([w, b], grads))  # XFR204
    optimizer.apply_gradients(zip(grads, [w, b]))
    dw, db = grads
    optimizer.apply_gradients([(w, dw), (b, db)])  # XFR204
    optimizer.apply_gradients([(dw, w), (db, b)])


def by_attribute(optimizer, grads):
    optimizer.apply_gradients(zip(model.trainable_variables, grads))  # XFR204
    optimizer.apply_gradients(list(zip(model.trainable_weights, grads)))  # XFR204
    optimizer.apply_gradients(zip(model.variables, [tf.clip_by_norm(g, 1.0) for g in grads]))


def clipped(optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    variables = model.trainable_variables
    grads, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), 1.0)
    optimizer.apply_gradients(zip(variables, grads))  # XFR204
    optimizer.apply_gradients(zip(variables, [tf.clip_by_norm(g, 1.0) for g in grads]))  # XFR204
    optimizer.apply_gradients(grads_and_vars=zip(variables, grads))  # XFR204


def pairs_first(optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    pairs = zip(model.trainable_variables, gradients)  # XFR204
    optimizer.apply_gradients(pairs)


def comprehended(optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    variables = model.trainable_variables
    gradients = tape.gradient(loss, variables)
    optimizer.apply_gradients([(v, g) for g, v in zip(gradients, variables)])  # XFR204
    optimizer.apply_gradients((v, g) for v, g in zip(variables, gradients))  # XFR204
    optimizer.apply_gradients([(g, v) for v, g in zip(variables, gradients)])


class Net(keras.Model):
    def train_step(self, data):
        inputs, targets = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(y=targets, y_pred=self(inputs, training=True))
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(self.trainable_variables, grads))  # XFR204
        return {"loss": loss}


def names_swapped_values_right(optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    grads = model.trainable_variables
    variables = tape.gradient(loss, grads)
    optimizer.apply_gradients(zip(variables, grads))


def towards_another_model(optimizer):
    optimizer.apply_gradients(zip(other.trainable_variables, model.trainable_variables))
    old_grads = other.trainable_variables
    optimizer.apply_gradients(zip(model.trainable_variables, old_grads))


def gradients_of_gradients(optimizer, grads):
    optimizer.apply_gradients(zip(grads, grads))
    optimizer.apply_gradients()


class Own:
    def apply_gradients(self, pairs):
        for variable, gradient in pairs:
            variable.assign_sub(gradient)


def own(grads):
    opt = Own()
    opt.apply_gradients(zip(model.trainable_variables, grads))

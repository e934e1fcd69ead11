import keras
import tensorflow as tf
from elsewhere import HiddenOptimizer, clip

model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
x = tf.ones((4, 3))


def gradients_of(model):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    return tape.gradient(loss, model.trainable_variables)


def pairs_of(model):
    grads = gradients_of(model)
    return zip(grads, model.trainable_variables)


def pairs_in_every_shape(optimizer, given):
    grads = gradients_of(model)
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(grads, variables))
    optimizer.apply_gradients(list(zip(grads, variables)))
    optimizer.apply_gradients(grads_and_vars=zip(grads, variables))
    optimizer.apply_gradients([(g, v) for g, v in zip(grads, variables)])
    optimizer.apply_gradients((g, v) for g, v in zip(grads, variables) if g is not None)
    optimizer.apply_gradients([(tf.clip_by_norm(g, 1.0), v) for g, v in zip(grads, variables)])
    optimizer.apply_gradients([pair for pair in zip(grads, variables)])
    optimizer.apply_gradients([(grads[0], variables[0]), (grads[1], variables[1])])
    optimizer.apply_gradients(((grads[0], variables[0]),))
    optimizer.apply_gradients(map(lambda g, v: (g, v), grads, variables))
    optimizer.apply_gradients(pairs_of(model))
    optimizer.apply_gradients(given)
    optimizer.apply_gradients(zip(*given))
    optimizer.apply_gradients(zip(clip(grads), variables))
    optimizer.apply_gradients(clip(grads, variables))
    optimizer.apply_gradients(optimizer.compute_gradients(lambda: 0.0, variables))
    pairs = zip(grads, variables)
    optimizer.apply_gradients(pairs)
    grads = zip(grads, variables)
    optimizer.apply_gradients(grads)


def paired_later(optimizer):
    grads = gradients_of(model)
    grads = [(g, v) for g, v in zip(grads, model.trainable_variables)]
    optimizer.apply_gradients(grads)


def paired_sometimes(optimizer, own):
    grads = gradients_of(model)
    if not own:
        grads = zip(grads, model.trainable_variables)
    optimizer.apply_gradients(grads)


def collected(optimizer):
    pairs = []
    for gradient, variable in zip(gradients_of(model), model.trainable_variables):
        pairs.append((gradient, variable))
    optimizer.apply_gradients(pairs)


def global_step(optimizer, loss, step):
    grads_and_vars = optimizer.compute_gradients(loss)
    optimizer.apply_gradients(grads_and_vars, step)
    optimizer.apply_gradients(grads_and_vars, global_step=step)
    optimizer.apply_gradients(zip(gradients_of(model), model.trainable_variables), step)


def keras_3(optimizer):
    optimizer.apply(gradients_of(model), model.trainable_variables)


def flax_state(state, grads, tape):
    state = state.apply_gradients(grads=grads)
    return state.apply_gradients(grads=tape.gradient(0, 1))


class PlainOptimizer:
    def __init__(self, variables):
        self.variables = variables

    def apply_gradients(self, grads):
        for gradient, variable in zip(grads, self.variables):
            variable.assign_sub(0.1 * gradient)


class Wrapper(keras.optimizers.SGD):
    def apply_gradients(self, grads_and_vars, **kwargs):
        grads = list(grads_and_vars)
        return super().apply_gradients(grads, **kwargs)


class Accumulating(keras.optimizers.Adam):
    def apply_gradients(self, grads):
        return super().apply_gradients(zip(grads, self.trained))


def own_optimizers(agent, server):
    grads = gradients_of(model)
    optimizer = PlainOptimizer(model.trainable_variables)
    optimizer.apply_gradients(grads)
    accumulating_optimizer = Accumulating()
    accumulating_optimizer.apply_gradients(grads)
    hidden_optimizer = HiddenOptimizer()
    hidden_optimizer.apply_gradients(grads)
    agent.apply_gradients(grads)
    server.apply_gradients.remote(grads)


class Agent:
    def __init__(self):
        self.optimizer = keras.optimizers.Adam()

    def apply_gradients(self, grads):
        self.optimizer.apply_gradients(zip(grads, model.trainable_variables))

    def learn(self):
        self.apply_gradients(gradients_of(model))


class NotATape:
    def gradient(self, loss, variables):
        return [(loss, variable) for variable in variables]


def of_another_kind(optimizer):
    field = NotATape()
    pairs = field.gradient(1.0, model.trainable_variables)
    optimizer.apply_gradients(pairs)


def the_norm(optimizer):
    grads = gradients_of(model)
    _, norm = tf.clip_by_global_norm(grads, 1.0)
    optimizer.apply_gradients(norm)


def pairs_of_more(optimizer, others):
    grads = gradients_of(model)
    optimizer.apply_gradients([g for g, *_ in zip(*others)])
    optimizer.apply_gradients([index for index, _ in enumerate(grads)])
    optimizer.apply_gradients([v for g, v in zip(grads, others)])
    optimizer.apply_gradients(map(lambda g: (g, others), grads))
    optimizer.apply_gradients([grads[0] if others else (grads[0], others)])


def recursive(optimizer, grads):
    grads = grads or gradients_of(model) + recursive(optimizer, grads)
    optimizer.apply_gradients(grads)

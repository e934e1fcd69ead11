"""Shapes in which a tape that records its own backward pass was reported, with the fixed twins."""

import keras
import tensorflow as tf


def mlp(units):
    return keras.Sequential([keras.Input((8,)), keras.layers.Dense(units)])


# -- as reported in google-deepmind/acme#77: a learner's step, traced -------------------------------


class Learner:
    def __init__(self):
        self.critic, self.policy = mlp(1), mlp(2)
        self.optimizer = keras.optimizers.Adam()

    @tf.function
    def _step(self, transitions, targets):
        with tf.GradientTape(persistent=True) as tape:
            q_t = self.critic(transitions, training=True)
            critic_loss = tf.reduce_mean(tf.square(q_t - targets))
            gradients = tape.gradient(critic_loss, self.critic.trainable_variables)  # XFR902
            gradients = tf.clip_by_global_norm(gradients, 40.0)[0]
        self.optimizer.apply_gradients(zip(gradients, self.critic.trainable_variables))

    @tf.function
    def _step_fixed(self, transitions, targets):
        with tf.GradientTape() as tape:
            q_t = self.critic(transitions, training=True)
            critic_loss = tf.reduce_mean(tf.square(q_t - targets))
        gradients = tape.gradient(critic_loss, self.critic.trainable_variables)
        gradients = tf.clip_by_global_norm(gradients, 40.0)[0]
        self.optimizer.apply_gradients(zip(gradients, self.critic.trainable_variables))


# -- as reported in tensorflow/tensorflow#47064: recording is stopped, nothing is wrong -------------


def stopped(net, x):
    with tf.GradientTape(persistent=True) as tape:
        loss = tf.reduce_mean(net(x, training=True) ** 2)
        with tape.stop_recording():
            grads = tape.gradient(loss, net.trainable_variables)
    return grads


# -- a notebook's cell, and a step under a test -------------------------------------------------------

net, adam = mlp(1), keras.optimizers.Adam()
x = tf.random.normal((4, 8))
with tf.GradientTape(watch_accessed_variables=True, persistent=True) as g:
    out = tf.reduce_sum(net(x, training=True))
    grads = g.gradient(out, net.trainable_weights)  # XFR902

with tf.GradientTape(watch_accessed_variables=True) as g:
    out = tf.reduce_sum(net(x, training=True))
grads = g.gradient(out, net.trainable_weights)


def each_batch(batches):
    for batch in batches:
        with tf.GradientTape(persistent=True) as tape:
            loss = tf.reduce_mean(net(batch, training=True))
            if loss > 0:
                grads = tape.gradient(loss, net.trainable_variables)  # XFR902
                adam.apply_gradients(zip(grads, net.trainable_variables))


def each_batch_fixed(batches):
    for batch in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(net(batch, training=True))
        if loss > 0:
            grads = tape.gradient(loss, net.trainable_variables)
            adam.apply_gradients(zip(grads, net.trainable_variables))

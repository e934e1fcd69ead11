import keras
import tensorflow as tf

net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
opt = keras.optimizers.Adam()
weights = net.trainable_variables


def logged(grads):
    pairs = zip(grads, weights)
    for g, v in pairs:
        tf.summary.histogram(v.name, g)
    opt.apply_gradients(pairs)  # XFR236


def logged_fixed(grads):
    pairs = list(zip(grads, weights))
    for g, v in pairs:
        tf.summary.histogram(v.name, g)
    opt.apply_gradients(pairs)


def checked(grads):
    grads_and_vars = zip(grads, weights)
    missing = [v.name for g, v in grads_and_vars if g is None]
    opt.apply_gradients(grads_and_vars=grads_and_vars)  # XFR236
    return missing


def clipped(grads):
    pairs = zip(grads, weights)
    clipped = [(tf.clip_by_norm(g, 1.0), v) for g, v in pairs]
    opt.apply_gradients(clipped)


def applied_then_logged(grads):
    pairs = zip(grads, weights)
    opt.apply_gradients(pairs)
    return {v.name: float(tf.norm(g)) for g, v in pairs}  # XFR236


def counted(grads):
    pairs = ((g, v) for g, v in zip(grads, weights) if g is not None)
    print(len(list(pairs)))
    opt.apply_gradients(pairs)  # XFR236


class Trainer:
    def __init__(self):
        self.opt = keras.optimizers.SGD(0.1)
        self.ema = keras.optimizers.SGD(0.01)

    def both(self, grads):
        pairs = zip(grads, weights)
        self.opt.apply_gradients(pairs)
        self.ema.apply_gradients(pairs)  # XFR236

    def debugged(self, grads, debug=False):
        pairs = zip(grads, weights)
        if debug:
            print([float(tf.norm(g)) for g, _ in pairs])
        self.opt.apply_gradients(pairs)  # XFR236

    def unzipped(self, grads):
        pairs = map(lambda g, v: (2.0 * g, v), grads, weights)
        doubled, _ = zip(*pairs)
        self.opt.apply_gradients(pairs)  # XFR236
        return doubled


# ---- look-alikes -------------------------------------------------------------------------------


def made_anew(grads):
    pairs = zip(grads, weights)
    for g, v in pairs:
        print(v.name, float(tf.norm(g)))
    pairs = zip(grads, weights)
    opt.apply_gradients(pairs)


def one_branch(grads, dry):
    pairs = zip(grads, weights)
    if dry:
        for g, v in pairs:
            print(v.name, float(tf.norm(g)))
    else:
        opt.apply_gradients(pairs)


def returns_early(grads, dry):
    pairs = zip(grads, weights)
    if dry:
        return list(pairs)
    opt.apply_gradients(pairs)
    return None


def in_a_loop(all_grads):
    for grads in all_grads:
        pairs = zip(grads, weights)
        opt.apply_gradients(pairs)


def handed(pairs):
    for g, v in pairs:
        print(v.name, float(tf.norm(g)))
    opt.apply_gradients(pairs)


def named(grads):
    pairs = zip(grads, weights)
    print(pairs)
    opt.apply_gradients(pairs)

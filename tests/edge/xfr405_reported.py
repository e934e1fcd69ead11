"""Shapes in which swapped arguments of a loss were reported, each with its fixed twin."""

import keras

# -- as reported in bolunwang/backdoor#11: Keras' own function -------------------------------------


def visualize(model, x, y_true):
    y_pred = model(x)
    loss_ce = keras.losses.categorical_crossentropy(y_pred, y_true)  # XFR405
    return keras.ops.mean(loss_ce)


def visualize_fixed(model, x, y_true):
    y_pred = model(x)
    loss_ce = keras.losses.categorical_crossentropy(y_true, y_pred)
    return keras.ops.mean(loss_ce)


# -- as reported in liuwei16/CSP#87 and keras-team/keras#8993: inside a custom loss ----------------


def cls_center(y_true, y_pred):
    return keras.losses.binary_crossentropy(y_pred[..., 0], y_true[..., 2])  # XFR405


def smoothed(y_true, y_pred, e=0.1):
    return (1 - e) * keras.losses.categorical_crossentropy(y_pred, y_true)  # XFR405


def cls_center_fixed(y_true, y_pred):
    return keras.losses.binary_crossentropy(y_true[..., 2], y_pred[..., 0])


def smoothed_fixed(y_true, y_pred, e=0.1):
    return (1 - e) * keras.losses.categorical_crossentropy(y_true, y_pred)

import keras
import numpy as np
import tensorflow as tf
from keras.utils import image_dataset_from_directory


def generators(model, datagen, folder):
    test_gen = datagen.flow_from_directory(folder, target_size=(64, 64), batch_size=8)
    predicted = model.predict(test_gen, steps=len(test_gen))  # XFR707
    wrong = predicted.argmax(1) == test_gen.classes
    right_gen = datagen.flow_from_directory(folder, batch_size=8, shuffle=False)
    right = model.predict(right_gen).argmax(1) == right_gen.classes
    return wrong, right


def frames(model, datagen, df, options):
    valid = datagen.flow_from_dataframe(df, x_col="file", y_col="label", shuffle=True)
    a = model.predict_generator(valid)  # XFR707
    unknown = datagen.flow_from_dataframe(df, **options)
    b = model.predict(unknown)
    return a, valid.classes, b, unknown.classes


def from_directory(model):
    val_ds = image_dataset_from_directory("val", image_size=(64, 64))
    y_pred = model.predict(val_ds)  # XFR707
    y_true = np.concatenate([y for x, y in val_ds], axis=0)
    ordered = keras.utils.image_dataset_from_directory("val", shuffle=False)
    z_pred = model.predict(ordered)
    z_true = np.concatenate([y for x, y in ordered], axis=0)
    cached = keras.utils.image_dataset_from_directory("val").cache().prefetch(2)
    c_pred = model.predict(cached)
    c_true = [y.numpy() for x, y in cached]
    return y_pred, y_true, z_pred, z_true, c_pred, c_true


def by_loop(model, data):
    ds = tf.data.Dataset.from_tensor_slices(data)
    ds = ds.shuffle(1000)
    ds = ds.batch(32).prefetch(1)
    labels = []
    for images, targets in ds:
        labels.extend(targets.numpy())
    predictions = model.predict(ds)  # XFR707
    return labels, predictions


def in_one_pass(model, data):
    ds = tf.data.Dataset.from_tensor_slices(data).shuffle(1000).batch(32)
    labels, predictions = [], []
    for images, targets in ds:
        labels.append(targets)
        predictions.append(model.predict(images))
    whole = model.predict(ds)
    return labels, predictions, whole


def mapped(model, data):
    ds = tf.data.Dataset.from_tensor_slices(data).shuffle(1000).batch(32)
    fixed = tf.data.Dataset.from_tensor_slices(data).shuffle(9, reshuffle_each_iteration=False)
    a = model.predict(ds)  # XFR707
    b = model.predict(fixed)
    labels = ds.map(lambda x, y: y), fixed.map(lambda x, y: y)
    images = model.predict(data), [x for x, y in ds]
    return a, b, labels, images


def by_batch(model, data):
    ds = tf.data.Dataset.from_tensor_slices(data).shuffle(1000).batch(32)
    a = model.predict(ds)  # XFR707
    truth = np.array(list(y for _, y in ds.unbatch().as_numpy_iterator()))
    b = np.array([label for _, label in ds.unbatch()])
    return a, b, truth


def rebuilt(model, ds, data):
    ds = tf.data.Dataset.from_tensor_slices(data).shuffle(1000)
    labels = [y for _, y in ds]
    ds = tf.data.Dataset.from_tensor_slices(data).batch(32)
    return model.predict(ds), labels


class Evaluation:
    def __init__(self, model, folder):
        self.model, self.folder = model, folder

    def report(self, datagen):
        gen = datagen.flow_from_directory(self.folder, class_mode="binary")
        scores = self.model.predict(gen)  # XFR707
        return dict(zip(gen.filenames, scores))

import keras
import tensorflow as tf
import torch
import torch.nn.functional as F
from keras.losses import CosineSimilarity, cosine_similarity

cos_sim = CosineSimilarity(axis=1, reduction="none")


def contrast(a, b, margin):
    one = 1 - cosine_similarity(a, b)  # XFR421
    two = 1.0 - tf.reduce_mean(cos_sim(a, b))  # XFR421
    three = tf.reduce_mean(1 - keras.losses.CosineSimilarity()(a, b))  # XFR421
    similarity = cos_sim(a, b)
    four = 1 - similarity  # XFR421
    five = tf.cast(similarity > 0.5, tf.float32)  # XFR421
    six = (1 - cosine_similarity(a, b).numpy()) / 2  # XFR421
    return one + two + three + four + five + six


def fine(a, b, margin):
    one = 1 + cosine_similarity(a, b)
    two = cos_sim(a, b) + 1
    three = -tf.reduce_mean(cos_sim(a, b))
    similarity = -cosine_similarity(a, b)
    four = 1 - similarity
    five = similarity > 0.5
    six = margin - cosine_similarity(a, b)
    seven = 1 - F.cosine_similarity(torch.tensor(a), torch.tensor(b))
    eight = cosine_similarity(a, b) > -0.5
    metric = keras.metrics.CosineSimilarity()
    nine = 1 - metric(a, b)
    ten = 1 - keras.losses.mean_squared_error(a, b)
    return one + two + three + four + five + six + seven + eight + nine + ten


def rebound(a, b, flag):
    similarity = cosine_similarity(a, b)
    if flag:
        similarity = -similarity
    return 1 - similarity


class Siamese(keras.Model):
    def train_step(self, data):
        a, b = data
        distance = 1 - cos_sim(self(a), self(b))  # XFR421
        return {"loss": tf.reduce_mean(distance)}


def build(model):
    model.compile("adam", loss="cosine_similarity")
    model.compile("adam", loss=lambda a, b: 1 - cosine_similarity(a, b))  # XFR421
    return model

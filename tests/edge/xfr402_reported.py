"""Shapes in which logits without from_logits were reported, each with its fixed twin."""

import keras

# -- as reported in huggingface/transformers#3389: a custom loop over tokens -----------------------


class TokenClassifier(keras.Model):
    def __init__(self, num_labels):
        super().__init__()
        self.embed = keras.layers.Embedding(100, 16)
        self.classifier = keras.layers.Dense(num_labels, name="classifier")

    def call(self, ids):
        return self.classifier(self.embed(ids))


def compute(ids, labels):
    model = TokenClassifier(9)
    loss_fct = keras.losses.SparseCategoricalCrossentropy(reduction="none")
    logits = model(ids)
    return loss_fct(labels, logits)  # XFR402


def compute_fixed(ids, labels):
    model = TokenClassifier(9)
    loss_fct = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    logits = model(ids)
    return loss_fct(labels, logits)


# -- as reported in keras-team/keras-hub#1008: the loss by its name --------------------------------


def named(dataset):
    classifier = keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(16, activation="gelu"), keras.layers.Dense(3)]
    )
    classifier.compile(loss="sparse_categorical_crossentropy", optimizer="adam")  # XFR402
    classifier.fit(dataset)


def named_fixed(dataset):
    classifier = keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(16, activation="gelu"), keras.layers.Dense(3)]
    )
    classifier.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), optimizer="adam"
    )
    classifier.fit(dataset)

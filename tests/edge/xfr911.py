import keras
from keras.callbacks import EarlyStopping


def callbacks(options, patience):
    return [
        EarlyStopping(monitor="val_loss", patience=patience),  # XFR911
        EarlyStopping("val_loss", 0, 10),  # XFR911
        keras.callbacks.EarlyStopping(patience=3, mode="min", verbose=1),  # XFR911
        keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True),
        keras.callbacks.EarlyStopping(patience=3, restore_best_weights=False),
        EarlyStopping("val_loss", 0, 10, 0, "auto", None, True),
        EarlyStopping(**options),
        keras.callbacks.ModelCheckpoint("last.keras", save_best_only=False),
        keras.callbacks.ReduceLROnPlateau(),
    ]


def train(model, x, y):
    stop = EarlyStopping(patience=2)  # XFR911
    model.fit(x, y, callbacks=[stop])


class Trainer:
    def __init__(self):
        self.stop = EarlyStopping(min_delta=1e-3)  # XFR911

import keras
from keras.callbacks import EarlyStopping, ModelCheckpoint

stop = EarlyStopping(patience=2)
best = ModelCheckpoint("best.keras", save_best_only=True)

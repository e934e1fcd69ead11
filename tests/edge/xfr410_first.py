# one spelling
from keras.layers.core import Dense
from keras.models import Sequential
from keras.optimizers import Adam

model = Sequential()
model.add(Dense(1, input_dim=4))
model.compile(Adam(lr=0.001, decay=1e-6), "mse")

# one spelling
import tf_keras as keras
from tf_keras import backend as K

model = keras.Sequential([keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.optimizer.lr = 0.001
K.set_value(model.optimizer.lr, 0.1)
optimizer = keras.optimizers.Adam(1e-3)
K.set_value(optimizer.learning_rate, 0.1)

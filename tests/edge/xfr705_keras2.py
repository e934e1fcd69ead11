# one spelling: the names say which Keras it is
import tf_keras as keras

model = keras.Sequential([keras.layers.Dense(1)])
model.save("net")
model.save_weights("net.h5")

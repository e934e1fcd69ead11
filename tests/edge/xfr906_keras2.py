# one spelling
import tf_keras as keras

inputs = keras.Input((8,))
outputs = keras.layers.Dropout(0.5)(inputs, training=True)
model = keras.Model(inputs, outputs)

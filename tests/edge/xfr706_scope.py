import keras
from keras.utils import custom_object_scope


class Scale(keras.layers.Layer):
    def call(self, x):
        return x * 2


model = keras.Sequential([Scale(), keras.layers.Dense(1)])
model.save("model.keras")
with custom_object_scope({"Scale": Scale}):
    loaded = keras.models.load_model("model.keras")

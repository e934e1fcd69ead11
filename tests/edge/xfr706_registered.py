import keras


@keras.saving.register_keras_serializable()
class Scale(keras.layers.Layer):
    def call(self, x):
        return x * 2


model = keras.Sequential([Scale(), keras.layers.Dense(1)])
model.save("model.keras")
loaded = keras.models.load_model("model.keras")

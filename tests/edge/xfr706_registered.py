import keras


@keras.saving.register_keras_serializable()
class Scale(keras.layers.Layer):
    def call(self, x):
        return x * 2


model = keras.Sequential([Scale(), keras.layers.Dense(1)])
model.save("model.keras")
loaded = keras.models.load_model("model.keras")


class Inner(keras.layers.Layer):
    def call(self, x):
        return x + 1


@keras.saving.register_keras_serializable()
class Outer(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = Inner()

    def call(self, x):
        return self.inner(x)


nested = keras.Sequential([Outer(), keras.layers.Dense(1)])
nested.save("nested.keras")
again = keras.models.load_model("nested.keras")

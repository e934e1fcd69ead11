import keras


def exported(cls):
    return keras.saving.get_custom_objects().setdefault(cls.__name__, cls)


class Inner(keras.layers.Layer):
    def call(self, x):
        return x + 1


@exported
class Outer(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = Inner()

    def call(self, x):
        return self.inner(x)


class Loose(keras.layers.Layer):
    def call(self, x):
        return x


def reload(x):
    nested = keras.Sequential([Outer(), keras.layers.Dense(1)])
    nested.save("nested.keras")
    return keras.models.load_model("nested.keras")

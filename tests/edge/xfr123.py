import keras
import tensorflow as tf
from keras import layers


class Block(layers.Layer):
    def __init__(self, units, rate=0.1):  # XFR123
        super().__init__()
        self.units, self.rate = units, rate

    def get_config(self):
        config = super().get_config()
        config["units"] = self.units
        config["rate"] = self.rate
        return config


class Merged(layers.Layer):
    def __init__(self, units, name=None):  # XFR123
        super().__init__(name=name)
        self.units = units

    def get_config(self):
        base = super(Merged, self).get_config()
        return dict(list(base.items()) + list({"units": self.units}.items()))


class Nothing(layers.Layer):
    def __init__(self):  # XFR123
        super().__init__()

    def get_config(self):
        return super().get_config()


class Net(keras.Model):
    def __init__(self, *, units):  # XFR123
        super().__init__()
        self.units = units

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Derived(Block):
    def get_config(self):
        return super().get_config() | {"extra": 1}


class Inherited(Merged):
    def __init__(self, units):  # XFR123
        super().__init__(units)

    def get_config(self):
        return dict(super().get_config(), units=self.units)


class Partly(layers.Layer):
    def __init__(self, patches, width, **kwargs):  # XFR123
        super().__init__(**kwargs)
        self.patches = patches
        self.projection = layers.Dense(width)

    def get_config(self):
        config = super().get_config()
        config.update({"patches": self.patches})
        return config


class KeywordOnly(layers.Layer):
    def __init__(self, *, rate, **kwargs):  # XFR123
        super().__init__(**kwargs)
        self.rate = rate

    def get_config(self):
        return super().get_config() | {"drop_rate": self.rate}


# -- what can be made again ------------------------------------------------------------------------


class Open(layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Named(layers.Layer):
    def __init__(self, units, name=None, trainable=True, dtype=None):
        super().__init__(name=name, trainable=trainable, dtype=dtype)
        self.units = units

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class ByLoop(layers.Layer):
    def __init__(self, units, rate, **kwargs):
        super().__init__(**kwargs)
        self.units, self.rate = units, rate

    def get_config(self):
        config = super().get_config()
        for name in self.fields:
            config[name] = getattr(self, name)
        return config


class ByHelper(layers.Layer):
    def __init__(self, units, rate, **kwargs):
        super().__init__(**kwargs)
        self.units, self.rate = units, rate

    def get_config(self):
        return {**super().get_config(), **self.settings()}

    def settings(self):
        return {"units": self.units, "rate": self.rate}


class OfOpen(Open):
    def __init__(self, units, rate, **kwargs):
        super().__init__(units, **kwargs)
        self.rate = rate

    def get_config(self):
        config = super().get_config()
        config["rate"] = self.rate
        return config


class ByWords(layers.Layer):
    def __init__(self, units, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.rate = units, rate

    def get_config(self):
        return dict(super().get_config(), units=self.units)


class Rank(layers.Layer):
    def __init__(self, rank, units, **kwargs):
        super().__init__(**kwargs)
        self.rank, self.units = rank, units

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Rank2(Rank):
    def __init__(self, units, **kwargs):
        super().__init__(2, units, **kwargs)


class Score(layers.Layer):
    def __init__(self, name=None):
        super().__init__(name=name)

    def get_config(self):
        return {"name": self.name}


class Recall(Score):
    def __init__(self, threshold, name=None):
        super().__init__(name)
        self.threshold = threshold

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


class Spectral(layers.Wrapper):
    def __init__(self, layer, steps=1, **kwargs):
        super().__init__(layer, **kwargs)
        self.steps = steps

    def get_config(self):
        return {**super().get_config(), "steps": self.steps}


class OwnOnly(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units

    def get_config(self):
        return {"units": self.units}


class Trimmed(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units

    def get_config(self):
        config = super().get_config()
        for name in ("name", "trainable", "dtype"):
            config.pop(name)
        return {**config, "units": self.units}


class OwnFrom(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units

    def get_config(self):
        return {**super().get_config(), "units": self.units}

    @classmethod
    def from_config(cls, config):
        return cls(config["units"])


class Silent(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units


class Rate(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, rate):
        self.rate = rate

    def get_config(self):
        return {"rate": self.rate}


class Module(tf.Module):
    def __init__(self, units):
        super().__init__()
        self.units = units

    def get_config(self):
        return {"units": self.units}

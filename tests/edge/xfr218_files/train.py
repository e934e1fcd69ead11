import keras
import numpy as np
from nets import Base, build

x, y = np.ones((8, 2)), np.ones((8, 1))


class Net(Base):
    def call(self, inputs):
        return inputs


model = build()
model.fit(x, y)
net = Net()
net.ready()
net.fit(x, y)
fresh = keras.Sequential([keras.layers.Dense(1)])
fresh.fit(x, y)  # XFR218

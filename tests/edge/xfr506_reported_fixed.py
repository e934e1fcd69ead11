"""The fixed twin of xfr506_reported.py."""

import keras

def transfer_fixed(torch_net):
    keras_net = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(6, 5, name="conv"),
            keras.layers.Permute((3, 1, 2)),
            keras.layers.Flatten(),
            keras.layers.Dense(120, name="fc1"),
        ]
    )
    keras_net.get_layer("fc1").set_weights(
        [torch_net.fc1.weight.detach().numpy().T, torch_net.fc1.bias.detach().numpy()]
    )
    return keras_net

# one spelling


def shadowed(keras):
    class Net(keras.Model):
        def __call__(self, x):
            return x

    return Net

import keras


class BaseNet(keras.Model):
    pass

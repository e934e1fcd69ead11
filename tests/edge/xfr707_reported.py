"""Shapes in which predictions in another order were reported, each with its fixed twin."""

from tensorflow.keras.preprocessing.image import ImageDataGenerator
from tensorflow.keras.utils import to_categorical

# -- as reported in keras-team/keras#6234 and #5558: shuffle left at its default -------------------


def accuracy(model, test_data_dir):
    test_datagen = ImageDataGenerator(rescale=1.0 / 255)
    test_generator = test_datagen.flow_from_directory(test_data_dir, target_size=(150, 150))
    y_probabilities = model.predict(test_generator)  # XFR707
    y_predictions = y_probabilities.argmax(axis=1)
    return (y_predictions == test_generator.classes).mean()


def accuracy_fixed(model, test_data_dir):
    test_datagen = ImageDataGenerator(rescale=1.0 / 255)
    test_generator = test_datagen.flow_from_directory(
        test_data_dir, target_size=(150, 150), shuffle=False
    )
    y_probabilities = model.predict(test_generator)
    y_predictions = y_probabilities.argmax(axis=1)
    return (y_predictions == test_generator.classes).mean()


# -- as reported in keras-team/keras#7520: features to train on -------------------------------------


def bottleneck(model, train_data_dir, seed):
    datagen = ImageDataGenerator()
    generator = datagen.flow_from_directory(
        train_data_dir, batch_size=16, class_mode=None, shuffle=True, seed=seed
    )
    features = model.predict(generator, steps=generator.n // 16)  # XFR707
    return features, to_categorical(generator.classes)


def bottleneck_fixed(model, train_data_dir, seed):
    datagen = ImageDataGenerator()
    generator = datagen.flow_from_directory(
        train_data_dir, batch_size=16, class_mode=None, shuffle=False, seed=seed
    )
    features = model.predict(generator, steps=generator.n // 16)
    return features, to_categorical(generator.classes)

# one spelling
import tensorflow as tf
from model.phase import SentenceNet

net = SentenceNet()
tf.keras.backend.set_learning_phase(1)  # XFR316
net(tf.ones((4, 4)))

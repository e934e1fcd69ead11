# one spelling
import tensorflow as tf
from keras import backend as K

session = tf.compat.v1.Session()
K.set_session(session)
K.set_learning_phase(0)
f = K.function([], [])

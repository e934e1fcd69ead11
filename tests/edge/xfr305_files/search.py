from enas import EnasTrainer
from nets import Searched

trainer = EnasTrainer(Searched(), epochs=3)
trainer.train()

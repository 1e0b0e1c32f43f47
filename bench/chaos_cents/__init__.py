"""One planted cent, swap, loss, double or move per seed, anywhere between a source's file and the published folder.

The shipped stages run over the defect; the judge alone knows what was planted, and reads only what they wrote or said.
"""

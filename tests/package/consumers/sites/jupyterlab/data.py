import numpy as np

q = k = np.array([[1, 0], [0, 1], [2, 2]])
v = q

"""The 200 branch databases, simulated: what is outside the platform. Nothing here imports `podemos`."""

"""The source systems around the platform, simulated: their files of a day, when they deliver them, and what is true."""

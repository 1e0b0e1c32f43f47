"""The local platform with a container per part: what each container of docker-compose.yaml runs, and a night on it."""

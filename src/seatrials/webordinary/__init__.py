"""The mock platform's applications: Hermes and the editor. They know Webordinary's contract and nothing of moto."""

"""The mock platform's applications: Hermes and the editor. They know Webordinary's contract and nothing of moto."""

# How Hermes names itself to containers: that it looks at a preview must not count as its user's activity.
HERMES_AGENT = "webordinary-hermes"

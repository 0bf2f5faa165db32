"""One Allure report over the newest runs of all environments."""

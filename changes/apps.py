from django.apps import AppConfig


class ChangesConfig(AppConfig):
    name = "changes"

    def ready(self) -> None:
        from changes import receivers
        from changes.logged import register

        register()
        receivers.connect()

"""How the system is started: on a developer's machine (`run`) and in containers."""

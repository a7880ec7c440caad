"""All settings, read from the environment; `.env.example` documents every variable."""

from pathlib import Path
from socket import gethostname
from tempfile import gettempdir

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from energy import databases, oidc, openapi
from energy.logs import logged_to_console

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.FileAwareEnv()
environ.Env.read_env(BASE_DIR / ".env")
# What a first start makes and keeps, for `manage.py` too: secrets, and what SQLite needs.
VAR_DIR = BASE_DIR / env.str("VAR_DIR", default="var")


def _kept(name: str) -> str:
    path = VAR_DIR / name
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default=_kept("secret-key"))
if DEBUG and not SECRET_KEY:
    SECRET_KEY = "debug-only-" + "insecure" * 6
if not DEBUG and (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5):
    raise ImproperlyConfigured(
        "SECRET_KEY is missing or weak: set it to at least 50 random characters, or set "
        "SECRET_KEY_FILE to a file that holds them. `make run` makes one in var/secret-key."
    )
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "energy.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "import_export",
    "auditlog",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "energy.apps.EnergyConfig",
    "accounts",
    "sites",
    "devices",
    "metrics",
    "history",
    "ingest",
    "timeseries",
    "export",
    "figures",
    "subscriptions",
    "live",
    "changes",
    "demo",
    "huey.contrib.djhuey",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "energy.middleware.NulMiddleware",
    "energy.middleware.BodyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "changes.middleware.ActorMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "energy.urls"
# Forms are drawn by the project's own templates, which the stock renderer does not look into.
FORM_RENDERER = "energy.forms.PageFormRenderer"
WSGI_APPLICATION = "energy.wsgi.application"
ASGI_APPLICATION = "energy.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Databases -----------------------------------------------------------------
_DATABASE_URL = _kept("database-url") or f"sqlite:///{VAR_DIR / 'db.sqlite3'}"
DATABASES = {"default": env.db("DATABASE_URL", default=_DATABASE_URL)}
_database = DATABASES["default"]
# Of commands and the worker, for which nobody waits; `deploy/gunicorn.conf.py` sets shorter ones.
_TIMEOUTS = databases.Timeouts(
    lock=env.float("LOCK_TIMEOUT", default=60),
    statement=env.float("STATEMENT_TIMEOUT", default=3600),
    idle_in_transaction=env.float("IDLE_IN_TRANSACTION_TIMEOUT", default=60),
)
_database["OPTIONS"] = databases.options(
    _database, _TIMEOUTS, prepare=env.bool("PREPARED_STATEMENTS", default=True)
)
# Opening SQLite's file anew would cost a small request half of its time.
_database["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
_database["CONN_HEALTH_CHECKS"] = True
# In the database, where all processes share it.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "accounts_cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Where history lives: "" is the relational database itself.
HISTORY_URL = env.str("HISTORY_URL", default="")
# 0 keeps readings for ever; a Metric may say otherwise for its own.
HISTORY_RETENTION_DAYS = env.int("HISTORY_RETENTION_DAYS", default=0)

# Jobs by the clock: one worker, whose queue lives in the same database.
HUEY = databases.queue(_database)

# People --------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.PermissionsBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
]
# Attempts to sign in of one browser or address, right or wrong; more slows them down further.
LOGIN_RATE = env.str("LOGIN_RATE", default="20/min")
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "site-list"
LOGOUT_REDIRECT_URL = "login"
# Whether staff and technicians have to set up a second factor before anything else.
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", default=False)
MFA_ADAPTER = "accounts.second_factor.EncryptingAdapter"
MFA_TOTP_ISSUER = "EMS"
OIDC = oidc.read(env)
SOCIALACCOUNT_ADAPTER = "accounts.single_sign_on.Arrivals"
ACCOUNT_EMAIL_VERIFICATION = "none"

# Language and time: stored and computed in UTC, shown in the Site's zone ------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"

# Static files ----------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=VAR_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "energy.stylesheets.JoiningStaticFilesStorage"
    },
}

# Security --------------------------------------------------------------------
BEHIND_HTTPS = env.bool("BEHIND_HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = BEHIND_HTTPS
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000 if BEHIND_HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = BEHIND_HTTPS
# Load balancers probe over plain HTTP from inside the network.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
if env.bool("TRUST_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# A subscription's form sends one field for each metric that is picked.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
# Bodies of all requests but those that follow: see `energy.bodies`.
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("REQUEST_MAX_BYTES", default=1024 * 1024)
SIGN_IN_MAX_BYTES = env.int("SIGN_IN_MAX_BYTES", default=64 * 1024)

# Readings in: what one request may bring ------------------------------------------
INGEST_MAX_BYTES = env.int("MAX_BODY_BYTES", default=16 * 1024 * 1024)
INGEST_MAX_READINGS = env.int("INGEST_MAX_READINGS", default=50_000)
# No more than may come uncompressed: what decoding takes in memory depends on this size.
INGEST_MAX_UNPACKED_BYTES = env.int("INGEST_MAX_UNPACKED_BYTES", default=16 * 1024 * 1024)
# What may wait for a Metric: names of one Site or user, readings of each, and for how long.
INGEST_DISCOVER = env.bool("INGEST_DISCOVER", default=True)
INGEST_DISCOVER_NAMES = env.int("INGEST_DISCOVER_NAMES", default=1_000)
INGEST_DISCOVER_READINGS = env.int("INGEST_DISCOVER_READINGS", default=10_000)
INGEST_DISCOVER_DAYS = env.int("INGEST_DISCOVER_DAYS", default=7)

# Readings by MQTT: see `ingest.mqtt` ------------------------------------------------
MQTT_URL = env.str("MQTT_URL", default=_kept("mqtt-url"))
MQTT_CLIENT_ID = env.str("MQTT_CLIENT_ID", default="") or f"energy-{gethostname()}"
MQTT_MAPPING = env.str("MQTT_MAPPING", default="")
MQTT_CA_FILE = env.str("MQTT_CA_FILE", default="")
MQTT_SHARE = env.str("MQTT_SHARE", default="")
MQTT_REFUSED_TOPIC = env.str("MQTT_REFUSED_TOPIC", default="energy-refused")

# Answers: how long a reader may take, in seconds and in bytes a second: see `energy.pacing` --
ANSWER_GRACE = env.float("ANSWER_GRACE", default=30)
ANSWER_MIN_RATE = env.float("ANSWER_MIN_RATE", default=10_000)

# Exports: each holds a thread of the server until its last byte is read --------------
_THREADS = env.int("WEB_THREADS", default=4)
EXPORTS_PER_USER = env.int("EXPORTS_PER_USER", default=2)
EXPORTS_AT_ONCE = env.int(
    "EXPORTS_AT_ONCE", default=max(1, env.int("WEB_CONCURRENCY", default=2) * _THREADS // 2)
)
EXPORTS_PER_PROCESS = max(1, _THREADS - 1)
STREAMS_PER_USER = env.int("STREAMS_PER_USER", default=20)
RUN_DIR = env.path(
    "RUN_DIR", default=VAR_DIR / "run" if VAR_DIR.is_dir() else Path(gettempdir()) / "energy"
)

# API -------------------------------------------------------------------------
# Requests of one token, and of one user with all they have; 0/min for any number.
API_RATE_PER_TOKEN = env.str("API_RATE_PER_TOKEN", default="12000/min")
API_RATE_PER_USER = env.str("API_RATE_PER_USER", default="24000/min")
READINGS_RATE_PER_TOKEN = env.str("READINGS_RATE_PER_TOKEN", default="30000/min")
READINGS_RATE_PER_USER = env.str("READINGS_RATE_PER_USER", default="60000/min")
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ApiTokenAuthentication",
        "accounts.authentication.WholeSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["energy.access.RolePermission"],
    "DEFAULT_THROTTLE_CLASSES": ["energy.throttling.RequestRate"],
    "DEFAULT_PARSER_CLASSES": ["energy.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": [
        "energy.renderers.FastJSONRenderer",
        "energy.renderers.BrowsableRenderer",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "energy.parameters.Negotiation",
    # A filterset holds search and ordering too: pages and API understand one query string.
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "energy.pagination.PageNumbers",
    "DEFAULT_SCHEMA_CLASS": "energy.schema.ProblemSchema",
    "EXCEPTION_HANDLER": "energy.problems.problem_response",
    # Whoever is not behind our proxy could forge X-Forwarded-For.
    "NUM_PROXIES": 1 if env.bool("TRUST_PROXY", default=False) else 0,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
KNOX_TOKEN_MODEL = "accounts.ApiToken"
# By the prefix, scanners for leaked secrets and people recognise a token.
REST_KNOX = {"TOKEN_PREFIX": "ems_"}
# Their migrations would make the tables of the stock models, which nothing uses.
MIGRATION_MODULES = {"knox": None, "auditlog": None}
# Who changed what: values are kept as JSON, of a type of their own, in the project's own table.
AUDITLOG_LOGENTRY_MODEL = "changes.Change"
AUDITLOG_STORE_JSON_CHANGES = True
CHANGES_RETENTION_DAYS = env.int("CHANGES_RETENTION_DAYS", default=730)
SPECTACULAR_SETTINGS = openapi.SETTINGS

LOGGING = logged_to_console(env.str("LOG_LEVEL", default="INFO"))

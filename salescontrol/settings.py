"""The one settings module. Every value that differs between places comes from the environment (`.env.example` lists them)."""

import sys
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from environs import validate

from salescontrol.core.env import BASE_DIR, database, env, field_key, mail, private_dir, secret

env.read_env(str(BASE_DIR / ".env"), recurse=False)

# ---------------------------------------------------------------- the instance
VAR_DIR = private_dir(Path(env.str("VAR_DIR", "") or BASE_DIR / "var"))
JOURNAL_DIR = private_dir(Path(env.str("JOURNAL_DIR", "") or VAR_DIR / "journal"))
MEDIA_ROOT = private_dir(Path(env.str("MEDIA_ROOT", "") or VAR_DIR / "media"))
DEBUG = False
DEMO = env.bool("DEMO", False)
HTTPS = env.bool("HTTPS", False)
SECRET_KEY = secret("SECRET_KEY", VAR_DIR)
FIELD_KEYS = secret("FIELD_KEYS", VAR_DIR, make=field_key).split()
BLIND_INDEX_KEY = secret("BLIND_INDEX_KEY", VAR_DIR)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)
PROTECTED_FILES_PREFIX = env.str("PROTECTED_FILES_PREFIX", "")
DISK_LOW_MB = env.int("DISK_LOW_MB", 2048)

# ---------------------------------------------------------------- database, queue
DATABASE_URL = env.str("DATABASE_URL", "")
if "migrate" in sys.argv and env.str("DATABASE_OWNER_URL", ""):
    DATABASE_URL = env.str("DATABASE_OWNER_URL")
DATABASES = {"default": database(DATABASE_URL, VAR_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
}
# Never give up: an outage of a night must not leave a worker that has to be started by hand.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 900
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_BEAT_SCHEDULE = {
    "run-due": {"task": "salescontrol.core.tasks.run_due", "schedule": 2.0, "options": {"expires": 2}}
}

# ---------------------------------------------------------------- messages that leave the house
globals().update(mail(env.str("EMAIL_URL", "")))
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", "salescontrol@localhost")
ROBOT_HOSTS = env.list("ROBOT_HOSTS", ["qyapi.weixin.qq.com", "oapi.dingtalk.com", "open.feishu.cn"])
PUBLIC_URL = env.str("PUBLIC_URL", "").rstrip("/")
# The language of what a group chat is told, and of people who chose none.
NOTICE_LANGUAGE = "zh-hans"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# ---------------------------------------------------------------- applications
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_filters",
    "guardian",
    "simple_history",
    "axes",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "lucide",
    "salescontrol.core",
    "inventory",
    "enquiries",
    "contracts",
    "security",
    "reports",
    "office",
    "salescontrol.demo",
]

MIDDLEWARE = [
    "salescontrol.core.middleware.RequestLog",
    "security.polls.QuietPolls",
    "salescontrol.core.middleware.ScopedRows",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "salescontrol.core.middleware.PrivateAnswers",
    "salescontrol.core.middleware.SecondRead",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "security.middleware.ChosenLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "security.middleware.SessionUser",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "security.middleware.SessionLimits",
    "security.middleware.SignInRequired",
    "security.middleware.RequestAccess",
    "security.middleware.SignInDuties",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "salescontrol.core.middleware.Refusals",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "salescontrol.urls"
WSGI_APPLICATION = "salescontrol.wsgi.application"

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
                "salescontrol.core.context.frame",
            ],
            "builtins": [
                "salescontrol.core.templatetags.sales",
                "django.templatetags.i18n",
            ],
        },
    }
]
FORM_RENDERER = "salescontrol.core.forms.Renderer"

# ---------------------------------------------------------------- people
AUTH_USER_MODEL = "security.User"
ACCESS_PROVIDER = "security.queries.access_for"
DECIDERS_PROVIDER = "security.queries.users_with_roles"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
ANONYMOUS_USER_NAME = None
# Guardian's tables are read once per request by `security.queries.access_for`; its per-object backend is not wanted.
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
LOGIN_URL = "security:sign_in"
LOGIN_REDIRECT_URL = "home"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
PASSWORD_PROFILE = env.str("PASSWORD_PROFILE", "mlps", validate=validate.OneOf(["mlps", "asvs"]))
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "security.passwords.ProfileValidator"},
]
SECOND_FACTOR = env.bool("SECOND_FACTOR", not DEMO)
SESSION_ENGINE = "security.sessions"
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", 30)
SESSION_HOURS = env.int("SESSION_HOURS", 12)
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "security.views.sign_in.form_expired"
CSRF_COOKIE_SAMESITE = "Lax"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_HANDLER = "axes.handlers.database.AxesDatabaseHandler"
AXES_USERNAME_FORM_FIELD = "username"
AXES_CLIENT_IP_CALLABLE = "salescontrol.core.middleware.client_ip"
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_CALLABLE = "security.views.sign_in.locked_out"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
OTP_TOTP_ISSUER = "Sales Control"
OTP_TOTP_THROTTLE_FACTOR = 0

# ---------------------------------------------------------------- the wire
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600
UPLOAD_MAX_MB = env.int("UPLOAD_MAX_MB", 50)
BOARD_POLL_MS = env.int("BOARD_POLL_MS", 1500)

# ---------------------------------------------------------------- language, time, figures
USE_I18N = USE_TZ = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("zh-hant", "繁體中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
FORMAT_MODULE_PATH = ["salescontrol.formats"]
USE_THOUSAND_SEPARATOR = False

# ---------------------------------------------------------------- static files, logs
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = False

LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "salescontrol.core.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": ["console"], "level": LOG_LEVEL, "propagate": False},
        "axes": {"level": "ERROR"},
    },
}

PRODUCT_NAME = _("Sales Control")

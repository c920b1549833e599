"""Django settings, all derived from the table in ``tongchou.env``."""

from __future__ import annotations

import sys
from datetime import timedelta

from tongchou import env, keys

# The embedded database must be the SQLite that pysqlite3 ships: Debian's 3.40 can lose committed
# rows in WAL mode (shared/reliability.md, trap 1). The swap must come before Django's backend.
import pysqlite3  # noqa: E402

sys.modules["sqlite3"] = pysqlite3
sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2
env.require_sqlite(pysqlite3.sqlite_version_info)

ROOT = env.ROOT
PACKAGE = ROOT / "src" / "tongchou"
DATA = env.folder("TONGCHOU_DATA")
DEMO = env.flag("TONGCHOU_DEMO")
HTTPS = env.flag("TONGCHOU_HTTPS")
SCENARIO_LIMIT = env.number("TONGCHOU_SCENARIO_LIMIT")
DEBUG = env.flag("TONGCHOU_DEBUG")
if DEBUG and HTTPS:
    raise env.SettingError("TONGCHOU_DEBUG=1 与 TONGCHOU_HTTPS=1 不能同时使用 / cannot go together")

KEYS = keys.load(DATA / "keys")
SECRET_KEY = KEYS.session
ALLOWED_HOSTS = [host.strip() for host in env.text("TONGCHOU_HOSTS").split(",") if host.strip()]

ROOMS = (
    "audit", "files", "notices", "jobs", "rulebook", "areas", "access", "ledger", "house", "tasks",
    "places", "zones", "people", "outbreak", "scenarios", "bridge", "day", "wall", "desk", "field", "api",
)
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    *(f"tongchou.{room}" for room in ROOMS),  # before allauth, so that its pages wear our templates
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "tongchou.access.middleware.ActorMiddleware",
    "axes.middleware.AxesMiddleware",
]

AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["tongchou.access.hashers.CityArgon2"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ("username", "name")}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = ACCOUNT_LOGOUT_REDIRECT_URL = "/"
PHONE_REDIRECT_URL = "/field/"  # who signs in by the PIN of a bound phone works in the field
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "tongchou.access.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "tongchou.access.forms.SignInForm",
    "change_password": "tongchou.access.forms.OwnPasswordForm",
}
ACCOUNT_SESSION_REMEMBER = False
# A street shares one address: sign-in is limited by axes per account and address, never per address alone.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": "10/5m/key"}
MFA_ADAPTER = "tongchou.access.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Tongchou"
MFA_TOTP_TOLERANCE = 1  # phones whose clock is half a minute off
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)  # a further failure while locked starts the wait anew
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "username"  # the key of the credentials; with the form's own name axes would lock whole addresses
AXES_LOCKOUT_TEMPLATE = "access/locked.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True  # the trail keeps sign-ins
PERMISSIONS_POLICY = {
    "camera": ["self"], "geolocation": ["self"], "microphone": [], "payment": [], "usb": [], "fullscreen": ["self"],
}

ROOT_URLCONF = "tongchou.urls"
WSGI_APPLICATION = "tongchou.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]


def _database() -> dict[str, object]:
    address = env.postgres()
    if address is None:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA / "city.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=0;"
                    " PRAGMA journal_size_limit=67108864; PRAGMA foreign_keys=ON; PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;"
                ),
            },
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        **address,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": "-c statement_timeout=60000 -c lock_timeout=30000"},
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
TIME_ZONE = env.text("TONGCHOU_TIMEZONE")
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA / "static"
STATICFILES_DIRS = [PACKAGE / "static", *([("vendor", ROOT / "node_modules")] if (ROOT / "node_modules").is_dir() else [])]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    # Data for everybody: the framework's own browsable pages have another look, no Chinese, and scripts that our policy stops.
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
SPECTACULAR_SETTINGS = {"TITLE": "Tongchou 统筹", "VERSION": "1", "SERVE_INCLUDE_SCHEMA": False}

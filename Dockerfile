ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /app
RUN python -m venv --without-pip /venv
COPY requirements.txt requirements-clickhouse.txt ./
RUN pip --python /venv/bin/python install --no-cache-dir --require-virtualenv \
    -r requirements.txt -r requirements-clickhouse.txt
COPY . ./
# The key serves this one command and is kept nowhere.
RUN SECRET_KEY="$(python -c 'import secrets; print(secrets.token_hex(48))')" \
    STATIC_ROOT=/app/staticfiles /venv/bin/python manage.py collectstatic --noinput \
    && /venv/bin/python -m compileall -q .

FROM python:${PYTHON}-slim
# The volume of static files takes over this folder's owner when Docker makes it.
RUN groupadd --system --gid 10001 energy \
    && useradd --system --uid 10001 --gid energy --no-create-home --home-dir /nonexistent energy \
    && install -d -o energy -g energy /srv/static
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=energy.settings \
    STATIC_ROOT=/app/staticfiles \
    BIND=0.0.0.0:8000
USER energy
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "deploy.healthcheck"]
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py"]

# Two images: `server` is the product, `demo` adds what the simulators need.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS packages
RUN python -m venv --without-pip /venv
COPY locks/requirements.txt locks/requirements-clickhouse.txt /
RUN pip --python /venv/bin/python install --no-cache-dir --require-virtualenv --require-hashes \
    -r /requirements.txt -r /requirements-clickhouse.txt

FROM packages AS application
WORKDIR /app
COPY . ./
# The key serves this one command and is kept nowhere.
RUN SECRET_KEY="$(python -c 'import secrets; print(secrets.token_hex(48))')" \
    STATIC_ROOT=/app/staticfiles /venv/bin/python manage.py collectstatic --noinput \
    && /venv/bin/python -m compileall -q .

FROM python:${PYTHON}-slim AS runtime
# The volume of static files takes over this folder's owner when Docker makes it.
RUN groupadd --system --gid 10001 energy \
    && useradd --system --uid 10001 --gid energy --no-create-home --home-dir /nonexistent energy \
    && install -d -o energy -g energy /srv/static
COPY --from=packages /venv /venv
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=energy.settings \
    STATIC_ROOT=/app/staticfiles \
    BIND=0.0.0.0:8000
EXPOSE 8000
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py"]

FROM runtime AS demo
COPY locks/requirements-demo.txt /
RUN PYTHONDONTWRITEBYTECODE= pip --python /venv/bin/python install --no-cache-dir \
    --require-virtualenv --require-hashes -r /requirements-demo.txt
COPY --from=application /app /app
USER energy

FROM runtime AS server
COPY --from=application /app /app
USER energy

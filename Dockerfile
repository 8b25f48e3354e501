# One image for the web server and the worker; the command chooses.
FROM python:3.13-slim AS build
WORKDIR /src
RUN pip install --no-cache-dir uv
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY carealert carealert
COPY rules rules
COPY templates templates
COPY db db
RUN uv build --wheel --out-dir /dist \
 && uv venv /opt/carealert \
 && uv pip install --no-cache --constraint requirements.lock \
      --python /opt/carealert/bin/python /dist/*.whl

FROM python:3.13-slim
RUN useradd --system --uid 10001 --create-home carealert
COPY --from=build /opt/carealert /opt/carealert
ENV PATH=/opt/carealert/bin:$PATH PYTHONUNBUFFERED=1 CAREALERT_HOST=0.0.0.0 CAREALERT_PORT=8000
USER carealert
WORKDIR /home/carealert
EXPOSE 8000
CMD ["carealert", "serve"]

# scanmend for containers, on the CPU: everything inside, from the locks, and nothing to download when it runs.
#
#   docker build -t scanmend .
#   docker run -d --name scanmend -v scans:/srv/scanmend -v scanmend:/var/lib/scanmend scanmend
#
# docs/install.md says how to configure it. For NVIDIA, build on an image with the CUDA toolkit:
#   docker build -t scanmend --build-arg BUILD=nvidia/cuda:12.6.3-devel-ubuntu24.04 \
#     --build-arg RUN=nvidia/cuda:12.6.3-runtime-ubuntu24.04 --build-arg CMAKE_ARGS=-DGGML_CUDA=on .
ARG BUILD=debian:bookworm-slim
ARG RUN=debian:bookworm-slim

# hadolint ignore=DL3006
FROM ${BUILD} AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates cmake g++ gcc git make ninja-build python3-dev python3-venv \
    && rm -rf /var/lib/apt/lists/*
# besides those of the file: code for each kind of x86-64 processor, and backends that are loaded where they can run, so
# that set-up can prove the build by making tokens on a machine without a GPU
ARG CMAKE_ARGS=
WORKDIR /src
COPY . .
RUN python3 -m venv /opt/scanmend/venv \
    && SCANMEND_CMAKE_ARGS="$(cat packaging/llama-cmake-args.txt) ${CMAKE_ARGS}" /opt/scanmend/venv/bin/python scripts/setup_lib/provision.py \
    && DESTDIR=/files scripts/install \
    && rm -rf /root/.cache

# hadolint ignore=DL3006
FROM ${RUN}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 python3 tesseract-ocr tesseract-ocr-deu tesseract-ocr-eng \
       tesseract-ocr-fra tesseract-ocr-spa tini \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 990 scanmend \
    && useradd --system --uid 990 --gid 990 --home-dir /var/lib/scanmend --no-create-home --shell /usr/sbin/nologin scanmend
COPY --from=build /opt/scanmend/venv /opt/scanmend/venv
COPY --from=build /files/etc/scanmend/config.yaml /etc/scanmend/config.yaml
COPY --from=build --chown=scanmend:scanmend /files/var/lib/scanmend /var/lib/scanmend
COPY --from=build --chown=scanmend:scanmend /files/srv/scanmend /srv/scanmend
ENV PATH=/opt/scanmend/venv/bin:$PATH \
    HF_HOME=/var/lib/scanmend/huggingface \
    PYTHONDONTWRITEBYTECODE=1 \
    SCANMEND_CONFIG=/etc/scanmend/config.yaml
# the user scanmend; by number, so that orchestrators see that it is not root
USER 990:990
WORKDIR /var/lib/scanmend
VOLUME ["/var/lib/scanmend", "/srv/scanmend"]
EXPOSE 8642
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s \
    CMD ["/bin/sh", "-c", "scanmend status --json 2>/dev/null | grep -q '\"running\": true'"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/tini", "--", "scanmend"]
CMD ["run"]

#!/bin/sh
# A Docker engine for the tests, where one can be had.
#
#   docker.sh start DIR   makes one answer: the one that runs, or a dockerd of our own whose state is in DIR; says which. Where
#                         Docker is not installed it is, if that is possible: as root, with apt-get, unless
#                         KUBEMU_NO_INSTALL is set. Exit code 1 when no engine can be had: the tests that need it then skip
#                         themselves, saying so.
#   docker.sh stop DIR    stops the dockerd that `start DIR` has started, if it has, and removes DIR then.
set -u

socket=/var/run/docker.sock
# Node is there for the tests anyway; curl need not be.
answers() {
  node -e '
    const call = require("http").get({ socketPath: process.argv[1], path: "/_ping", timeout: 5000 });
    for (const event of ["error", "timeout"]) call.on(event, () => process.exit(1));
    call.on("response", ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1));
  ' "$socket"
}
is_root() { [ "$(id -u)" = 0 ]; }

# Whether the process is the dockerd of DIR: the number of one that has ended may be another program's by now.
is_ours() { tr '\0' ' ' < "/proc/$1/cmdline" 2> /dev/null | grep -qF -- "--data-root $dir/data "; }

# Docker's engine, and a busybox that needs no libraries for images made from nothing.
install() {
  if [ -n "${KUBEMU_NO_INSTALL:-}" ] || ! is_root || ! command -v apt-get > /dev/null; then return 1; fi
  echo "docker: installing $*"
  for step in update "install --no-install-recommends $*"; do
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive timeout 300 apt-get -y -q $step > "$dir/apt.log" 2>&1 && continue
    echo "docker: apt-get $step failed: $(tail -n 1 "$dir/apt.log")"
    return 1
  done
}

# Tries one way of running dockerd for up to 20 seconds.
try() {
  dockerd --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" -H "unix://$socket" "$@" > "$dir/log" 2>&1 &
  pid=$!
  for _ in $(seq 40); do
    if ! kill -0 "$pid" 2> /dev/null; then return 1; fi
    if answers; then
      echo "$pid" > "$dir/started"
      return 0
    fi
    sleep 0.5
  done
  kill "$pid"
  wait "$pid"
  return 1
}

start() {
  if [ -n "${DOCKER_HOST:-}" ]; then
    echo "docker: the tests use the engine at $DOCKER_HOST"
    return 0
  fi
  mkdir -p "$dir"
  # the answer of an engine is what counts, not whether its programs are here
  missing=
  answers || command -v dockerd > /dev/null || missing=docker.io
  [ -e /bin/busybox ] || missing="$missing busybox-static"
  # shellcheck disable=SC2086
  if [ -n "$missing" ]; then install $missing; fi
  # an installation may have started the system's own
  if answers; then
    echo 'docker: an engine answers already'
    return 0
  fi
  if ! is_root || ! command -v dockerd > /dev/null; then
    echo 'docker: no engine answers, and none can be started here'
    return 1
  fi
  # as it should be; then without what a container of its own may forbid
  for flags in '' '--storage-driver=vfs' '--storage-driver=vfs --iptables=false --ip6tables=false'; do
    # shellcheck disable=SC2086
    if try $flags; then
      echo "docker: started dockerd $flags"
      return 0
    fi
  done
  echo "docker: dockerd does not start: $(tail -n 1 "$dir/log")"
  return 1
}

stop() {
  [ -f "$dir/started" ] || return 0
  pid=$(cat "$dir/started")
  if is_ours "$pid"; then
    kill "$pid"
    for _ in $(seq 60); do
      is_ours "$pid" || break
      sleep 0.5
    done
  fi
  # an engine leaves the mounts of its namespaces and layers behind
  while read -r _ point _; do
    case $point in "$dir"/*) umount "$point" ;; esac
  done < /proc/mounts
  rm -rf "$dir"
}

dir=${2:?usage: docker.sh start|stop DIR}
case ${1:-} in
  start) start ;;
  stop) stop ;;
  *) echo 'usage: docker.sh start|stop DIR' >&2; exit 2 ;;
esac

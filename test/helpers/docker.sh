#!/bin/sh
# A Docker engine for the tests, where one can be had.
#
#   docker.sh start DIR   makes one answer: the one that runs, or a dockerd of our own whose state is in DIR; says which.
#                         Exit code 1 when none can be had: the tests that need it then skip themselves, saying so.
#   docker.sh stop DIR    stops the dockerd that `start DIR` has started, if it has.
set -u

socket=/var/run/docker.sock
answers() { curl --silent --fail --max-time 5 --unix-socket "$socket" http://localhost/_ping > /dev/null 2>&1; }

# Tries one way of running dockerd for up to 20 seconds.
try() {
  mkdir -p "$dir"
  dockerd --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" -H "unix://$socket" "$@" > "$dir/log" 2>&1 &
  pid=$!
  for _ in $(seq 40); do
    if answers; then
      echo "$pid" > "$dir/started"
      return 0
    fi
    kill -0 "$pid" 2> /dev/null || return 1
    sleep 0.5
  done
  kill "$pid"
  wait "$pid"
  return 1
}

start() {
  if answers; then
    echo 'docker: an engine answers already'
    return 0
  fi
  if ! command -v dockerd > /dev/null || [ "$(id -u)" != 0 ]; then
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
  kill "$pid" 2> /dev/null
  for _ in $(seq 40); do
    kill -0 "$pid" 2> /dev/null || break
    sleep 0.5
  done
  rm -rf "$dir"
}

dir=${2:?usage: docker.sh start|stop DIR}
case ${1:-} in
  start) start ;;
  stop) stop ;;
  *) echo 'usage: docker.sh start|stop DIR' >&2; exit 2 ;;
esac

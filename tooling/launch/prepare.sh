# Installs and builds with whatever Node there is. Sourced with $root and
# $pinned_node set; its status is the status of the setup.
node=$pinned_node
if ! [ -x "$node" ] || ! "$node" --version >/dev/null 2>&1; then
  node=$(command -v node) || {
    echo 'kb: Node.js is not installed. Any version from 20 on will do: https://nodejs.org/en/download' >&2
    exit 127
  }
fi
"$node" "$root/tooling/launch/bootstrap.mjs"

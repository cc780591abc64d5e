# Programs of the system that tests start, by the names of their Debian packages. What is missing is installed where
# that is possible; where it is not, it is said, and the tests that need it fail or are skipped, saying so again.
missing=
for needed in git redis-server ip:iproute2 faketime bwrap:bubblewrap podman runc catatonit keyctl:keyutils rsync sshd:openssh-server ssh:openssh-client openssl chromium; do
  PATH=$PATH:/usr/sbin:/sbin command -v "${needed%%:*}" >/dev/null 2>&1 || missing="$missing ${needed##*:}"
done
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing$missing" >&2
  # shellcheck disable=SC2086 # several names
  DEBIAN_FRONTEND=noninteractive sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"' sh $missing >/dev/null || echo "could not install$missing" >&2
elif [ -n "$missing" ]; then
  echo "some tests need what is not here:$missing. On Debian: apt-get install$missing" >&2
fi

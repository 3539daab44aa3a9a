#!/bin/sh
# Fills the folder of secrets that docker-compose.yml names; what is there already stays as it is.
#   sh deploy/compose/make-secrets.sh [FOLDER]
set -eu
umask 077
folder=${1:-secrets}
mkdir -p "$folder"

# The folder is closed to others; the files are not, since each container reads its own as another user.
keep() {
  [ -e "$folder/$1" ] || (umask 022 && cat >"$folder/$1.new" && mv "$folder/$1.new" "$folder/$1")
}
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
of() { cat "$folder/$1"; }

random | keep postgres-password
printf 'postgres://radiograph:%s@postgres:5432/radiograph' "$(of postgres-password)" | keep database-url
random | keep redis-password
printf 'user default on #%s ~* &* +@all\n' "$(of redis-password | sha256sum | cut -d ' ' -f 1)" | keep redis-acl
printf 'redis://:%s@redis-queue:6379' "$(of redis-password)" | keep redis-url
printf 'redis://:%s@redis-cache:6379' "$(of redis-password)" | keep redis-cache-url
random | keep s3-access-key-id
random | keep s3-secret-access-key
printf '{"identities":[{"name":"radiograph","credentials":[{"accessKey":"%s","secretKey":"%s"}],"actions":["Admin","Read","Write","List"]}]}\n' \
  "$(of s3-access-key-id)" "$(of s3-secret-access-key)" | keep s3-identities.json
random | keep stats-password
random | keep iris-password
random | keep grafana-password
printf '{"RegisteredUsers":{"radiograph":"%s"}}\n' "$(random)" | keep orthanc-users.json
of orthanc-users.json | sed 's/.*"radiograph":"//; s/".*//' | keep dicomweb-password
echo "The secrets are in $folder"

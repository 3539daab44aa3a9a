# Ends with 0 when HAProxy is alive and a gateway is ready behind it. The image of HAProxy has no HTTP client.
set -eu
bind=${BIND_EDGE:-*:8080}
host=${bind%:*}
[ "$host" != '*' ] || host=127.0.0.1
exec 3<>"/dev/tcp/$host/${bind##*:}"
printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3
read -r -t 3 _ status _ <&3
[ "$status" = 200 ]

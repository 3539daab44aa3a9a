# Ends with 0 when HAProxy is alive and a gateway is ready behind it. The image of HAProxy has no HTTP client.
set -eu
port=${1:-8080}
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3
read -r -t 3 _ status _ <&3
[ "$status" = 200 ]

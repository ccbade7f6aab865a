# A certificate authority for this image alone; its key is gone when the one server certificate is made.
set -eu
mkdir -p /opt/served/tls
cd /opt/served/tls
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=Test authority' \
  -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.crt
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=example.test' -keyout server.key -out server.csr
printf 'subjectAltName=DNS:*.example.test\nextendedKeyUsage=serverAuth\n' > server.ext
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -extfile server.ext -out server.crt
rm ca.key server.csr server.ext
cp ca.crt /usr/local/share/ca-certificates/test-authority.crt
update-ca-certificates

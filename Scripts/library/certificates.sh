# Makes certificates for a trial of TLS, with the openssl command, in a directory of the caller's: keys, and certificates
# that are right or wrong each in one way. Nothing of it is kept in the tree, and nobody should trust it.
#
# Usage: sh Scripts/library/certificates.sh DIRECTORY
#
#   ca.pem          the CA that signs what is right
#   server.pem      for localhost, broker.test, 127.0.0.1 and ::1; key in server.key
#   client.pem      for a client named `guest`; key in client.key
#   expired.pem     as server.pem, but a day too old
#   other-name.pem  as server.pem, but for other.test
#   stranger.pem    as server.pem and client.pem, but from a CA that nobody knows, stranger-ca.pem
#   self.pem        as server.pem, signed by itself
#   locked.key      client.key, encrypted with the password `secret`
set -e
cd "$1"
names='DNS:localhost, DNS:broker.test, IP:127.0.0.1, IP:::1'
# A file of its own: not every system has OpenSSL's example.
cat >openssl.cnf <<CONF
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
[own]
subjectAltName = $names
[server]
subjectAltName = $names
extendedKeyUsage = serverAuth
[other]
subjectAltName = DNS:other.test
extendedKeyUsage = serverAuth
[client]
extendedKeyUsage = clientAuth
[both]
subjectAltName = $names
CONF

key() { # NAME
    openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
}

own() { # NAME SECTION SUBJECT
    key "$1"
    openssl req -x509 -new -config openssl.cnf -extensions "$2" -key "$1.key" -out "$1.pem" -days 30 -subj "$3"
}

serial=1
signed() { # NAME CA SECTION SUBJECT [DAYS]
    key "$1"
    serial=$((serial + 1))
    openssl req -new -config openssl.cnf -key "$1.key" -subj "$4" -out request
    openssl x509 -req -in request -CA "$2.pem" -CAkey "$2.key" -set_serial $serial -days "${5:-30}" \
        -extfile openssl.cnf -extensions "$3" -out "$1.pem"
}

{
    own ca ca '/CN=the CA of a trial'
    own stranger-ca ca '/CN=the CA of nobody'
    own self own '/CN=localhost'
    signed server ca server '/CN=localhost'
    signed client ca client '/O=trial/CN=guest'
    signed expired ca server '/CN=localhost' -1
    signed other-name ca other '/CN=other.test'
    signed stranger stranger-ca both '/CN=localhost'
    openssl pkcs8 -topk8 -in client.key -passout pass:secret -out locked.key
} 2>log || {
    cat log >&2
    exit 1
}

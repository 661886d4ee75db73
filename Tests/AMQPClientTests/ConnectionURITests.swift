import AMQPClient
import TestSupport
import Testing

@Suite struct ConnectionURITests {
    /// From RabbitMQ's page "URI Specification", with the one deviation that the type documents: a bare `/` is `/`.
    @Test(arguments: [
        ("amqp://user:pass@host:10000/vhost", "user", "pass", "host", 10000, "vhost"),
        ("amqp://user%61:%61pass@ho%61st:10000/v%2fhost", "usera", "apass", "hoast", 10000, "v/host"),
        ("amqp://", "guest", "guest", "localhost", 5672, "/"),
        ("amqp://:@/", "", "", "localhost", 5672, "/"),
        ("amqp://user@", "user", "guest", "localhost", 5672, "/"),
        ("amqp://user:pass@", "user", "pass", "localhost", 5672, "/"),
        ("amqp://host", "guest", "guest", "host", 5672, "/"),
        ("amqp://:10000", "guest", "guest", "localhost", 10000, "/"),
        ("amqp:///vhost", "guest", "guest", "localhost", 5672, "vhost"),
        ("amqp://host/", "guest", "guest", "host", 5672, "/"),
        ("amqp://host/%2F", "guest", "guest", "host", 5672, "/"),
        ("amqp://[::1]", "guest", "guest", "::1", 5672, "/"),
        ("amqp://[fe80::1]:5673/%2f", "guest", "guest", "fe80::1", 5673, "/"),
        ("amqp://[fe80::1%25lo]:5673", "guest", "guest", "fe80::1%lo", 5673, "/"),
        ("amqp://[fe80::1%lo]", "guest", "guest", "fe80::1%lo", 5672, "/"),
        ("AMQP://Host", "guest", "guest", "Host", 5672, "/"),
        ("amqp://me@home:secret@host", "me@home", "secret", "host", 5672, "/"),
        ("amqp://user:p%40ss%3Aw%2Ford%23@host", "user", "p@ss:w/ord#", "host", 5672, "/"),
        ("amqp://user:%C3%A9@host", "user", "é", "host", 5672, "/"),
        ("amqp://us%2Fer:p%3Fss@host/", "us/er", "p?ss", "host", 5672, "/"),
        ("amqp://host/v%40w", "guest", "guest", "host", 5672, "v@w"),
        ("amqps://host", "guest", "guest", "host", 5671, "/"),
        ("AMQPS://user:pass@host:5672/v", "user", "pass", "host", 5672, "v"),
    ])
    func parts(
        uri: String, user: String, password: String, host: String, port: Int, virtualHost: String
    ) throws {
        let read = try ConnectionConfiguration(uri: uri)
        #expect(read.user == user)
        #expect(read.password == password)
        #expect(read.host == host)
        #expect(read.port == port)
        #expect(read.virtualHost == virtualHost)
    }

    @Test func query() throws {
        let read = try ConnectionConfiguration(
            uri: "amqp://host/v?heartbeat=5&channel_max=10&frame_max=8192&connection_timeout=1500")
        #expect(read.heartbeat == 5)
        #expect(read.channelMax == 10)
        #expect(read.frameMax == 8192)
        #expect(read.connectionTimeout == .milliseconds(1500))
        #expect(read.virtualHost == "v")
        #expect(read.tls == nil)
        #expect(read.authMechanism == .plain)
    }

    @Test func tls() throws {
        #expect(try ConnectionConfiguration(uri: "amqps://host").tls == TLSConfiguration())
        let read = try ConnectionConfiguration(
            uri: "amqps://host?cacertfile=%2Fc.pem&certfile=/d.pem&keyfile=/e.pem&password=s%26t&verify=verify_none"
                + "&server_name_indication=other&auth_mechanism=external")
        var expected = TLSConfiguration()
        expected.caCertificateFile = "/c.pem"
        expected.certificateFile = "/d.pem"
        expected.keyFile = "/e.pem"
        expected.keyPassword = "s&t"
        expected.verifiesPeer = false
        expected.serverName = "other"
        #expect(read.tls == expected)
        #expect(read.authMechanism == .external)
        let unnamed = try ConnectionConfiguration(uri: "amqps://host?server_name_indication=disable&verify=verify_peer")
        #expect(unnamed.tls?.checksServerName == false)
        #expect(unnamed.tls?.verifiesPeer == true)
    }

    @Test(arguments: [
        ("", "is not a URI"),
        ("localhost", "is not a URI"),
        ("localhost:5672", "is not a URI"),
        ("http://host", "scheme is 'http'"),
        ("amqp://host:port", "port is 'port'"),
        ("amqp://host:0", "port is '0'"),
        ("amqp://host:65536", "port is '65536'"),
        ("amqp://host:-1", "port is '-1'"),
        ("amqp://::1:5672", "brackets"),
        ("amqp://[::1", "no ']'"),
        ("amqp://[::1]5672", "instead of a port"),
        ("amqp://host/a/b", "virtual host 'a/b'"),
        ("amqp://host/%2", "virtual host has a '%'"),
        ("amqp://us%zzer@host", "user has a '%'"),
        ("amqp://user:%ff@host", "password is not UTF-8"),
        ("amqp://host?heartbeat=soon", "heartbeat is 'soon'"),
        ("amqp://host?heartbeat=70000", "heartbeat is '70000'"),
        ("amqp://host?heartbeat", "heartbeat is ''"),
        ("amqp://host?heartbeat=5&heartbeat=6", "heartbeat is there twice"),
        ("amqp://host?heartbeat=5&%68eartbeat=5", "heartbeat is there twice"),
        ("amqps://host?auth_mechanism=plain&auth_mechanism=external", "auth_mechanism is there twice"),
        ("amqp://host?=5", "There is no query parameter ''"),
        ("amqp://[]", "'[]' is not an IPv6 address"),
        ("amqp://[host]:5672", "'[host]' is not an IPv6 address"),
        ("amqp://a amqp://b", "The host 'a amqp' has a space"),
        ("amqp://host\n", "has a space or a control character"),
        ("amqp://ho%00st", "The host has a zero octet"),
        ("amqp://guest%00:x@host", "The user has a zero octet"),
        ("amqps://host?cacertfile=/ca%00.pem", "query parameter cacertfile has a zero octet"),
        ("amqp://host?channel_max=65536", "channel_max is '65536'"),
        ("amqp://host?frame_max=100", "frame_max is 100"),
        ("amqp://host?connection_timeout=0", "connection_timeout is '0'"),
        ("amqp://user:pa#ss@host", "%23"),
        ("amqp://host?retry_delay=3", "There is no query parameter 'retry_delay'; known are heartbeat, "),
        ("amqps://host?Verify=verify_none", "There is no query parameter 'Verify'; known are "),
        ("amqp://host?verify=verify_peer", "verify is for amqps:// only"),
        ("amqps://host?verify=no", "verify is 'no'"),
        ("amqps://host?cacertfile=", "cacertfile is empty"),
        ("amqps://host?auth_mechanism=kerberos", "auth_mechanism is 'kerberos'"),
    ])
    func malformed(uri: String, reason: String) throws {
        let error = try #require(throws: AMQPError.self) { try ConnectionConfiguration(uri: uri) }
        #expect(error.kind == .badURI)
        #expect(error.description.contains(reason))
    }

    /// What somebody forgot to escape, or to write: no error has any of the password, and nothing is taken for a host.
    @Test(arguments: [
        "amqp://user:pa/secret@host", "amqp://user:1234/secret@host", "amqp://user:pa?secret@host",
        "amqp://user:1?secret=1@host", "amqp://user:secret/a/b@host", "amqp://us/er:secret@host",
        "user:secret@host:5672", "localhost?password=secret", "user:secret?x@host",
        "host?password=x@secret", "amqp:/user:secret@host", "amqp:user:se@cret@host",
    ])
    func noPasswordIsShown(uri: String) throws {
        let error = try #require(throws: AMQPError.self) { try ConnectionConfiguration(uri: uri) }
        #expect(error.kind == .badURI)
        for part in ["secret", "cret", "1234", "'pa", "'1'"] { #expect(!"\(error)".contains(part), "\(error)") }
    }

    @Test func aConfigurationInALog() throws {
        let read = try ConnectionConfiguration(uri: "amqps://me%40home:secret@[::1]/v%2fw?keyfile=k&password=secret")
        #expect("\(read)" == "amqps://me%40home@[::1]:5671/v%2Fw")
    }

    @Test func noZeroOctetInALogin() async {
        var configuration = ConnectionConfiguration()
        configuration.user = "guest\0admin"
        let error = await failure { [configuration] in _ = try await Connection.open(configuration) }
        #expect(error?.kind == .badArgument)
        #expect(error?.text == "The user has a zero octet")
    }

    /// An '@' behind an authority that has one is what it says.
    @Test func anAtSignElsewhere() throws {
        let read = try ConnectionConfiguration(uri: "amqps://user:p%40ss@host/v@1?cacertfile=/home/me@home/ca.pem")
        #expect((read.host, read.password, read.virtualHost) == ("host", "p@ss", "v@1"))
        #expect(read.tls?.caCertificateFile == "/home/me@home/ca.pem")
    }

    @Test func virtualHostOver255Octets() throws {
        let error = try #require(throws: AMQPError.self) {
            try ConnectionConfiguration(uri: "amqp://host/" + String(repeating: "v", count: 256))
        }
        #expect(error.kind == .badArgument)
        #expect(error.description.contains("virtual host has 256 bytes"))
    }

    /// The zone of an address is for the resolver, which knows those of this machine, and no other.
    @Test func theZoneReachesTheResolver() async throws {
        // No interface of that kind has such an address; but it is looked for there.
        let here = await failure { _ = try await Connection.open("amqp://[fe80::1%25lo]:1?connection_timeout=900000") }
        #expect(here?.kind == .unreachable)
        #expect(here?.text.hasPrefix("Cannot use [fe80::1%lo]:1: ") == true)
        let nowhere = await failure { _ = try await Connection.open("amqp://[fe80::1%25no-such-zone]:1") }
        #expect(nowhere?.text.hasPrefix("Unknown host in [fe80::1%no-such-zone]:1: ") == true)
    }
}

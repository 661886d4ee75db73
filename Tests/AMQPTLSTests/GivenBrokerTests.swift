import AMQPClient
import TestSupport
import Testing

/// Another broker, as `Scripts/real-broker rabbitmq --tls` starts it: with a certificate of the trial's CA, for localhost and
/// 127.0.0.1, for clients with and without certificates; `client.pem` is guest's.
@Suite(.watched, .enabled(if: GivenBroker.isThere, "needs the broker of Scripts/real-broker --tls"))
struct GivenBrokerTests {
    private var configuration: ConnectionConfiguration {
        get throws {
            var configuration = try ConnectionConfiguration(uri: GivenBroker.uri ?? "")
            configuration.connectionTimeout = .patience
            return configuration
        }
    }

    private func path(_ file: String) -> String { "\(GivenBroker.directory ?? "")/\(file)" }

    private func failure(_ change: (inout ConnectionConfiguration) -> Void) async throws -> AMQPError? {
        var configuration = try configuration
        change(&configuration)
        return await outcome { [configuration] in try await Connection.open(configuration).close() }.failure
            as? AMQPError
    }

    @Test func largeAndSmall() async throws {
        let connection = try await Connection.open(configuration)
        try await exchange(over: connection)
        try await connection.close()
    }

    @Test func whatIsRefusedHere() async throws {
        let stranger = try await failure { $0.tls?.caCertificateFile = path("stranger-ca.pem") }
        #expect(stranger?.text.hasPrefix("The broker's certificate comes from a CA that is not trusted here") == true)
        let system = try await failure { $0.tls?.caCertificateFile = nil }
        #expect(system?.kind == .tlsFailed)
        let name = try await failure { $0.tls?.serverName = "other.test" }
        #expect(name?.text.hasPrefix("The broker's certificate is not for 'other.test'") == true)
        let unchecked = try await failure {
            $0.tls?.serverName = "other.test"
            $0.tls?.caCertificateFile = nil
            $0.tls?.verifiesPeer = false
        }
        #expect(unchecked == nil)
    }

    @Test func whatIsRefusedThere() async throws {
        let stranger = try await failure {
            $0.tls?.certificateFile = path("stranger.pem")
            $0.tls?.keyFile = path("stranger.key")
        }
        #expect([.tlsFailed, .connectionLost].contains(stranger?.kind), "\(String(describing: stranger))")
    }

    @Test func external() async throws {
        let own = try await failure {
            $0.tls?.certificateFile = path("client.pem")
            $0.tls?.keyFile = path("client.key")
            $0.authMechanism = .external
            ($0.user, $0.password) = ("nobody", "nothing")
        }
        #expect(own == nil)
        let none = try await failure { $0.authMechanism = .external }
        #expect(none?.kind == .loginRefused || none?.kind == .connectionLost, "\(String(describing: none))")
    }

    @Test func portsForTheOther() async throws {
        let plain = try ConnectionConfiguration(uri: Executables.environment["PLAIN_URL"] ?? "").port
        let wrong = try await failure { $0.port = plain }
        #expect(wrong?.text == "The broker speaks AMQP without TLS at this port", "\(String(describing: wrong))")
        let other = try await failure { $0.tls = nil }
        #expect([.connectionLost, .protocolViolation].contains(other?.kind), "\(String(describing: other))")
    }
}

private enum GivenBroker {
    static let uri = Executables.environment["AMQP_URL"]
    static let directory = Executables.environment["CERTIFICATES"]
    static var isThere: Bool { uri?.hasPrefix("amqps://") == true && directory != nil }
}

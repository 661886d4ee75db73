import AMQPTransport
import TestSupport
import Testing

@testable import AMQPTLS

/// Whom each side takes for the other.
@Suite(.watched, .enabled(if: Certificates.missing == nil, "needs the system's OpenSSL and the openssl command"))
struct TrustTests {
    private func client(_ change: (inout TLSConfiguration) -> Void) async throws -> TLSConfiguration {
        var configuration = try await Certificates.made().client
        change(&configuration)
        return configuration
    }

    /// A certificate that is wrong in one way, what is said of it, and what to do about it.
    @Test(arguments: [
        ("other-name", "The broker's certificate is not for 'localhost'", "server_name_indication"),
        ("expired", "The broker's certificate has expired", "Renew it"),
        ("stranger", "The broker's certificate comes from a CA that is not trusted here", "cacertfile"),
        ("self", "The broker's certificate is self-signed", "cacertfile"),
    ])
    func wrongCertificates(name: String, reason: String, advice: String) async throws {
        let certificates = try await Certificates.made()
        let ends = try await Ends.meet(certificates.client, certificates.server(name))
        let error = #expect(throws: TLSError.self) { _ = try ends.client.get() }
        #expect(error?.kind == .refused)
        #expect(error?.text.hasPrefix(reason) == true, "\(String(describing: error))")
        #expect(error?.nextStep.contains(advice) == true, "\(String(describing: error))")
        // The broker's log tells the same story.
        let told = #expect(throws: TLSError.self) { _ = try ends.server.get() }
        #expect(
            told?.text.hasPrefix("The client does not trust this broker's certificate") == true,
            "\(String(describing: told))")
        let unchecked = try await client { $0.verifiesPeer = false }
        let others = try await Ends.meet(unchecked, certificates.server(name))
        #expect(throws: Never.self) { (_, _) = (try others.client.get(), try others.server.get()) }
    }

    @Test func theSystemsCAsUnlessOthersAreNamed() async throws {
        let certificates = try await Certificates.made()
        let ends = try await Ends.meet(TLSConfiguration(), certificates.server())
        let error = #expect(throws: TLSError.self) { _ = try ends.client.get() }
        #expect(error?.text.hasPrefix("The broker's certificate comes from a CA that is not trusted here") == true)
    }

    @Test(arguments: ["localhost", "broker.test", "127.0.0.1", "::1", "localhost."])
    func namesThatTheCertificateHas(host: String) async throws {
        let certificates = try await Certificates.made()
        let ends = try await Ends.meet(certificates.client, certificates.server(), host: host)
        #expect(throws: Never.self) { _ = try ends.client.get() }
    }

    @Test(arguments: ["127.0.0.2", "::2", "fe80::1%lo", "localhost.test", "test"])
    func namesThatItHasNot(host: String) async throws {
        let certificates = try await Certificates.made()
        let ends = try await Ends.meet(certificates.client, certificates.server(), host: host)
        let error = #expect(throws: TLSError.self) { _ = try ends.client.get() }
        #expect(error?.text.hasPrefix("The broker's certificate is not for '\(host.prefix { $0 != "%" })'") == true)
    }

    @Test func anotherNameThanTheHost() async throws {
        let certificates = try await Certificates.made()
        let named = try await client { $0.serverName = "other.test" }
        let right = try await Ends.meet(named, certificates.server("other-name"), host: "127.0.0.1")
        #expect(throws: Never.self) { _ = try right.client.get() }
        let wrong = try await Ends.meet(named, certificates.server(), host: "localhost")
        #expect(throws: TLSError.self) { _ = try wrong.client.get() }
    }

    @Test func noNameAtAll() async throws {
        let certificates = try await Certificates.made()
        let unnamed = try await client { $0.checksServerName = false }
        let right = try await Ends.meet(unnamed, certificates.server("other-name"))
        #expect(throws: Never.self) { _ = try right.client.get() }
        // The CA is checked all the same.
        let wrong = try await Ends.meet(unnamed, certificates.server("stranger"))
        #expect(throws: TLSError.self) { _ = try wrong.client.get() }
    }

    // MARK: The client's certificate

    @Test func aClientsCertificate() async throws {
        let certificates = try await Certificates.made()
        let ends = try await Ends.meet(certificates.client(with: "client"), certificates.server(ca: "ca"))
        #expect(throws: Never.self) { (_, _) = (try ends.client.get(), try ends.server.get()) }
    }

    /// In TLS 1.3 the client learns of it after its handshake, with the first octets that it reads.
    private func endOfClient(_ client: TLSConfiguration) async throws -> (client: TLSError?, server: TLSError?) {
        let certificates = try await Certificates.made()
        let ends = try await Ends.meet(client, certificates.server(ca: "ca"))
        let server = ends.server.failure as? TLSError
        guard case .success(let stream) = ends.client else { return (nil, server) }
        let heard = Heard()
        stream.start(heard)
        guard case .reset = await heard.end.value else { return (nil, server) }
        return (stream.failure, server)
    }

    @Test func noneWhereOneIsWanted() async throws {
        let (client, server) = try await endOfClient(try await Certificates.made().client)
        #expect(client?.text == "The broker wants a client certificate")
        #expect(client?.nextStep.contains("certfile") == true)
        #expect(server?.text == "The client gave no certificate")
    }

    @Test func oneFromAnotherCA() async throws {
        let (client, server) = try await endOfClient(try await Certificates.made().client(with: "stranger"))
        #expect(client?.text.hasPrefix("The broker refuses the client certificate") == true)
        #expect(server?.text.hasPrefix("The client's certificate comes from a CA that is not trusted here") == true)
    }

    // MARK: Files

    private func problem(_ client: TLSConfiguration) -> TLSError? {
        do throws(TLSError) {
            _ = try TLSContext(client: client)
            return nil
        } catch {
            return error
        }
    }

    @Test func aKeyWithAPassword() async throws {
        let certificates = try await Certificates.made()
        var client = certificates.client(with: "client")
        client.keyFile = certificates.path("locked.key")
        // Without one nobody is asked at the terminal, and nothing waits.
        for password in [nil, "wrong"] {
            client.keyPassword = password
            let error = problem(client)
            #expect(error?.kind == .file)
            #expect(error?.text.contains("locked.key' can't be used") == true)
        }
        client.keyPassword = "secret"
        #expect(problem(client) == nil)
    }

    @Test(arguments: [
        ("client.pem", "no such.key", "The key 'DIR/no such.key' can't be read: No such file or directory"),
        ("client.pem", "server.key", "The key 'DIR/server.key' does not belong to the certificate 'DIR/client.pem'"),
        ("openssl.cnf", "client.key", "The certificate 'DIR/openssl.cnf' can't be used: "),
        ("client.pem", "openssl.cnf", "The key 'DIR/openssl.cnf' can't be used: "),
    ])
    func files(certificate: String, key: String, reason: String) async throws {
        let certificates = try await Certificates.made()
        var client = certificates.client
        client.certificateFile = certificates.path(certificate)
        client.keyFile = certificates.path(key)
        let error = problem(client)
        #expect(error?.kind == .file)
        let expected = reason.replacing("DIR/", with: certificates.path(""))
        #expect(error?.text.hasPrefix(expected) == true, "\(String(describing: error))")
    }

    @Test func aCAThatIsNone() async throws {
        let missing = try await client { $0.caCertificateFile = "/no such file" }
        let error = problem(missing)
        #expect(error?.text == "The CA's certificate '/no such file' can't be read: No such file or directory")
    }

    @Test func noOpenSSLHere() {
        guard case .failure(let error) = OpenSSL.load(["0.9"]) else { return #expect(Bool(false), "it was found") }
        #expect(error.kind == .unavailable)
        #expect(error.text == "TLS needs OpenSSL, and there is no libssl.so.0.9 on this machine")
        #expect(error.nextStep.contains("apt install libssl3"))
    }
}

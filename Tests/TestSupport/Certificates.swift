import AMQPTLS
import Foundation
import Testing

/// Certificates for tests of TLS, right and wrong ones, made by `Scripts/library/certificates.sh` when the first test asks
/// for them. They go with the process.
package struct Certificates: Sendable {
    private let directory: String

    /// Why there can be none on this machine; nil: there can.
    package static let missing: String? = {
        if let error = TLSContext.unavailable { return "\(error)" }
        let paths = ProcessInfo.processInfo.environment["PATH", default: ""].split(separator: ":")
        return paths.contains { FileManager.default.isExecutableFile(atPath: "\($0)/openssl") }
            ? nil : "there is no openssl command"
    }()

    package static func made() async throws -> Certificates { try await making.value }

    private static let making = Task {
        let directory = FileManager.default.temporaryDirectory.appending(path: "certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        leavings = directory
        atexit { if let leavings = Certificates.leavings { try? FileManager.default.removeItem(at: leavings) } }
        let script = SourceFile.repository.appending(path: "Scripts/library/certificates.sh").path()
        let programs = Programs()
        let program = try programs.start(
            "/bin/sh", [script, directory.path()], environment: ProcessInfo.processInfo.environment)
        try await programs.wait("certificates are made") { program.hasEnded }
        guard program.output.status == 0 else { throw Failed(reason: program.account) }
        return Certificates(directory: directory.path())
    }

    private struct Failed: Error { let reason: String }

    /// Set once, before the only handler that reads it is registered.
    nonisolated(unsafe) private static var leavings: URL?

    /// The path of a file that the script describes.
    package func path(_ file: String) -> String { "\(directory)/\(file)" }

    /// A server with a certificate of that name, and clients' certificates from `ca`, if it wants any.
    package func server(_ name: String = "server", ca: String? = nil) -> TLSServerConfiguration {
        var configuration = TLSServerConfiguration(
            certificateFile: path("\(name).pem"), keyFile: path("\(name).key"),
            caCertificateFile: ca.map { path("\($0).pem") })
        configuration.handshakeMilliseconds = 900_000
        return configuration
    }

    /// A client that trusts the CA of what is right.
    package var client: TLSConfiguration {
        var configuration = TLSConfiguration()
        configuration.caCertificateFile = path("ca.pem")
        return configuration
    }

    /// The same with a certificate of that name.
    package func client(with name: String) -> TLSConfiguration {
        var configuration = client
        configuration.certificateFile = path("\(name).pem")
        configuration.keyFile = path("\(name).key")
        return configuration
    }
}

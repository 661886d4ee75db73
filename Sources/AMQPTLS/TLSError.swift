/// Why a connection is not encrypted: one sentence on what is so, one on what to do.
package struct TLSError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// There is no OpenSSL on this machine, or none that can be used.
        case unavailable
        /// A file can't be used.
        case file
        /// One side does not take the other's certificate, or what it says.
        case refused
        /// The stream ended before the handshake did.
        case lost
        case timedOut
        case cancelled
    }

    package let kind: Kind
    package let text: String
    package let nextStep: String

    init(_ kind: Kind, _ text: String, next: String = "") {
        (self.kind, self.text, nextStep) = (kind, text, next)
    }

    package var description: String { nextStep.isEmpty ? "\(text)." : "\(text). \(nextStep)" }

    static let cancelled = TLSError(.cancelled, "The attempt to connect was cancelled during the TLS handshake")

    /// The first step of the handshake failed, before the peer had its say.
    static func cannotBegin(_ reason: String) -> TLSError {
        TLSError(
            .unavailable, "OpenSSL can't begin a TLS handshake on this machine (\(reason))",
            next: "Look into its configuration, openssl.cnf: TLS 1.2 or 1.3 has to be allowed.")
    }

    static func timedOut(_ milliseconds: Int) -> TLSError {
        TLSError(
            .timedOut, "The TLS handshake was not over within \(milliseconds) ms", next: "Is that a port for TLS?")
    }

    /// The first octets are those of AMQP's own header.
    static func plain(isServer: Bool) -> TLSError {
        isServer
            ? TLSError(.refused, "It speaks AMQP without TLS", next: "Use amqps://, or the port for plain AMQP.")
            : TLSError(
                .refused, "The broker speaks AMQP without TLS at this port",
                next: "Use amqp://, or the broker's port for TLS, which is 5671 unless its operator chose another.")
    }

    /// A certificate that was not taken, by OpenSSL's number of the reason (x509_vfy.h).
    static func unverified(_ code: Int, _ reason: String, isServer: Bool, name: String?) -> TLSError {
        let whose = isServer ? "The client's" : "The broker's"
        let ca = isServer ? "--tls-ca" : "cacertfile in the URI, or TLSConfiguration.caCertificateFile"
        switch code {
        case 62, 64:
            return TLSError(
                .refused, "\(whose) certificate is not for '\(name ?? "")' (\(reason))",
                next: "Connect by a name that the certificate has, or name that one with server_name_indication.")
        case 10:
            return TLSError(.refused, "\(whose) certificate has expired", next: "Renew it.")
        case 9:
            return TLSError(
                .refused, "\(whose) certificate is not valid yet", next: "Check the clocks of both machines.")
        case 18:
            return TLSError(
                .refused, "\(whose) certificate is self-signed, and not among those that are trusted here",
                next: "If it is the right one, give it as the CA: \(ca).")
        case 2, 19, 20, 21:
            return TLSError(
                .refused, "\(whose) certificate comes from a CA that is not trusted here (\(reason))",
                next: "If it is the right one, give the CA's certificate: \(ca).")
        default:
            return TLSError(.refused, "\(whose) certificate is refused: \(reason)", next: "Replace it.")
        }
    }

    /// An alert that the peer sent, by its number (RFC 8446, 6).
    static func alerted(_ number: Int, _ reason: String, isServer: Bool, gaveCertificate: Bool) -> TLSError {
        let give = "Give one: certfile and keyfile in the URI, or TLSConfiguration.certificateFile and keyFile."
        switch (number, isServer) {
        case (116, false): return TLSError(.refused, "The broker wants a client certificate", next: give)
        case (42...48, false) where gaveCertificate:
            return TLSError(
                .refused, "The broker refuses the client certificate (\(reason))",
                next: "Use one that is valid and comes from a CA that the broker trusts.")
        case (42...48, true):
            return TLSError(
                .refused, "The client does not trust this broker's certificate (\(reason))",
                next: "Give the client the CA of --tls-certificate, and connect by a name that the certificate has.")
        case (70, _):
            return TLSError(.refused, "The peer speaks neither TLS 1.2 nor 1.3", next: "Update it.")
        default:
            return TLSError(
                .refused, "The \(isServer ? "client" : "broker") ended TLS (\(reason))",
                next: isServer ? "" : "Look into the broker's log for the reason.")
        }
    }

    static func wantsCertificate() -> TLSError {
        alerted(116, "", isServer: false, gaveCertificate: false)
    }
}

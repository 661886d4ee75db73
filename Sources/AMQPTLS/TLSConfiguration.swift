/// How a client's connection is encrypted, and whom it trusts (RabbitMQ: "TLS Support").
///
/// As it is, the broker's certificate has to come from a CA that this machine trusts, and to be for the host that was
/// connected to. All files are PEM; they are read anew for each connection.
public struct TLSConfiguration: Sendable, Equatable {
    /// The certificates of the CAs to trust, in place of those that the machine trusts (`cacertfile`).
    public var caCertificateFile: String?
    /// This client's certificate, for a broker that asks for one, with the CAs between behind it (`certfile`).
    public var certificateFile: String?
    /// The certificate's private key (`keyfile`); nil: it is in ``certificateFile`` too.
    public var keyFile: String?
    /// What the key's file is encrypted with (`password`).
    public var keyPassword: String?
    /// Whether the broker's certificate is checked at all (`verify=verify_peer`, `verify=verify_none`). Without it anybody
    /// on the way can read and change everything: for a trial on one machine only.
    public var verifiesPeer = true
    /// The name that is sent to the broker, and that its certificate has to be for (`server_name_indication`); nil: the
    /// host that is connected to.
    public var serverName: String?
    /// Whether the certificate has to be for that name (`server_name_indication=disable` sets false).
    public var checksServerName = true

    public init() {}
}

/// How a server's connections are encrypted. All files are PEM.
package struct TLSServerConfiguration: Sendable {
    /// The server's certificate, with the CAs between behind it.
    package var certificateFile: String
    package var keyFile: String
    /// The CAs that clients' certificates have to come from; nil: no client is asked for one.
    package var caCertificateFile: String?
    /// How long a client gets for the handshake; RabbitMQ's `ssl_handshake_timeout`.
    package var handshakeMilliseconds = 5_000

    package init(certificateFile: String, keyFile: String, caCertificateFile: String? = nil) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.caCertificateFile = caCertificateFile
    }
}

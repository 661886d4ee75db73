import Platform

/// What all connections of one configuration share: certificates, key, trust, the versions that are spoken.
///
/// OpenSSL counts who uses a context, and locks what connections change in it; here nothing is changed once it is made.
package final class TLSContext: @unchecked Sendable {
    let library: OpenSSL
    let context: OpenSSL.Pointer
    let isServer: Bool
    /// The client's wishes about the broker's name.
    let client: TLSConfiguration
    var gaveCertificate: Bool { isServer || client.certificateFile != nil }

    // The numbers of OpenSSL's headers.
    private static let setMinimumVersion: Int32 = 123
    private static let setMode: Int32 = 33
    private static let setSessionCache: Int32 = 44
    private static let version12 = 0x0303
    /// Buffers of connections on which nothing happens are given back.
    private static let releaseBuffers = 0x10
    /// A client that asks for a new handshake again and again would keep this side busy with nothing.
    private static let noRenegotiation: UInt = 1 << 30
    private static let pem: Int32 = 1
    private static let verifiesPeer: Int32 = 1
    private static let failsWithoutCertificate: Int32 = 2
    /// A key of another type than the certificate's, or another one of the same.
    private static let mismatches = [115, 116]

    private init(isServer: Bool, _ client: TLSConfiguration) throws(TLSError) {
        library = try OpenSSL.shared.get()
        self.isServer = isServer
        self.client = client
        library.clearErrors()
        guard let context = library.newContext(isServer ? library.serverMethod() : library.clientMethod()) else {
            throw TLSError(.unavailable, "OpenSSL can't be used: \(library.takeError().text)")
        }
        self.context = context
        _ = library.controlContext(context, Self.setMinimumVersion, Self.version12, nil)
        _ = library.controlContext(context, Self.setMode, Self.releaseBuffers, nil)
        _ = library.controlContext(context, Self.setSessionCache, 0, nil)
        _ = library.setOptions(context, Self.noRenegotiation)
    }

    deinit { library.freeContext(context) }

    /// Why there is no TLS on this machine; nil: there is.
    package static var unavailable: TLSError? {
        if case .failure(let error) = OpenSSL.shared { error } else { nil }
    }

    /// Reads the files, which blocks.
    package convenience init(client configuration: TLSConfiguration) throws(TLSError) {
        try self.init(isServer: false, configuration)
        if configuration.verifiesPeer {
            library.setVerify(context, Self.verifiesPeer, nil)
            if let file = configuration.caCertificateFile {
                try trust(file)
            } else {
                _ = library.trustSystem(context)
            }
        } else {
            library.setVerify(context, 0, nil)
        }
        if let certificate = configuration.certificateFile {
            try use(certificate, key: configuration.keyFile ?? certificate, password: configuration.keyPassword ?? "")
        } else if configuration.keyFile != nil || configuration.keyPassword != nil {
            let what = configuration.keyFile == nil ? "the password of a key" : "a key"
            throw TLSError(.file, "There is \(what) for TLS, but no certificate", next: "Name both.")
        }
    }

    /// Reads the files, which blocks.
    package convenience init(server configuration: TLSServerConfiguration) throws(TLSError) {
        try self.init(isServer: true, TLSConfiguration())
        try use(configuration.certificateFile, key: configuration.keyFile, password: "")
        guard let file = configuration.caCertificateFile else { return }
        try trust(file)
        // What a client is told to choose its certificate by; the context takes the list over.
        library.setClientCAs(context, library.loadNames(file))
        library.setVerify(context, Self.verifiesPeer | Self.failsWithoutCertificate, nil)
        _ = library.setSessionContext(context, "amqp", 4)
    }

    private func trust(_ file: String) throws(TLSError) {
        try open(file, "The CA's certificate")
        guard library.trustFile(context, file, nil) == 1 else { throw unusable(file, "The CA's certificate") }
    }

    private func use(_ certificate: String, key: String, password: String) throws(TLSError) {
        try open(certificate, "The certificate")
        try open(key, "The key")
        guard library.useCertificate(context, certificate) == 1 else { throw unusable(certificate, "The certificate") }
        // Given as text, so that OpenSSL never asks the terminal for one. It has to stay only for as long as it is read.
        let isRead = password.withCString { password in
            library.setPassword(context, UnsafeMutableRawPointer(mutating: password))
            defer { library.setPassword(context, nil) }
            return library.useKey(context, key, Self.pem) == 1
        }
        guard !isRead else { return }
        let (reason, text) = library.takeError()
        guard Self.mismatches.contains(reason) else { throw unusable(key, "The key", text) }
        throw TLSError(
            .file, "The key '\(key)' does not belong to the certificate '\(certificate)'",
            next: "Name the two that were made together.")
    }

    /// The system's own words for a file that can't be read; OpenSSL's would be about itself.
    private func open(_ file: String, _ what: String) throws(TLSError) {
        let descriptor = Platform.open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let reason = strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
            throw TLSError(.file, "\(what) '\(file)' can't be read: \(reason)", next: "Check the path.")
        }
        close(descriptor)
    }

    private func unusable(_ file: String, _ what: String, _ reason: String? = nil) -> TLSError {
        TLSError(
            .file, "\(what) '\(file)' can't be used: \(reason ?? library.takeError().text)",
            next: "It has to be a PEM file, and what it is encrypted with has to be given.")
    }
}

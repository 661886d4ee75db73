import Platform

/// One side of a TLS connection without I/O: what arrived goes in, what is to leave comes out.
///
/// An `SSL` object is for one thread at a time. It is never copied out of here, and ``TLSStream`` keeps this value under
/// a lock: hence "unchecked".
package struct TLSSession: ~Copyable, @unchecked Sendable {
    package enum Step: Equatable {
        /// It goes on when more has arrived.
        case wantsMore
        case done
        /// The peer said that it sends no more (`close_notify`).
        case closed
        case failed(TLSError)
    }

    let context: TLSContext
    /// The name that the certificate has to be for, in errors.
    private let host: String?
    private let ssl: OpenSSL.Pointer
    private let incoming: OpenSSL.Pointer
    private let outgoing: OpenSSL.Pointer
    /// A step of the handshake has been made.
    private var hasBegun = false
    private var library: OpenSSL { context.library }

    // The numbers of OpenSSL's headers.
    private static let wantsRead: Int32 = 2
    private static let isClosed: Int32 = 6
    private static let setServerName: Int32 = 55
    private static let noPartialWildcards: UInt32 = 4
    private static let certificateVerifyFailed = 134
    private static let noCertificate = 199
    /// An alert from the peer is this and its number.
    private static let alerts = 1000
    /// A record carries so many octets at most.
    private static let recordSize = 1 << 14

    private init(
        _ context: TLSContext, _ host: String?, _ ssl: OpenSSL.Pointer, _ incoming: OpenSSL.Pointer,
        _ outgoing: OpenSSL.Pointer
    ) {
        (self.context, self.host, self.ssl, self.incoming, self.outgoing) = (context, host, ssl, incoming, outgoing)
    }

    /// - Parameter host: what a client connects to.
    package static func make(_ context: TLSContext, host: String?) throws(TLSError) -> TLSSession {
        let library = context.library
        library.clearErrors()
        let incoming = library.newBuffer(library.memory())
        let outgoing = library.newBuffer(library.memory())
        guard let incoming, let outgoing, let ssl = library.newSession(context.context) else {
            _ = library.freeBuffer(incoming)
            _ = library.freeBuffer(outgoing)
            throw TLSError(.unavailable, "OpenSSL can't be used: \(library.takeError().text)")
        }
        // From here on the buffers belong to the session.
        library.setBuffers(ssl, incoming, outgoing)
        if context.isServer {
            library.accepts(ssl)
            return TLSSession(context, nil, ssl, incoming, outgoing)
        }
        // The zone of an address (fe80::1%eth0) is this machine's own affair, and so is a dot at the end of a name.
        var name = String((context.client.serverName ?? host ?? "").prefix { $0 != "%" })
        if name.hasSuffix(".") { name.removeLast() }
        library.connects(ssl)
        let session = TLSSession(context, name, ssl, incoming, outgoing)
        try session.expect(name)
        return session
    }

    deinit { context.library.freeSession(ssl) }

    /// Tells the broker the name, and OpenSSL to look for it in the certificate.
    private func expect(_ name: String) throws(TLSError) {
        guard context.client.checksServerName else { return }
        // OpenSSL would look for what stands before the zero, and for nothing at all.
        guard !name.isEmpty, !name.utf8.contains(0) else { throw Self.unusable(name) }
        let parameters = library.parameters(ssl)
        // An address is no name: it is not sent (RFC 6066, 3), and is looked for among the certificate's addresses.
        if Self.isAddress(name) {
            guard library.expectAddress(parameters, name) == 1 else { throw Self.unusable(name) }
            return
        }
        library.setHostFlags(parameters, Self.noPartialWildcards)
        let isSet = name.withCString {
            library.control(ssl, Self.setServerName, 0, UnsafeMutableRawPointer(mutating: $0)) == 1
        }
        guard isSet, library.expectHost(parameters, name, 0) == 1 else { throw Self.unusable(name) }
    }

    private static func unusable(_ name: String) -> TLSError {
        TLSError(
            .file, "'\(name)' can't be the name in a certificate", next: "Name another with server_name_indication.")
    }

    private static func isAddress(_ name: String) -> Bool {
        var room: (UInt64, UInt64) = (0, 0)
        return inet_pton(AF_INET, name, &room) == 1 || inet_pton(AF_INET6, name, &room) == 1
    }

    // MARK: In

    package func feed(_ octets: UnsafeRawBufferPointer) {
        _ = library.writeBuffer(incoming, octets.baseAddress, Int32(octets.count))
    }

    package mutating func handshake() -> Step {
        library.clearErrors()
        let result = library.handshake(ssl)
        if result == 1 { return .done }
        defer { hasBegun = true }
        // Nothing of the peer's has been looked at in the first step, so a failure is this side's own.
        guard !hasBegun, library.outcome(ssl, result) != Self.wantsRead else { return step(after: result) }
        return .failed(.cannotBegin(library.takeError().text))
    }

    /// Appends what has been fed, decrypted.
    package func decrypt(into plain: inout [UInt8]) -> Step {
        withUnsafeTemporaryAllocation(byteCount: Self.recordSize, alignment: 16) { record in
            while true {
                library.clearErrors()
                let count = library.read(ssl, record.baseAddress, Int32(record.count))
                guard count > 0 else { return step(after: count) }
                plain.append(contentsOf: UnsafeRawBufferPointer(rebasing: record[..<Int(count)]))
            }
        }
    }

    private func step(after result: Int32) -> Step {
        switch library.outcome(ssl, result) {
        case Self.wantsRead: .wantsMore
        case Self.isClosed: .closed
        default: .failed(failure())
        }
    }

    private func failure() -> TLSError {
        let (reason, text) = library.takeError()
        switch reason {
        case Self.certificateVerifyFailed:
            let code = library.verifyResult(ssl)
            let reason = library.verifyText(code).map { String(cString: $0) } ?? "error \(code)"
            return .unverified(code, reason, isServer: context.isServer, name: host)
        case Self.noCertificate:
            return TLSError(
                .refused, "The client gave no certificate",
                next: "Give it one from a CA in --tls-ca, or leave --tls-ca out.")
        // In TLS 1.2 that is all that a broker says to a client that gives none.
        case Self.alerts + 40 where lacksCertificate: return .wantsCertificate()
        case Self.alerts..<Self.alerts + 256:
            return .alerted(
                reason - Self.alerts, text, isServer: context.isServer, gaveCertificate: context.gaveCertificate)
        default:
            return TLSError(
                .refused, "The other side does not speak TLS as it should (\(text))", next: "Is that a port for TLS?")
        }
    }

    /// The broker asked for a certificate, and there was none to give.
    var lacksCertificate: Bool { !context.gaveCertificate && library.peersCAs(ssl) != nil }

    // MARK: Out

    /// Encrypts octets, 2 GiB at most. False: they can't be any more.
    package func encrypt(_ octets: UnsafeRawBufferPointer) -> Bool {
        library.clearErrors()
        return library.write(ssl, octets.baseAddress, Int32(octets.count)) == Int32(octets.count)
    }

    /// Says that nothing more comes (`close_notify`).
    func shutDown() {
        library.clearErrors()
        _ = library.shutDown(ssl)
        library.clearErrors()
    }

    /// Hands on what is to leave, in pieces.
    package func takeOutput(_ body: (UnsafeRawBufferPointer) -> Void) {
        while true {
            let count = min(library.pending(outgoing), 1 << 17)
            guard count > 0 else { return }
            withUnsafeTemporaryAllocation(byteCount: count, alignment: 16) { piece in
                let taken = library.readBuffer(outgoing, piece.baseAddress, Int32(count))
                body(UnsafeRawBufferPointer(rebasing: piece[..<max(0, Int(taken))]))
            }
        }
    }
}

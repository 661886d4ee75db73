import Platform

/// The system's OpenSSL, version 3 or 1.1, as far as it is used here: found and loaded when a program first asks for it.
///
/// Not linked and no header read, so that a program builds and starts where there is none. The signatures are those of
/// both versions, the numbers those of their headers, which are part of the binary interface.
final class OpenSSL: Sendable {
    typealias Pointer = OpaquePointer
    typealias Text = UnsafePointer<CChar>

    // MARK: Contexts
    let clientMethod: @Sendable @convention(c) () -> Pointer?
    let serverMethod: @Sendable @convention(c) () -> Pointer?
    let newContext: @Sendable @convention(c) (Pointer?) -> Pointer?
    let freeContext: @Sendable @convention(c) (Pointer?) -> Void
    let controlContext: @Sendable @convention(c) (Pointer?, Int32, Int, UnsafeMutableRawPointer?) -> Int
    let setOptions: @Sendable @convention(c) (Pointer?, UInt) -> UInt
    let setVerify: @Sendable @convention(c) (Pointer?, Int32, Pointer?) -> Void
    let trustSystem: @Sendable @convention(c) (Pointer?) -> Int32
    let trustFile: @Sendable @convention(c) (Pointer?, Text?, Text?) -> Int32
    let loadNames: @Sendable @convention(c) (Text?) -> Pointer?
    let setClientCAs: @Sendable @convention(c) (Pointer?, Pointer?) -> Void
    let setSessionContext: @Sendable @convention(c) (Pointer?, Text?, UInt32) -> Int32
    let useCertificate: @Sendable @convention(c) (Pointer?, Text?) -> Int32
    let useKey: @Sendable @convention(c) (Pointer?, Text?, Int32) -> Int32
    let setPassword: @Sendable @convention(c) (Pointer?, UnsafeMutableRawPointer?) -> Void

    // MARK: Connections
    let newSession: @Sendable @convention(c) (Pointer?) -> Pointer?
    let freeSession: @Sendable @convention(c) (Pointer?) -> Void
    let control: @Sendable @convention(c) (Pointer?, Int32, Int, UnsafeMutableRawPointer?) -> Int
    let connects: @Sendable @convention(c) (Pointer?) -> Void
    let accepts: @Sendable @convention(c) (Pointer?) -> Void
    let setBuffers: @Sendable @convention(c) (Pointer?, Pointer?, Pointer?) -> Void
    let handshake: @Sendable @convention(c) (Pointer?) -> Int32
    let read: @Sendable @convention(c) (Pointer?, UnsafeMutableRawPointer?, Int32) -> Int32
    let write: @Sendable @convention(c) (Pointer?, UnsafeRawPointer?, Int32) -> Int32
    let shutDown: @Sendable @convention(c) (Pointer?) -> Int32
    let outcome: @Sendable @convention(c) (Pointer?, Int32) -> Int32
    let verifyResult: @Sendable @convention(c) (Pointer?) -> Int
    let peersCAs: @Sendable @convention(c) (Pointer?) -> Pointer?
    let parameters: @Sendable @convention(c) (Pointer?) -> Pointer?

    // MARK: Memory buffers, names, errors
    let memory: @Sendable @convention(c) () -> Pointer?
    let newBuffer: @Sendable @convention(c) (Pointer?) -> Pointer?
    let freeBuffer: @Sendable @convention(c) (Pointer?) -> Int32
    let readBuffer: @Sendable @convention(c) (Pointer?, UnsafeMutableRawPointer?, Int32) -> Int32
    let writeBuffer: @Sendable @convention(c) (Pointer?, UnsafeRawPointer?, Int32) -> Int32
    let pending: @Sendable @convention(c) (Pointer?) -> Int
    let expectHost: @Sendable @convention(c) (Pointer?, Text?, Int) -> Int32
    let expectAddress: @Sendable @convention(c) (Pointer?, Text?) -> Int32
    let setHostFlags: @Sendable @convention(c) (Pointer?, UInt32) -> Void
    let verifyText: @Sendable @convention(c) (Int) -> Text?
    let nextError: @Sendable @convention(c) () -> UInt
    let clearErrors: @Sendable @convention(c) () -> Void
    let errorText: @Sendable @convention(c) (UInt) -> Text?

    /// Loaded once; the error says what to install.
    static let shared = load()

    private static func load() -> Result<OpenSSL, TLSError> {
        #if os(Linux)
            load(["3", "1.1"])
        #else
            .failure(
                TLSError(
                    .unavailable, "TLS is not there yet on this system: only Linux's OpenSSL is used so far",
                    next: "Use amqp:// through a TLS tunnel on this machine."))
        #endif
    }

    /// Tries the versions in turn.
    static func load(_ versions: [String]) -> Result<OpenSSL, TLSError> {
        for version in versions {
            guard let ssl = Library("libssl.so.\(version)"), let crypto = Library("libcrypto.so.\(version)") else {
                continue
            }
            return Result { () throws(TLSError) in try OpenSSL(ssl, crypto) }
        }
        let names = versions.map { "libssl.so.\($0)" }.joined(separator: " or ")
        return .failure(
            TLSError(
                .unavailable, "TLS needs OpenSSL, and there is no \(names) on this machine",
                next: "Install it (Debian and Ubuntu: apt install libssl3; Fedora: dnf install openssl-libs)."))
    }

    private init(_ ssl: Library, _ crypto: Library) throws(TLSError) {
        clientMethod = try ssl.find("TLS_client_method")
        serverMethod = try ssl.find("TLS_server_method")
        newContext = try ssl.find("SSL_CTX_new")
        freeContext = try ssl.find("SSL_CTX_free")
        controlContext = try ssl.find("SSL_CTX_ctrl")
        setOptions = try ssl.find("SSL_CTX_set_options")
        setVerify = try ssl.find("SSL_CTX_set_verify")
        trustSystem = try ssl.find("SSL_CTX_set_default_verify_paths")
        trustFile = try ssl.find("SSL_CTX_load_verify_locations")
        loadNames = try ssl.find("SSL_load_client_CA_file")
        setClientCAs = try ssl.find("SSL_CTX_set_client_CA_list")
        setSessionContext = try ssl.find("SSL_CTX_set_session_id_context")
        useCertificate = try ssl.find("SSL_CTX_use_certificate_chain_file")
        useKey = try ssl.find("SSL_CTX_use_PrivateKey_file")
        setPassword = try ssl.find("SSL_CTX_set_default_passwd_cb_userdata")
        newSession = try ssl.find("SSL_new")
        freeSession = try ssl.find("SSL_free")
        control = try ssl.find("SSL_ctrl")
        connects = try ssl.find("SSL_set_connect_state")
        accepts = try ssl.find("SSL_set_accept_state")
        setBuffers = try ssl.find("SSL_set_bio")
        handshake = try ssl.find("SSL_do_handshake")
        read = try ssl.find("SSL_read")
        write = try ssl.find("SSL_write")
        shutDown = try ssl.find("SSL_shutdown")
        outcome = try ssl.find("SSL_get_error")
        verifyResult = try ssl.find("SSL_get_verify_result")
        peersCAs = try ssl.find("SSL_get0_peer_CA_list")
        parameters = try ssl.find("SSL_get0_param")
        memory = try crypto.find("BIO_s_mem")
        newBuffer = try crypto.find("BIO_new")
        freeBuffer = try crypto.find("BIO_free")
        readBuffer = try crypto.find("BIO_read")
        writeBuffer = try crypto.find("BIO_write")
        pending = try crypto.find("BIO_ctrl_pending")
        expectHost = try crypto.find("X509_VERIFY_PARAM_set1_host")
        expectAddress = try crypto.find("X509_VERIFY_PARAM_set1_ip_asc")
        setHostFlags = try crypto.find("X509_VERIFY_PARAM_set_hostflags")
        verifyText = try crypto.find("X509_verify_cert_error_string")
        nextError = try crypto.find("ERR_get_error")
        clearErrors = try crypto.find("ERR_clear_error")
        errorText = try crypto.find("ERR_reason_error_string")
    }

    /// The oldest error of this thread since the last `clearErrors`: its number within OpenSSL, and its text.
    func takeError() -> (reason: Int, text: String) {
        let code = nextError()
        clearErrors()
        let text = errorText(code).map { String(cString: $0) } ?? "OpenSSL's error \(code)"
        // The low 12 bits are the reason in both versions; alerts of the peer's are 1000 and their number.
        return (Int(code & 0xFFF), text)
    }

    private struct Library {
        let handle: UnsafeMutableRawPointer
        let name: String

        /// nil: there is none of that name.
        init?(_ name: String) {
            guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else { return nil }
            (self.handle, self.name) = (handle, name)
        }

        /// `Function` must be the C function's type: nothing can check that.
        func find<Function>(_ symbol: String) throws(TLSError) -> Function {
            guard let address = dlsym(handle, symbol) else {
                throw TLSError(
                    .unavailable, "This machine's \(name) has no \(symbol), so it can't be used for TLS",
                    next: "Install OpenSSL 3 or 1.1.1.")
            }
            return unsafeBitCast(address, to: Function.self)
        }
    }
}

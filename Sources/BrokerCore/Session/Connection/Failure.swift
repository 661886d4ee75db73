import AMQPWire

/// A refusal together with the method that gave the reason, as a close names both.
struct Failure: Error {
    var error: BrokerError
    var cause: MethodID

    init(_ error: BrokerError, cause: MethodID = .none) {
        self.error = error
        self.cause = cause
    }

    static func unexpected(_ method: MethodID, state: String) -> Failure {
        Failure(
            BrokerError(.channelError, "unexpected method in connection state \(state)", scope: .connection),
            cause: method)
    }

    /// Decodes a method frame's payload; what can't be decoded closes the connection.
    ///
    /// An unknown class or method gets 503 and malformed fields get 501 with the method's ids, as the specification
    /// asks. (RabbitMQ 3.10.8 answers the latter like this, and drops the socket without a word on the former.)
    static func decoding(_ payload: ArraySlice<UInt8>) throws(Failure) -> Method {
        do throws(WireError) {
            return try Method(payload)
        } catch {
            var reader = ByteReader(payload)
            let cause: MethodID
            if let classID = try? reader.uint16(), let methodID = try? reader.uint16() {
                cause = MethodID(classID, methodID)
            } else {
                cause = .none
            }
            let code: ReplyCode = error.code == .commandInvalid ? .commandInvalid : .frameError
            throw Failure(BrokerError(code, error.reason, scope: .connection), cause: cause)
        }
    }
}

extension BrokerError {
    static func malformed(_ what: String) -> BrokerError { BrokerError(.frameError, what) }
}

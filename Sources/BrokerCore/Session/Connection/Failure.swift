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
        let failure: Failure
        do throws(WireError) {
            let method = try Method(payload)
            if !hasTicket(payload) || !quirk(.ticketsAreChecked) { return method }
            failure = Failure(BrokerError(.accessRefused, "no such ticket"), cause: method.id)
        } catch {
            var reader = ByteReader(payload)
            let cause: MethodID
            if let classID = try? reader.uint16(), let methodID = try? reader.uint16() {
                cause = MethodID(classID, methodID)
            } else {
                cause = .none
            }
            let code: ReplyCode = error.code == .commandInvalid ? .commandInvalid : .frameError
            failure = Failure(BrokerError(code, error.reason, scope: .connection), cause: cause)
        }
        throw failure
    }
}

/// True when a method that has a ticket, which nobody looks at, has another than 0.
private func hasTicket(_ payload: ArraySlice<UInt8>) -> Bool {
    let start = payload.startIndex
    guard payload.count >= 6, payload[start + 4] | payload[start + 5] > 0 else { return false }
    let (classID, methodID) = (payload[start + 1], payload[start + 3])
    return classID == 40 || classID == 50 || classID == 60 && (methodID == 20 || methodID == 70)
}

extension BrokerError {
    static func malformed(_ what: String) -> BrokerError { BrokerError(.frameError, what) }
}

import AMQPTransport

// What the stream below brings.

extension TLSStream: ByteStreamReceiver {
    package func streamReceived(_ bytes: RawSpan) {
        let isOver = bytes.withUnsafeBytes { bytes in
            state.withLock { state in
                guard state.phase != .over else { return false }
                if speaksPlainAMQP(bytes, &state) {
                    fail(.plain(isServer: state.session.context.isServer), &state)
                    return true
                }
                var rest = bytes
                while state.phase != .over, !rest.isEmpty {
                    let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 15))
                    rest = UnsafeRawBufferPointer(rebasing: rest[piece.count...])
                    state.session.feed(piece)
                    advance(&state)
                }
                return state.phase == .over
            }
        }
        // With the alert, or the answer to the peer's goodbye.
        if isOver { stream.close() }
        deliver()
    }

    package func streamDrained() {
        state.withLock { state in
            state.owesDrained = state.owesDrained || state.awaitsDrain
            state.awaitsDrain = false
        }
        deliver()
    }

    package func streamEnded(_ end: StreamEnd) {
        state.withLock { state in
            if state.phase == .handshake {
                fail(TLSError(.lost, "The stream ended during the TLS handshake: \(end.text)"), &state)
            } else if state.phase == .open, !state.hasReceived, end != .closedHere, state.session.lacksCertificate {
                // Its alert may have been lost with the connection.
                fail(.wantsCertificate(), &state)
            } else if state.isEndedHere {
                state.end = state.end ?? (end == .finished ? .closedHere : end)
            } else if end == .finished {
                state.end = state.end ?? .reset("the peer's stream was cut off: it ended without close_notify")
            } else {
                state.end = state.end ?? end
            }
            state.phase = .over
        }
        deliver()
    }
}

extension StreamEnd {
    fileprivate var text: String {
        switch self {
        case .finished: "the peer closed it"
        case .reset(let reason): reason
        case .closedHere: "it was closed on this side"
        }
    }
}

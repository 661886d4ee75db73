import AMQPTLS
import AMQPTransport
import BrokerCore

extension Broker {
    /// Opens a port for TLS; 0 takes a free one. Returns the port.
    ///
    /// A client is one of the broker's only once its handshake is over. One that sends something else than TLS, says
    /// nothing, or leaves in the middle, costs a place among the connections until the handshake's time is up, and a line in
    /// the log.
    ///
    /// - Throws: ``TLSError``, for a file that can't be used or an OpenSSL that is missing; ``TransportError``, for a port
    ///   that can't be had.
    @discardableResult
    package func listen(
        host: String = "localhost", port: Int, tls configuration: TLSServerConfiguration
    ) throws -> Int {
        let context = try TLSContext(server: configuration)
        return try listen(host: host, port: port, isTLS: true) { [weak self] stream in
            self?.handshake(over: stream, context, milliseconds: configuration.handshakeMilliseconds)
        }
    }

    private func handshake(over stream: TCPStream, _ context: TLSContext, milliseconds: Int) {
        // What is left over from the handshake is to be delivered on the loop too, whose wake-up ends with a step.
        TLSStream.accept(
            over: stream, context, milliseconds: milliseconds, time: time,
            schedule: { [loop] work in loop.execute(work) }
        ) { [weak self] result in
            switch result {
            case .success(let tls):
                if let self { accept(tls, isInMemory: false) } else { tls.abort() }
            case .failure(let error):
                self?.warn("no TLS with \(stream.name): \(error)")
            }
        }
    }

    /// A client over a stream of the caller's own, which delivers on threads of its own: in memory, encrypted, watched.
    package func serve(_ stream: any ByteStream) { accept(stream, isInMemory: true) }
}

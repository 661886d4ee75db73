import AMQPTransport
import Synchronization

/// Asks a listing API: this broker's, or a RabbitMQ's with its management plugin.
public struct ManagementClient: Sendable {
    private let url: ManagementURL

    public init(url: ManagementURL) { self.url = url }

    /// Why there is no answer, in a sentence with the next step.
    public struct Failure: Error, CustomStringConvertible {
        public let reason: String
        public var description: String { reason }
    }

    private static let timeout = 60_000

    /// What is at this path behind `/api`.
    public func get(_ path: String) async throws(Failure) -> JSON {
        let stream: TCPStream
        do throws(TransportError) {
            stream = try await TCPStream.connect(
                host: url.host, port: url.port, timeoutMilliseconds: Self.timeout)
        } catch {
            if case .refused = error {
                throw Failure(
                    reason: "nothing answers at \(url.text). Start a broker (swift run broker), or switch RabbitMQ's "
                        + "management plugin on (rabbitmq-plugins enable rabbitmq_management), or say where it is: "
                        + "--url http://guest:guest@HOST:PORT")
            }
            throw Failure(reason: "\(url.text): \(error)")
        }
        defer { stream.close() }
        let credentials = Base64.encode(Array("\(url.user):\(url.password)".utf8))
        let request =
            "GET \(url.prefix)/api/\(path) HTTP/1.1\r\nHost: \(url.host):\(url.port)\r\n"
            + "Authorization: Basic \(credentials)\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
        let response = try await Answer().wait(on: stream, for: request, from: url)
        switch response.status {
        case 200: break
        case 401: throw Failure(reason: "\(url.text) does not let user '\(url.user)' in with this password: see --url")
        case 404: throw Failure(reason: "\(url.text) has nothing with that name")
        case let status: throw Failure(reason: "\(url.text) answers with HTTP status \(status)")
        }
        do throws(JSON.Malformed) {
            return try JSON(response.body)
        } catch {
            throw Failure(reason: "\(url.text) answers with what is \(error)")
        }
    }

    /// The list at this path behind `/api`.
    public func list(_ path: String) async throws(Failure) -> [JSON] {
        guard let items = try await get(path).elements else {
            throw Failure(reason: "\(url.text) answers with something other than a list")
        }
        return items
    }

    /// Collects one response.
    private final class Answer: ByteStreamReceiver {
        private typealias Outcome = Result<HTTPResponseReader.Result, Failure>

        private struct State: Sendable {
            var reader = HTTPResponseReader()
            var outcome: Outcome?
            var continuation: CheckedContinuation<Outcome, Never>?
        }

        private let state = Mutex(State())

        func wait(
            on stream: TCPStream, for request: String, from url: ManagementURL
        ) async throws(Failure) -> HTTPResponseReader.Result {
            stream.start(self)
            stream.send(Array(request.utf8).span.bytes)
            let timer = SystemTime()
            let handle = timer.wake(at: timer.now + Int64(ManagementClient.timeout)) { [weak self] in
                self?.finish(.failure(Failure(reason: "\(url.text) does not answer")))
            }
            defer { handle.cancel() }
            let outcome = await withCheckedContinuation { continuation in
                let outcome = state.withLock { state in
                    if state.outcome == nil { state.continuation = continuation }
                    return state.outcome
                }
                if let outcome { continuation.resume(returning: outcome) }
            }
            return try outcome.get()
        }

        private func finish(_ outcome: Outcome) {
            let continuation = state.withLock { state -> CheckedContinuation<Outcome, Never>? in
                guard state.outcome == nil else { return nil }
                state.outcome = outcome
                defer { state.continuation = nil }
                return state.continuation
            }
            continuation?.resume(returning: outcome)
        }

        private func look(_ octets: [UInt8], atEnd: Bool) {
            let outcome = state.withLock { state -> Outcome? in
                guard state.outcome == nil else { return nil }
                do throws(HTTPResponseReader.Malformed) {
                    try state.reader.append(octets.span.bytes)
                    return try state.reader.result(atEnd: atEnd).map(Outcome.success)
                } catch {
                    return .failure(Failure(reason: "what answers is \(error)"))
                }
            }
            if let outcome { finish(outcome) }
        }

        func streamReceived(_ bytes: RawSpan) { look(bytes.withUnsafeBytes { Array($0) }, atEnd: false) }
        func streamDrained() {}
        func streamEnded(_ end: StreamEnd) { look([], atEnd: true) }
    }
}

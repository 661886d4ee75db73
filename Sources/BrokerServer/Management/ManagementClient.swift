import AMQPTransport
import Synchronization

/// Asks a listing API: this broker's, or a RabbitMQ's with its management plugin.
public struct ManagementClient: Sendable {
    private let url: ManagementURL

    public init(url: ManagementURL) { self.url = url }

    /// Why there is no answer, in a sentence with the next step.
    public struct Failure: Error, CustomStringConvertible {
        public let reason: String
        /// There is nothing of that name.
        public let isMissing: Bool
        public var description: String { reason }

        public init(reason: String, isMissing: Bool = false) { (self.reason, self.isMissing) = (reason, isMissing) }
    }

    private static let timeout = 60_000

    /// What is at this path behind `/api`.
    public func get(_ path: String) async throws(Failure) -> JSON {
        try await json(response(to: "GET", path, nil).body)
    }

    /// Has something changed there: `PUT`, `POST` or `DELETE`. What is refused is thrown in the server's words.
    public func change(_ method: String, _ path: String, _ body: [UInt8] = []) async throws(Failure) {
        _ = try await response(to: method, path, body)
    }

    private func json(_ octets: [UInt8]) throws(Failure) -> JSON {
        do throws(JSON.Malformed) {
            return try JSON(octets)
        } catch {
            throw Failure(reason: "the answer of \(url.text) is \(error)")
        }
    }

    private func response(
        to method: String, _ path: String, _ body: [UInt8]?
    ) async throws(Failure) -> HTTPResponseReader.Result {
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
        let content =
            body.map { "Content-Type: application/json\r\nContent-Length: \($0.count)\r\n" } ?? ""
        let request =
            "\(method) \(url.prefix)/api/\(path) HTTP/1.1\r\nHost: \(url.authority)\r\n"
            + "Authorization: Basic \(credentials)\r\nAccept: application/json\r\n\(content)"
            + "Connection: close\r\n\r\n"
        let response = try await Answer().wait(on: stream, for: Array(request.utf8) + (body ?? []), from: url)
        let reason = (try? JSON(response.body))?["reason"]?.string
        switch response.status {
        case 200...204: return response
        case 401:
            if let reason, reason != "Login failed", reason != "Not_Authorized" {
                throw Failure(reason: "\(url.text) refuses that to user '\(url.user)': \(reason)")
            }
            throw Failure(reason: "\(url.text) does not let user '\(url.user)' in with this password: see --url")
        case 404: throw Failure(reason: "\(url.text) has nothing with that name", isMissing: true)
        case 400 where reason != nil: throw Failure(reason: reason ?? "")
        case let status: throw Failure(reason: "\(url.text) answers with HTTP status \(status)")
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
            on stream: TCPStream, for request: [UInt8], from url: ManagementURL
        ) async throws(Failure) -> HTTPResponseReader.Result {
            stream.start(self)
            stream.send(request.span.bytes)
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
                    return .failure(Failure(reason: "the answer is \(error)"))
                }
            }
            if let outcome { finish(outcome) }
        }

        func streamReceived(_ bytes: RawSpan) { look(bytes.withUnsafeBytes { Array($0) }, atEnd: false) }
        func streamDrained() {}
        func streamEnded(_ end: StreamEnd) { look([], atEnd: true) }
    }
}

import AMQPTransport
import BrokerServer
import Commands
import Synchronization

/// Where a listing API is, from `http://USER:PASSWORD@HOST:PORT/PREFIX`.
struct ManagementURL: Equatable {
    var user = "guest"
    var password = "guest"
    var host = "localhost"
    var port = 15672
    /// What stands before `/api`, without a slash at its end.
    var prefix = ""

    init(_ text: String) throws(UsageError) {
        guard text.hasPrefix("http://") else {
            throw UsageError("the address of a listing API begins with http:// (https is not spoken here)")
        }
        var rest = text.dropFirst("http://".count)
        if let slash = rest.firstIndex(of: "/") {
            prefix = String(rest[slash...])
            while prefix.hasSuffix("/") { prefix.removeLast() }
            rest = rest[..<slash]
        }
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = try Self.decoded(parts[0])
            password = parts.count > 1 ? try Self.decoded(parts[1]) : ""
            rest = rest[rest.index(after: at)...]
        }
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("]") {
            guard let port = Int(rest[rest.index(after: colon)...]), (1...65535).contains(port) else {
                throw UsageError("the port of a listing API's address is no number from 1 to 65535")
            }
            self.port = port
            rest = rest[..<colon]
        }
        host = rest.filter { $0 != "[" && $0 != "]" }
        guard !host.isEmpty, (host + prefix).utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw UsageError("the address of a listing API is http://USER:PASSWORD@HOST:PORT")
        }
    }

    /// As it may be shown: without the password.
    var text: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)\(prefix)" }

    private static func decoded(_ text: Substring) throws(UsageError) -> String {
        var octets: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "%") else {
                octets.append(octet)
                continue
            }
            guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2 else {
                throw UsageError("a '%' in the listing API's address has no two hexadecimal digits behind it")
            }
            octets.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: octets, as: UTF8.self)
    }

    /// A name as a segment of a path.
    static func segment(_ name: String) -> String {
        name.utf8.map { octet in
            let isPlain =
                (0x30...0x39).contains(octet) || (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet)
                || "-._~".utf8.contains(octet)
            let digits = String(octet, radix: 16, uppercase: true)
            return isPlain ? String(UnicodeScalar(octet)) : "%\(octet < 16 ? "0" : "")\(digits)"
        }.joined()
    }
}

/// Asks a listing API: this broker's, or a RabbitMQ's with its management plugin.
struct ManagementClient: Sendable {
    let url: ManagementURL

    /// Why there is no answer, in a sentence with the next step.
    struct Failure: Error {
        var reason: String
    }

    private static let timeout = 60_000

    /// What is at this path behind `/api`.
    func get(_ path: String) async throws(Failure) -> JSON {
        let stream: TCPStream
        do throws(TransportError) {
            stream = try await TCPStream.connect(
                host: url.host, port: url.port, timeoutMilliseconds: Self.timeout)
        } catch {
            if case .refused = error {
                throw Failure(
                    reason: "nobody answers at \(url.text). Start a broker (swift run broker), or switch RabbitMQ's "
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
        case 404: throw Failure(reason: "\(url.text) has nothing of that name")
        case let status: throw Failure(reason: "\(url.text) answers with HTTP status \(status)")
        }
        do throws(JSON.Malformed) {
            return try JSON(response.body)
        } catch {
            throw Failure(reason: "\(url.text) answers with what is \(error)")
        }
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

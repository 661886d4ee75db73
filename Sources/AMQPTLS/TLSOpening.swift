import AMQPTransport
import Dispatch
import Synchronization

extension TLSStream {
    /// Makes the client's side of the handshake over a stream that is connected and not started.
    ///
    /// - Parameters:
    ///   - host: what was connected to, for the name in the certificate.
    ///   - milliseconds: how long it may take, with the reading of the files. Cancelling the task ends it too.
    /// - Throws: ``TLSError``; the stream is dropped then.
    package static func connect(
        over stream: any ByteStream, _ configuration: TLSConfiguration, host: String, milliseconds: Int,
        time: any TimeSource
    ) async throws(TLSError) -> TLSStream {
        let attempt = Attempt(stream)
        // Also while a file is read, which may be a pipe that nobody writes to.
        let deadline = time.wake(at: time.now + Int64(milliseconds)) { attempt.drop(.timedOut(milliseconds)) }
        defer { deadline.cancel() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                attempt.await(continuation)
                // Reading certificates takes a while, and blocks: not on a thread of the cooperative pool.
                DispatchQueue(label: "AMQPTLS.Files").async {
                    do throws(TLSError) {
                        let context = try TLSContext(client: configuration)
                        attempt.begin(try TLSSession.make(context, host: host), milliseconds, time)
                    } catch {
                        attempt.drop(error)
                    }
                }
            }
        } onCancel: {
            attempt.drop(.cancelled)
        }
        return try result.get()
    }

    /// Makes the server's side of the handshake over a stream that is connected and not started. Lives as long as that.
    ///
    /// - Parameters:
    ///   - schedule: has something run soon, on a thread on which the receiver may be called.
    ///   - finished: called once, on a thread that `stream` delivers on or the time's, or on this one if the handshake can't
    ///     even begin; with a failure, the stream has been closed. A stream that is not kept has to be closed.
    package static func accept(
        over stream: any ByteStream, _ context: TLSContext, milliseconds: Int, time: any TimeSource,
        schedule: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void = TLSStream.later,
        finished: @escaping @Sendable (Result<TLSStream, TLSError>) -> Void
    ) {
        do throws(TLSError) {
            let session = try TLSSession.make(context, host: nil)
            TLSStream(stream, session, schedule: schedule, finished: finished).begin(milliseconds: milliseconds, time)
        } catch {
            stream.abort()
            finished(.failure(error))
        }
    }
}

/// A client's handshake under way: what comes first decides, its end, the time, or the task's cancellation.
private final class Attempt: Sendable {
    typealias Outcome = Result<TLSStream, TLSError>

    private struct State: Sendable {
        var continuation: CheckedContinuation<Outcome, Never>?
        var outcome: Outcome?
    }

    private let stream: any ByteStream
    private let state = Mutex(State())

    init(_ stream: any ByteStream) { self.stream = stream }

    func await(_ continuation: CheckedContinuation<Outcome, Never>) {
        let outcome = state.withLock { state in
            if state.outcome == nil { state.continuation = continuation }
            return state.outcome
        }
        if let outcome { continuation.resume(returning: outcome) }
    }

    func begin(_ session: consuming sending TLSSession, _ milliseconds: Int, _ time: any TimeSource) {
        // A stream that was dropped meanwhile says so at once, when it is started.
        TLSStream(stream, session) { self.finish($0) }.begin(milliseconds: milliseconds, time)
    }

    /// Ends it for a reason that the stream does not know.
    func drop(_ reason: TLSError) {
        if finish(.failure(reason)) { stream.abort() }
    }

    /// False: it had come to something before, which counts.
    @discardableResult
    func finish(_ outcome: Outcome) -> Bool {
        let (continuation, isFirst) = state.withLock { state in
            let isFirst = state.outcome == nil
            if isFirst { state.outcome = outcome }
            defer { state.continuation = nil }
            return (state.continuation, isFirst)
        }
        // Too late: nobody takes it.
        if !isFirst, case .success(let tls) = outcome { tls.abort() }
        continuation?.resume(returning: outcome)
        return isFirst
    }
}

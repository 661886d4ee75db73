import AMQPTransport
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import AMQPTLS

/// Peers that do something else than shake hands.
@Suite(.watched, .enabled(if: Certificates.missing == nil, "needs the system's OpenSSL and the openssl command"))
struct HandshakeTests {
    /// A server on one end, and the other end.
    private func server(_ time: any TimeSource) async throws -> (any ByteStream, Heard, Result1<TLSError?>) {
        let (ours, theirs) = MemoryStream.pair()
        let result = Result1<TLSError?>()
        let context = try TLSContext(server: try await Certificates.made().server())
        TLSStream.accept(over: theirs, context, milliseconds: 5_000, time: time) { outcome in
            if case .failure(let error) = outcome { result.put(error) } else { result.put(nil) }
        }
        let heard = Heard()
        ours.start(heard)
        return (ours, heard, result)
    }

    @Test func plainAMQP() async throws {
        let (stream, heard, result) = try await server(ManualTime())
        stream.send("AMQP\0\0\u{9}\u{1}")
        #expect(await result.value?.text == "It speaks AMQP without TLS")
        #expect(await heard.end.value == .finished)
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}", "\0\0\0\0\0\0\0\0\0\0", "hello, is anybody there?"])
    func garbage(text: String) async throws {
        let time = ManualTime()
        let (stream, heard, result) = try await server(time)
        stream.send(text)
        stream.send(String(repeating: "x", count: 100_000))
        #expect(await result.value?.kind == .refused)
        #expect(await heard.end.value == .finished)
    }

    /// Not a word, or only the beginning of one: the time that there is for it ends it.
    @Test(arguments: [0, 1, 5, 100]) func silence(after count: Int) async throws {
        let time = ManualTime()
        let (stream, heard, result) = try await server(time)
        let beginning = Array(try await hello().prefix(count))
        _ = stream.send(beginning.span.bytes)
        time.advance(by: 4_999)
        time.advance(by: 1)
        #expect(await result.value?.text == "The TLS handshake was not over within 5000 ms")
        guard case .reset = await heard.end.value else { return #expect(Bool(false), "no reset") }
    }

    /// What our client says first.
    private func hello() async throws -> [UInt8] {
        let (ours, theirs) = MemoryStream.pair()
        let heard = Heard()
        theirs.start(heard)
        let configuration = try await Certificates.made().client
        let task = Task { _ = await failure(ours, configuration, SystemTime()) }
        await heard.until(100)
        task.cancel()
        await task.value
        return heard.octets
    }

    @Test func theClientsTimeIsUp() async throws {
        let (ours, theirs) = MemoryStream.pair()
        let heard = Heard()
        theirs.start(heard)
        let time = ManualTime()
        let configuration = try await Certificates.made().client
        async let error = failure(ours, configuration, time)
        await heard.until(100)
        time.advance(by: 2_000)
        #expect(await error?.kind == .timedOut)
        guard case .reset = await heard.end.value else { return #expect(Bool(false), "no reset") }
    }

    @Test func theClientIsCancelled() async throws {
        let (ours, theirs) = MemoryStream.pair()
        let heard = Heard()
        theirs.start(heard)
        let configuration = try await Certificates.made().client
        let task = Task { await failure(ours, configuration, ManualTime()) }
        await heard.until(100)
        task.cancel()
        #expect(await task.value?.kind == .cancelled)
        guard case .reset = await heard.end.value else { return #expect(Bool(false), "no reset") }
    }

    // MARK: What fails before anything was said

    /// An OpenSSL whose configuration allows no version.
    private func forbidsAll(_ context: TLSContext) -> TLSContext {
        let (no12, no13): (UInt, UInt) = (1 << 27, 1 << 29)
        _ = context.library.setOptions(context.context, no12 | no13)
        return context
    }

    @Test func aClientThatCannotBegin() async throws {
        let (ours, theirs) = MemoryStream.pair()
        let heard = Heard()
        theirs.start(heard)
        let context = forbidsAll(try TLSContext(client: try await Certificates.made().client))
        let result = Mutex<TLSError?>(nil)
        let stream = TLSStream(ours, try TLSSession.make(context, host: "localhost")) { outcome in
            result.withLock { $0 = outcome.failure }
        }
        let time = ManualTime()
        stream.begin(milliseconds: 2_000, time)
        // Said at once, by this machine of itself; and no appointment is left.
        let error = try #require(result.withLock { $0 })
        #expect(error.kind == .unavailable)
        #expect(error.text.hasPrefix("OpenSSL can't begin a TLS handshake on this machine ("), "\(error)")
        #expect(error.nextStep.contains("openssl.cnf"))
        #expect(time.nextDue == nil)
        #expect(await heard.end.value == .finished)
    }

    @Test func aServerThatCannotBegin() async throws {
        let (ours, theirs) = MemoryStream.pair()
        let heard = Heard()
        ours.start(heard)
        let context = forbidsAll(try TLSContext(server: try await Certificates.made().server()))
        let result = Mutex<TLSError?>(nil)
        TLSStream.accept(over: theirs, context, milliseconds: 5_000, time: ManualTime()) { outcome in
            result.withLock { $0 = outcome.failure }
        }
        #expect(try #require(result.withLock { $0 }).kind == .unavailable)
        #expect(await heard.end.value == .finished)
    }

    /// Files and names that are wrong end it before the first step, and the stream with it.
    @Test(arguments: ["ca", "certificate", "key", "password", "zero", "nameless"])
    func whatIsWrongBeforehand(what: String) async throws {
        let (ours, theirs) = MemoryStream.pair()
        let heard = Heard()
        theirs.start(heard)
        var configuration = try await Certificates.made().client
        switch what {
        case "ca": configuration.caCertificateFile = "/no"
        case "certificate": configuration.certificateFile = "/no"
        case "key": configuration.keyFile = "/no"
        case "password": configuration.keyPassword = "secret"
        case "zero": configuration.serverName = "localhost\0.example"
        default: configuration.serverName = ""
        }
        let error = await failure(ours, configuration, ManualTime())
        #expect(error?.kind == .file, "\(String(describing: error))")
        guard case .reset = await heard.end.value else { return #expect(Bool(false), "no reset") }
    }

    /// A pipe that nobody writes to: the time for the handshake ends that too.
    @Test func aFileThatCannotBeReadToItsEnd() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "pipe-\(UUID().uuidString)").path()
        try #require(mkfifo(path, 0o600) == 0)
        let (ours, theirs) = MemoryStream.pair()
        let heard = Heard()
        theirs.start(heard)
        var piped = TLSConfiguration()
        piped.caCertificateFile = path
        let (configuration, time) = (piped, ManualTime())
        async let error = failure(ours, configuration, time)
        try await until { time.nextDue != nil }
        time.advance(by: 2_000)
        #expect(await error?.kind == .timedOut)
        // Lets go of the thread that reads, or is about to.
        let pipe = open(path, O_RDWR)
        unlink(path)
        close(pipe)
        guard case .reset = await heard.end.value else { return #expect(Bool(false), "no reset") }
    }

    @Test func aBrokerWithoutTLS() async throws {
        let (ours, theirs) = MemoryStream.pair()
        theirs.start(Heard())
        let configuration = try await Certificates.made().client
        theirs.send("AMQP\0\0\u{9}\u{1}")
        let error = await failure(ours, configuration, ManualTime())
        #expect(error?.text == "The broker speaks AMQP without TLS at this port")
        #expect(error?.nextStep.contains("5671") == true)
    }

    private func failure(
        _ stream: any ByteStream, _ configuration: TLSConfiguration, _ time: any TimeSource
    ) async -> TLSError? {
        await outcome {
            try await TLSStream.connect(
                over: stream, configuration, host: "localhost", milliseconds: 2_000, time: time)
        }.failure as? TLSError
    }
}

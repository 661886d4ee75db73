import AMQPTransport
import Foundation
import Synchronization
import TestSupport
import Testing

/// `workbook play STEP --browser`.
@Suite(.watched) struct PlayInBrowserTests {
    @Test func theStepBeginsWhenThePageIsOpenAndStaysUntilCtrlC() async throws {
        let variables = ["WORKBOOK_NO_BUILD": "1", "DISPLAY": "", "WAYLAND_DISPLAY": ""]
        try await onStage(.any) { stage in
            let words = ["play", "hello", "--browser"]
            let play = try await stage.startReady("workbook", words: words, environment: variables)
            let port = try #require(play.lines.first?.firstMatch(of: /http:\/\/localhost:(\d+)\//)?.1)
            let stream = try await TCPStream.connect(
                host: "localhost", port: #require(Int(port)), timeoutMilliseconds: 60_000)
            let seen = Seen()
            stream.start(seen)
            let login = Data("guest:guest".utf8).base64EncodedString()
            let request = "GET /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic \(login)\r\n\r\n"
            stream.send(Array(request.utf8).span.bytes)
            try await stage.wait("the play is over") {
                play.hasEnded || play.lines.last?.hasPrefix(" [*] That was all.") == true
            }
            #expect(play.lines.contains { $0.hasSuffix(" [x] Received '2 Hello World!'") }, "\(play.account)")
            // What has passed is told, and who waits is still there.
            try await until { play.hasEnded || seen.text.contains("\"n\":2,") }
            #expect(seen.text.contains("\"name\":\"hello\"") && seen.text.contains("\"consumers\":1,"))
            play.signal(SIGINT)
            try await stage.wait("its end") { play.hasEnded }
            #expect(play.output.status == 0, "\(play.account)")
            try await until { seen.hasEnded }
        }
    }

    @Test func aBrokerElsewhereHasItsOwnPage() async throws {
        let words = ["play", "hello", "--browser", "--broker", "amqp://localhost"]
        let output = try await Stage(uri: "").run("workbook", words: words, status: 64)
        #expect(output.errors.first?.contains("--browser") == true)
    }
}

private final class Seen: ByteStreamReceiver {
    private let state = Mutex((octets: [UInt8](), hasEnded: false))
    var text: String { state.withLock { String(decoding: $0.octets, as: UTF8.self) } }
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    func streamReceived(_ bytes: RawSpan) {
        let octets = bytes.withUnsafeBytes { Array($0) }
        state.withLock { $0.octets += octets }
    }
    func streamDrained() {}
    func streamEnded(_ end: StreamEnd) { state.withLock { $0.hasEnded = true } }
}

import AMQPTransport
import BrokerServer
import Foundation
import Synchronization
import TestSupport
import Testing
import WorkbookSite

@testable import workbook

/// `workbook site --serve`.
@Suite(.watched) struct SiteServerTests {
    private static let site = Result {
        try Site(
            root: Repository.root,
            chapters: Chapter.all.map { ChapterPage(number: $0.number, step: $0.step, path: $0.page) })
    }

    private static func request(_ line: String, host: String = "localhost:8000") throws -> HTTPRequest {
        var reader = HTTPRequestReader()
        reader.append(Array("\(line) HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8))
        return try #require(try reader.next())
    }

    @Test func pagesAndNothingElse() throws {
        let server = SiteServer(try Self.site.get()) { [] }
        func answer(_ line: String) throws -> HTTPResponse { server.answer(try Self.request(line)) }
        #expect(try answer("GET /index.html").plain?.type == "text/html; charset=utf-8")
        #expect(try answer("GET /search.js").plain?.type == "text/javascript; charset=utf-8")
        #expect(try answer("GET /").headers.first?.value == "/index.html")
        #expect(try answer("GET /Tutorials/01-hello").headers.first?.value == "/Tutorials/01-hello/index.html")
        for path in ["/nothing", "/../Package.swift", "/..%2FPackage.swift", "/Package.swift", "/.git/config"] {
            #expect(try answer("GET \(path)").status == 404, "\(path)")
        }
        #expect(try answer("POST /index.html").status == 405)
    }

    /// A page whose name leads here (DNS rebinding) reads neither the book nor what its reader has done. Which names are meant:
    /// `RightsTests` of the broker, whose listing port has the same check.
    @Test(arguments: ["evil.example", "evil.example:8000", "h", "localhost.evil.example", ""])
    func aPageWhoseNameLeadsHereReadsNothing(host: String) throws {
        let server = SiteServer(try Self.site.get()) {
            Issue.record("what the reader has done was asked for")
            return []
        }
        for line in ["GET /", "GET /contents.html", "HEAD /index.html", "GET /nothing", "POST /index.html"] {
            let answer = server.answer(try Self.request(line, host: host))
            #expect(answer.status == 421, "\(line)")
            #expect(answer.body?.text.contains("not to '\(host)'") == true)
            #expect(answer.body?.text.contains("--management-host") == false, "an option of another program")
        }
    }

    @Test(arguments: ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000"])
    func itAnswersByItsOwnNames(host: String) throws {
        let server = SiteServer(try Self.site.get()) { [] }
        #expect(server.answer(try Self.request("GET /contents.html", host: host)).status == 200)
    }

    @Test func theContentsAreTheReadersOwnAtEachRequest() throws {
        let done = Mutex(["play 1"])
        let server = SiteServer(try Self.site.get()) { done.withLock { $0 } }
        func contents() throws -> String {
            server.answer(try Self.request("GET /contents.html")).plain?.text ?? ""
        }
        #expect(try contents().contains("You have done 1 of "))
        done.withLock { $0 += ["check 1.1", "guess two-consumers 1 right", "start 1"] }
        #expect(try contents().contains("You have done 2 of "))
        #expect(try contents().contains("<li class=\"done\">exercise 1.1 "))
    }

    private final class Heard: ByteStreamReceiver {
        private let state = Mutex((octets: [UInt8](), end: CheckedContinuation<String, Never>?.none, isOver: false))

        func streamReceived(_ bytes: RawSpan) {
            let octets = bytes.withUnsafeBytes { Array($0) }
            state.withLock { $0.octets += octets }
        }
        func streamDrained() {}
        func streamEnded(_ end: StreamEnd) {
            let (waiting, text) = state.withLock { state in
                state.isOver = true
                return (state.end, String(decoding: state.octets, as: UTF8.self))
            }
            waiting?.resume(returning: text)
        }

        func untilEnd() async -> String {
            await withCheckedContinuation { continuation in
                let text = state.withLock { state -> String? in
                    if state.isOver { return String(decoding: state.octets, as: UTF8.self) }
                    state.end = continuation
                    return nil
                }
                if let text { continuation.resume(returning: text) }
            }
        }
    }

    @Test func anAnswerOverTCPAndTheEnd() async throws {
        let listener = try SiteServer(try Self.site.get()) { [] }.listen(port: 0)
        defer { listener.close() }
        for (request, answer) in [
            ("GET /search.js HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\n"),
            ("GET /search.js HTTP/1.1\r\nHost: evil.example\r\n\r\n", "HTTP/1.1 421 Misdirected Request\r\n"),
            ("GET nowhere\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"),
        ] {
            let stream = try await TCPStream.connect(
                host: "localhost", port: listener.port, timeoutMilliseconds: 20_000)
            let heard = Heard()
            stream.start(heard)
            stream.send(Array(request.utf8).span.bytes)
            let text = await heard.untilEnd()
            #expect(text.hasPrefix(answer) && text.contains("connection: close"))
            #expect(text.matches(of: #/HTTP/1\.1 /#).count == 1, "one answer")
        }
    }
}

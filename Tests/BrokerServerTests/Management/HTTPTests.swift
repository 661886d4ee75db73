import TestSupport
import Testing

@testable import BrokerServer

@Suite struct HTTPTests {
    private func requests(_ text: String) throws -> [HTTPRequest] {
        var reader = HTTPRequestReader()
        reader.append(Array(text.utf8))
        var requests: [HTTPRequest] = []
        while let request = try reader.next() { requests.append(request) }
        return requests
    }

    private func status(_ text: String) -> Int? {
        do {
            _ = try requests(text)
            return nil
        } catch {
            return (error as? HTTPError)?.status
        }
    }

    private let plain =
        "GET /api/queues/%2F/a%20b?columns=name,messages&x=%26+%2B&y HTTP/1.1\r\nHost: h\r\nA-b:  c \r\n\r\n"

    @Test func theParts() throws {
        let request = try #require(try requests(plain).first)
        #expect(request.method == "GET")
        #expect(request.path == ["api", "queues", "/", "a b"])
        #expect(request.parameter("columns") == "name,messages")
        #expect(request.parameter("x") == "& +")
        #expect(request.parameter("y") == "")
        #expect(request.parameter("z") == nil)
        #expect(request.header("a-b") == "c")
        #expect(request.keepsAlive)
    }

    @Test func anySlicing() throws {
        let text = Array((plain + "GET / HTTP/1.0\r\n\r\n" + plain).utf8)
        let expected = try requests(String(decoding: text, as: UTF8.self))
        #expect(expected.count == 3)
        for size in [1, 2, 3, 7, 50] {
            var reader = HTTPRequestReader()
            var found: [HTTPRequest] = []
            for start in stride(from: 0, to: text.count, by: size) {
                reader.append(Array(text[start..<min(start + size, text.count)]))
                while let request = try reader.next() { found.append(request) }
            }
            #expect(found == expected, "\(size) at a time")
            #expect(reader.pendingCount == 0)
        }
    }

    @Test(arguments: [
        ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false),
        ("HTTP/1.1", "Connection: x, Close\r\n", false), ("HTTP/1.0", "", false),
        ("HTTP/1.0", "Connection: Keep-Alive\r\n", true),
    ])
    func keepingAlive(_ version: String, _ header: String, _ expected: Bool) throws {
        let request = try requests("GET / \(version)\r\nHost: h\r\n\(header)\r\n").first
        #expect(request?.keepsAlive == expected)
        #expect(request?.path == [])
    }

    @Test(arguments: [
        (400, "GET\r\n\r\n"), (400, "GET /\r\n\r\n"), (400, "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"),
        (400, "GET / HTTP/1.1 \r\nHost: h\r\n\r\n"), (400, " GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        (400, "GET api HTTP/1.1\r\nHost: h\r\n\r\n"), (400, "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n"),
        (400, "G(T / HTTP/1.1\r\nHost: h\r\n\r\n"), (400, "GET /\u{7F} HTTP/1.1\r\nHost: h\r\n\r\n"),
        (400, "GET /ä HTTP/1.1\r\nHost: h\r\n\r\n"), (400, "AMQP\u{0}\u{0}\u{9}\u{1}\r\n\r\n"),
        (505, "GET / HTTP/2.0\r\nHost: h\r\n\r\n"), (400, "GET / http/1.1\r\nHost: h\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\n\r\n"), (400, "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost : h\r\n\r\n"), (400, "GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n"), (400, "GET / HTTP/1.1\r\nHost: h\r\nnothing\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\u{0}b\r\n\r\n"), (400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n"),
        (400, "GET / HTTP/1.1\nHost: h\r\n\r\n"), (400, "GET /%2 HTTP/1.1\r\nHost: h\r\n\r\n"),
        (400, "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n"), (413, "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"),
        (400, "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n"),
        (413, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
        (501, "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ])
    func whatIsRefused(_ expected: Int, _ text: String) { #expect(status(text) == expected, "\(text)") }

    @Test func whatIsTooLong() {
        #expect(status("GET /" + String(repeating: "a", count: 9000)) == 414)
        #expect(status("GET /" + String(repeating: "a", count: 9000) + " HTTP/1.1\r\nHost: h\r\n\r\n") == 414)
        let header = "X: " + String(repeating: "a", count: 1000) + "\r\n"
        #expect(status("GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: header, count: 17)) == 431)
        #expect(status("GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: header, count: 17) + "\r\n") == 431)
        #expect(status("GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "X: a\r\n", count: 64) + "\r\n") == 431)
        #expect(status("GET / HTTP/1.1\r\nHost: h\r\n" + String(repeating: "X: a\r\n", count: 63) + "\r\n") == nil)
    }

    /// Whatever comes: requests, or one refusal, or a wait for more that has an end.
    @Test func randomAndSpoiledInput() {
        var random = SeededGenerator(seed: 2)
        let text = Array(plain.utf8)
        var (refused, read) = (0, 0)
        for round in 0..<20_000 {
            var octets = round % 2 == 0 ? text : (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                octets[Int.random(in: 0..<octets.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Int.random(in: 0..<4, using: &random) == 0 {
                octets.removeLast(Int.random(in: 0..<octets.count, using: &random))
            }
            var reader = HTTPRequestReader()
            do throws(HTTPError) {
                for _ in 0..<3 {
                    reader.append(octets)
                    while try reader.next() != nil { read += 1 }
                }
            } catch {
                refused += 1
                #expect((400...505).contains(error.status))
            }
        }
        #expect(refused > 1000)
        #expect(read > 1000)
    }

    @Test func nothingMakesTheReaderKeepMoreThanAHead() {
        var reader = HTTPRequestReader()
        var kept = 0
        do throws(HTTPError) {
            while kept < 1 << 20 {
                reader.append(Array("\nx: y\r".utf8))
                _ = try reader.next()
                kept = reader.pendingCount
            }
        } catch {
            #expect(error.status == 431)
        }
        #expect(kept <= HTTPRequestReader.longestHead)
    }

    // MARK: Responses

    private func result(_ text: String, atEnd: Bool = false) throws -> HTTPResponseReader.Result? {
        var reader = HTTPResponseReader()
        try reader.append(Array(text.utf8).span.bytes)
        return try reader.result(atEnd: atEnd)
    }

    @Test func ourResponsesAreRead() throws {
        var response = HTTPResponse(200, ["a": 1])
        response.headers.append(("x", "y"))
        let octets = response.octets(keepsAlive: true)
        for count in 0..<octets.count {
            #expect(try result(String(decoding: octets.prefix(count), as: UTF8.self)) == nil)
        }
        let whole = try result(String(decoding: octets, as: UTF8.self))
        #expect(whole?.status == 200)
        #expect(try JSON(whole?.body ?? []) == ["a": 1])
        #expect(response.octets(keepsAlive: true, withBody: false).count == octets.count - 7)
    }

    @Test func chunksAndStreamsWithoutALength() throws {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(try result(head + "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n")?.body == Array("abc0123456789".utf8))
        #expect(try result(head + "3\r\nab") == nil)
        #expect(try result("HTTP/1.0 200 OK\r\n\r\nabc") == nil)
        #expect(try result("HTTP/1.0 200 OK\r\n\r\nabc", atEnd: true)?.body == Array("abc".utf8))
        for wrong in [
            "AMQP\u{0}\u{0}\u{9}\u{1}", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", head + "3\r\nab",
            head + "zz\r\n", "HTTP/1.1 999 X\r\n\r\n", "HTTP/1.1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "",
        ] {
            #expect(throws: HTTPResponseReader.Malformed.self, "\(wrong)") { try result(wrong, atEnd: true) }
        }
    }
}

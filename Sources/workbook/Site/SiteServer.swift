import AMQPTransport
import BrokerServer
import Foundation
import Platform
import Synchronization
import WorkbookSite

/// Serves the site from memory to browsers on this machine.
struct SiteServer: Sendable {
    private let site: Site
    private let pages: [String: String]
    /// Asked for at each request of the contents.
    private let done: @Sendable () -> [String]
    private let names = HostNames()

    init(_ site: Site, done: @escaping @Sendable () -> [String]) {
        self.site = site
        self.done = done
        pages = Dictionary(site.files.map { ($0.path, $0.text) }) { first, _ in first }
    }

    /// Serves until CTRL+C.
    static func run(_ site: Site, port: Int) -> Int32 {
        let signals = Signals([SIGINT, SIGTERM])
        let server = SiteServer(site, done: { Progress.done() })
        do throws(TransportError) {
            let listener = try server.listen(port: port)
            defer { listener.close() }
            say(" [*] The book is open at http://localhost:\(listener.port)/. To exit press CTRL+C")
            _ = signals.next()
            return 0
        } catch {
            complain("\(error). Choose another port: --port N, or 0 for any free one.")
            return 1
        }
    }

    /// Opens the port; 0 takes a free one.
    func listen(port: Int) throws(TransportError) -> TCPListener {
        let limit = ConnectionLimit(most: 64)
        return try TCPListener(host: "localhost", port: port, loop: .shared, limit: limit) { stream in
            stream.start(SiteSession(stream, self))
        }
    }

    func answer(_ request: HTTPRequest) -> HTTPResponse {
        // What a reader has done is nobody's affair whose page's name leads here.
        if let refusal = names.refusal(of: request) { return refusal }
        guard request.method == "GET" || request.method == "HEAD" else { return HTTPResponse(405) }
        let path = request.path.joined(separator: "/")
        if path == Site.contentsPath { return page(site.contents(SiteCommand.deeds(done: done())).text, path) }
        if let text = pages[path] { return page(text, path) }
        // A folder: the links on its page go from there.
        let index = path.isEmpty ? "index.html" : "\(path)/index.html"
        guard pages[index] != nil else {
            var response = HTTPResponse(404)
            response.plain = ("There is no such page. The book begins at /index.html\n", "text/plain; charset=utf-8")
            return response
        }
        var response = HTTPResponse(301)
        response.headers = [("location", "/\(index)")]
        response.plain = ("", "text/plain; charset=utf-8")
        return response
    }

    private func page(_ text: String, _ path: String) -> HTTPResponse {
        var response = HTTPResponse(200)
        response.plain = (text, "text/\(path.hasSuffix(".js") ? "javascript" : "html"); charset=utf-8")
        return response
    }
}

/// One connection, and one answer on it: a browser opens others, and nothing grows that a client could make grow.
final class SiteSession: ByteStreamReceiver {
    private struct State {
        var reader = HTTPRequestReader()
        var isAnswered = false
    }

    private let stream: any ByteStream
    private let server: SiteServer
    private let state = Mutex(State())

    init(_ stream: any ByteStream, _ server: SiteServer) { (self.stream, self.server) = (stream, server) }

    func streamReceived(_ bytes: RawSpan) {
        let octets = bytes.withUnsafeBytes { Array($0) }
        let answer = state.withLock { state -> [UInt8]? in
            if state.isAnswered { return nil }
            state.reader.append(octets)
            do throws(HTTPError) {
                guard let request = try state.reader.next() else { return nil }
                state.isAnswered = true
                return server.answer(request).octets(keepsAlive: false, withBody: request.method != "HEAD")
            } catch {
                state.isAnswered = true
                return HTTPResponse(error.status).octets(keepsAlive: false)
            }
        }
        guard let answer else { return }
        stream.send(answer.span.bytes)
        stream.close()
    }

    func streamDrained() {}
    func streamEnded(_ end: StreamEnd) {}
}

import AMQPWire

/// A request for one of the listings, or for a page.
package struct HTTPRequest: Equatable {
    package var method: String
    /// The path's segments, decoded: `/api/queues/%2F` is `api`, `queues`, `/`.
    package var path: [String]
    /// The query's parameters, decoded, in their order.
    var query: [(name: String, value: String)]
    /// Names in lower case.
    var headers: [(name: String, value: String)]
    /// Whether the connection stays open for another request.
    var keepsAlive: Bool
    var body: [UInt8] = []

    /// The first parameter of that name.
    func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The only header of that name; nil also when there are several.
    func header(_ name: String) -> String? {
        let values = headers.filter { $0.name == name }
        return values.count == 1 ? values[0].value : nil
    }

    /// A page from elsewhere has sent it. A browser adds the name and the password that its user has given for this address,
    /// whichever page it is, and says whose page it is.
    var isOfAnotherSite: Bool {
        let own = header("host")?.lowercased() ?? ""
        return headers.contains { name, value in
            name == "origin" && !["http://", "https://"].contains { value.lowercased() == $0 + own }
        }
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.method == right.method && left.path == right.path && left.keepsAlive == right.keepsAlive
            && left.body == right.body
            && left.query.elementsEqual(right.query, by: ==) && left.headers.elementsEqual(right.headers, by: ==)
    }
}

/// A request that can't be answered; the connection is closed behind the status.
package struct HTTPError: Error, Equatable {
    package var status: Int
    package var reason: String

    init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }
}

/// Takes requests out of what a client sends (RFC 9112), in any slicing. Strict: what RFC 9112 lets a server tolerate
/// is refused, since that is where two readers of one request come to disagree.
package struct HTTPRequestReader: Sendable {
    /// Octets of the request line.
    static let longestLine = 8192
    /// Octets of request line and headers together.
    static let longestHead = 16_384
    static let mostHeaders = 64
    /// Octets of a body: definitions of some ten thousand queues.
    static let longestBody = 8 << 20

    private var buffer: [UInt8] = []
    /// Where to go on looking for the end of the head.
    private var searched = 0
    /// A request whose body has not come yet, and how long that is.
    private var awaited: (request: HTTPRequest, count: Int)?

    package init() {}

    /// Octets that have to come for the current request to be whole.
    var awaitedCount: Int { awaited?.count ?? 0 }

    /// The head of the current request, whose body has not come yet.
    var awaitedHead: HTTPRequest? { awaited?.request }

    /// Octets that no request has taken yet.
    var pendingCount: Int { buffer.count }

    package mutating func append(_ octets: [UInt8]) { buffer += octets }

    /// The next complete request; nil: more has to come.
    package mutating func next() throws(HTTPError) -> HTTPRequest? {
        if awaited != nil { return takeAwaited() }
        // A client may end its last request with one more line break than it should (RFC 9112, 2.2).
        if searched == 0, buffer.starts(with: [0x0D, 0x0A]) { buffer.removeFirst(2) }
        guard let end = endOfHead() else {
            if buffer.count > Self.longestHead { throw HTTPError(431, "the head of a request is too long") }
            if buffer.count > Self.longestLine, !buffer.prefix(Self.longestLine).contains(0x0A) {
                throw HTTPError(414, "the request line is too long")
            }
            return nil
        }
        guard end <= Self.longestHead else { throw HTTPError(431, "the head of a request is too long") }
        let head = buffer[..<end]
        let (request, length) = try Self.request(head)
        buffer.removeFirst(end + 4)
        searched = 0
        awaited = (request, length)
        return takeAwaited()
    }

    private mutating func takeAwaited() -> HTTPRequest? {
        guard let awaited, buffer.count >= awaited.count else { return nil }
        var request = awaited.request
        request.body = Array(buffer.prefix(awaited.count))
        buffer.removeFirst(awaited.count)
        self.awaited = nil
        return request
    }

    /// Where the empty line begins that ends a head.
    private mutating func endOfHead() -> Int? {
        var at = searched
        while at + 4 <= buffer.count {
            if buffer[at] == 0x0D, buffer[at + 1] == 0x0A, buffer[at + 2] == 0x0D, buffer[at + 3] == 0x0A { return at }
            at += 1
        }
        searched = max(0, buffer.count - 3)
        return nil
    }

    private static func request(
        _ head: ArraySlice<UInt8>
    ) throws(HTTPError) -> (HTTPRequest, bodyLength: Int) {
        var lines: [ArraySlice<UInt8>] = []
        var start = head.startIndex
        for index in head.indices where head[index] == 0x0A || head[index] == 0x0D {
            guard head[index] == 0x0D else {
                guard index > head.startIndex, head[index - 1] == 0x0D else { throw HTTPError(400, "a bare line feed") }
                continue
            }
            guard index + 1 < head.endIndex, head[index + 1] == 0x0A else {
                throw HTTPError(400, "a bare carriage return")
            }
            lines.append(head[start..<index])
            start = index + 2
        }
        lines.append(head[start...])
        guard lines.count <= mostHeaders + 1 else { throw HTTPError(431, "too many headers") }
        let (method, target, isHTTP11) = try requestLine(lines[0])
        var headers: [(name: String, value: String)] = []
        for line in lines.dropFirst() { headers.append(try header(line)) }
        let length = try bodyLength(headers, isAllowed: !["GET", "HEAD"].contains(method))
        let hosts = headers.count { $0.name == "host" }
        guard hosts == 1 || hosts == 0 && !isHTTP11 else { throw HTTPError(400, "not exactly one Host") }
        let connection = headers.filter { $0.name == "connection" }
            .flatMap { $0.value.split(separator: ",") }
            .map { $0.lowercased().filter { $0 != " " && $0 != "\t" } }
        let (path, query) = try split(target)
        let request = HTTPRequest(
            method: method, path: path, query: query, headers: headers,
            keepsAlive: isHTTP11 ? !connection.contains("close") : connection.contains("keep-alive"))
        return (request, length)
    }

    private static func requestLine(
        _ line: ArraySlice<UInt8>
    ) throws(HTTPError) -> (method: String, target: ArraySlice<UInt8>, isHTTP11: Bool) {
        guard line.count <= longestLine else { throw HTTPError(414, "the request line is too long") }
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, parts[0].count <= 32, parts[0].allSatisfy(isTokenCharacter),
            parts[1].first == UInt8(ascii: "/"), parts[1].allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw HTTPError(400, "not a request line") }
        let method = String(decoding: parts[0], as: UTF8.self)
        switch String(decoding: parts[2], as: UTF8.self) {
        case "HTTP/1.1": return (method, parts[1], true)
        case "HTTP/1.0": return (method, parts[1], false)
        case let version where version.hasPrefix("HTTP/"): throw HTTPError(505, "only HTTP/1.1 is spoken here")
        default: throw HTTPError(400, "not a request line")
        }
    }

    private static func header(_ line: ArraySlice<UInt8>) throws(HTTPError) -> (name: String, value: String) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy(isTokenCharacter)
        else { throw HTTPError(400, "not a header") }
        var value = line[(colon + 1)...]
        while let first = value.first, first == 0x20 || first == 0x09 { value = value.dropFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value = value.dropLast() }
        guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw HTTPError(400, "a control character in a header")
        }
        return (String(decoding: line[..<colon], as: UTF8.self).lowercased(), String(decoding: value, as: UTF8.self))
    }

    /// What is listed is asked for without a body, and whoever sends one wants something else.
    private static func bodyLength(
        _ headers: [(name: String, value: String)], isAllowed: Bool
    ) throws(HTTPError) -> Int {
        if headers.contains(where: { $0.name == "transfer-encoding" }) {
            throw HTTPError(501, "a request's body needs a Content-Length here")
        }
        let lengths = headers.filter { $0.name == "content-length" }.map(\.value)
        guard lengths.count <= 1 else { throw HTTPError(400, "more than one Content-Length") }
        guard let text = lengths.first else { return 0 }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw HTTPError(400, "a Content-Length that is not a number")
        }
        guard let length = Int(text), length <= longestBody else { throw HTTPError(413, "the body is too long") }
        guard length == 0 || isAllowed else { throw HTTPError(413, "requests for lists have no body here") }
        return length
    }

    private static func isTokenCharacter(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(octet)
        }
    }

    // MARK: The target

    private static func split(
        _ target: ArraySlice<UInt8>
    ) throws(HTTPError) -> (path: [String], query: [(name: String, value: String)]) {
        let parts = target.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        var path: [String] = []
        for segment in parts[0].dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            path.append(try decoded(segment, plusIsSpace: false))
        }
        // A slash at the end changes nothing.
        if path.last == "" { path.removeLast() }
        var query: [(name: String, value: String)] = []
        for parameter in parts.count > 1 ? parts[1].split(separator: UInt8(ascii: "&")) : [] {
            let pair = parameter.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            query.append(
                (
                    try decoded(pair[0], plusIsSpace: true),
                    pair.count > 1 ? try decoded(pair[1], plusIsSpace: true) : ""
                ))
        }
        return (path, query)
    }

    private static func decoded(_ octets: ArraySlice<UInt8>, plusIsSpace: Bool) throws(HTTPError) -> String {
        guard let text = PercentCoding.decode(octets, plusIsSpace: plusIsSpace) else {
            throw HTTPError(400, "a '%' without two hexadecimal digits")
        }
        return String(decoding: text, as: UTF8.self)
    }
}

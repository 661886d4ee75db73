/// Takes one response out of what a server sends, for ``HTTPResponseReader/result`` once all of it is there.
struct HTTPResponseReader: Sendable {
    /// What came back.
    struct Result: Sendable, Equatable {
        var status: Int
        var body: [UInt8]
    }

    /// Why it is not one that can be read.
    struct Malformed: Error, Equatable, CustomStringConvertible {
        var reason: String
        var description: String { "not an HTTP response: \(reason)" }
    }

    /// Octets of a whole response.
    static let longest = 1 << 28

    private var buffer: [UInt8] = []

    init() {}

    /// Adds what has come. Throws when it is too much.
    mutating func append(_ octets: RawSpan) throws(Malformed) {
        octets.withUnsafeBytes { buffer.append(contentsOf: $0) }
        if buffer.count > Self.longest { throw Malformed(reason: "it is too long") }
    }

    /// The response once it is complete; nil before.
    ///
    /// - Parameter atEnd: the server has closed the stream, which completes a response that doesn't give its length.
    func result(atEnd: Bool) throws(Malformed) -> Result? {
        guard let end = Self.find([0x0D, 0x0A, 0x0D, 0x0A], in: buffer[...]) else {
            if atEnd || buffer.count > HTTPRequestReader.longestHead { throw Malformed(reason: "it has no head") }
            return nil
        }
        let lines = String(decoding: buffer[..<end], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]), (200...599).contains(status)
        else { throw Malformed(reason: "its first line is not a status line") }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw Malformed(reason: "a line is not a header") }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].filter { $0 != " " }
        }
        let rest = buffer[(end + 4)...]
        if headers["transfer-encoding"]?.lowercased() == "chunked" {
            guard let body = try Self.unchunked(rest) else {
                if atEnd { throw Malformed(reason: "it ends too early") }
                return nil
            }
            return Result(status: status, body: body)
        }
        guard let text = headers["content-length"] else {
            return atEnd ? Result(status: status, body: Array(rest)) : nil
        }
        guard let length = Int(text), (0...Self.longest).contains(length) else {
            throw Malformed(reason: "its length is not a number")
        }
        guard rest.count >= length else {
            if atEnd { throw Malformed(reason: "it ends too early") }
            return nil
        }
        return Result(status: status, body: Array(rest.prefix(length)))
    }

    /// The chunks' content (RFC 9112, 7.1); nil while the last is not there.
    private static func unchunked(_ octets: ArraySlice<UInt8>) throws(Malformed) -> [UInt8]? {
        var (rest, body) = (octets, [UInt8]())
        while let end = find([0x0D, 0x0A], in: rest) {
            let size = String(decoding: rest[..<end], as: UTF8.self).prefix { $0 != ";" }.filter { $0 != " " }
            guard let count = Int(size, radix: 16), (0...longest).contains(count) else {
                throw Malformed(reason: "a chunk's size is not a number")
            }
            if count == 0 { return body }
            rest = rest[(end + 2)...]
            guard rest.count >= count + 2 else { return nil }
            body += rest.prefix(count)
            rest = rest.dropFirst(count + 2)
        }
        return nil
    }

    private static func find(_ pattern: [UInt8], in octets: ArraySlice<UInt8>) -> Int? {
        guard octets.count >= pattern.count else { return nil }
        return (octets.startIndex...(octets.endIndex - pattern.count)).first { octets[$0...].starts(with: pattern) }
    }
}

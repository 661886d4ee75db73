import AMQPWire

/// Where a listing API is, from `http://USER:PASSWORD@HOST:PORT/PREFIX`.
public struct ManagementURL: Sendable, Equatable {
    /// What is wrong with an address, as a part of a sentence.
    public struct Malformed: Error, Equatable, CustomStringConvertible {
        public let reason: String
        public var description: String { reason }
    }

    public private(set) var user = "guest"
    public private(set) var password = "guest"
    public private(set) var host = "localhost"
    public private(set) var port = 15672
    /// What stands before `/api`, without a slash at its end.
    public private(set) var prefix = ""

    public init(_ text: String) throws(Malformed) {
        guard text.hasPrefix("http://") else {
            throw Malformed(reason: "the address of a listing API begins with http:// (https is not spoken here)")
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
                throw Malformed(reason: "the port of a listing API's address is not a number from 1 to 65535")
            }
            self.port = port
            rest = rest[..<colon]
        }
        host = rest.filter { $0 != "[" && $0 != "]" }
        guard !host.isEmpty, (host + prefix).utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Malformed(reason: "the address of a listing API is http://USER:PASSWORD@HOST:PORT")
        }
    }

    /// As it may be shown: without the password.
    public var text: String { "http://\(authority)\(prefix)" }

    /// What is sent there doesn't leave this machine.
    public var isLoopback: Bool { HostNames().accept(authority) }

    /// Host and port, as they stand in an address and in `Host`.
    var authority: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    private static func decoded(_ text: Substring) throws(Malformed) -> String {
        guard let decoded = PercentCoding.decode(text.utf8) else {
            throw Malformed(reason: "a '%' in the listing API's address is not followed by two hexadecimal digits")
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    /// A name as a segment of a path.
    public static func segment(_ name: String) -> String { PercentCoding.encode(segment: name) }
}

/// The names by which a port that speaks HTTP may be asked for something: the listing port, and that of a workbook's site.
///
/// A browser keeps pages of other sites from reading what this port answers, and tells sites apart by their names. But what
/// address a name has, its owner says: a page of `evil.example` whose name leads to 127.0.0.1 a moment later (DNS rebinding)
/// is of one site with this port, for the browser, and may read the API and the live page. That there is a login is no
/// help where the password is guest's. The name is in the request's `Host`, which no page can forge.
///
/// RabbitMQ's management plugin (seen on 3.10.8 and 4.3.6) doesn't look at the name: it answers any that is well-formed, and
/// a `PUT` of such a page too, for its `Origin` equals its `Host` then.
package struct HostNames: Sendable {
    private let names: Set<String>

    /// - Parameter names: those beside loopback's: of a proxy, say, that passes them on.
    package init(_ names: [String] = []) { self.names = Set(names.map { Self.name(of: $0) ?? $0.lowercased() }) }

    /// nil: no `Host`. A browser sends one always; a client that speaks HTTP/1.0 need not.
    func accept(_ host: String?) -> Bool {
        guard let host else { return true }
        guard let name = Self.name(of: host) else { return false }
        return name == "localhost" || name == "::1" || Self.isLoopback(name) || names.contains(name)
    }

    /// Without the port, in lower case; nil: not a host (RFC 9110, 7.2).
    private static func name(of host: String) -> String? {
        let host = host.lowercased()
        let (name, rest): (Substring, Substring)
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            (name, rest) = (host[host.index(after: host.startIndex)..<end], host[host.index(after: end)...])
        } else {
            let end = host.firstIndex(of: ":") ?? host.endIndex
            (name, rest) = (host[..<end], host[end...])
        }
        guard !name.isEmpty, rest.isEmpty || rest.first == ":" && rest.dropFirst().utf8.allSatisfy(isDigit) else {
            return nil
        }
        // The root's dot says that a name is complete.
        return String(name.last == "." ? name.dropLast() : name)
    }

    /// 127.0.0.0/8, as browsers write it.
    private static func isLoopback(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { $0.utf8.allSatisfy(isDigit) && UInt8($0) != nil }
    }

    private static func isDigit(_ octet: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet) }

    /// What a request by another name is told (RFC 9110, 15.5.20); nil: it is meant for this port.
    ///
    /// - Parameter advice: how to ask by another name all the same, if there is a way.
    package func refusal(of request: HTTPRequest, advice: String = "") -> HTTPResponse? {
        let host = request.header("host")
        if accept(host) { return nil }
        let reason = "this port answers to localhost and to loopback addresses, not to '\(host ?? "")'"
        return .failure(421, "misdirected", advice.isEmpty ? reason : "\(reason); \(advice)")
    }
}
